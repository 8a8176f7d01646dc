//! Who is answered by text, and how often: a text costs money, and two machines could answer each other for ever.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use state::phone::Phone;

/// Replies to one number within [`WINDOW`].
pub(crate) const MAX_REPLIES: usize = 10;
/// Over how long replies are counted.
const WINDOW: Duration = Duration::from_secs(3600);

/// The rules of `sms` in the configuration, and the replies of the last hour.
#[derive(Debug, Default)]
pub(crate) struct SmsPolicy {
    /// `None` allows everyone.
    allowed: Option<Vec<Phone>>,
    replies: Mutex<HashMap<Phone, VecDeque<Instant>>>,
}

impl SmsPolicy {
    /// For these numbers only; `None` allows everyone.
    pub(crate) fn new(allowed: Option<Vec<Phone>>) -> Self {
        Self { allowed, replies: Mutex::default() }
    }

    /// Whether this number is answered at all.
    pub(crate) fn is_allowed(&self, phone: &Phone) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(phone))
    }

    /// Whether one more reply may go to this number now. Counts nothing.
    pub(crate) fn has_room(&self, phone: &Phone, now: Instant) -> bool {
        self.count(phone, now, false)
    }

    /// Counts one more reply to this number; false if that is one too many.
    pub(crate) fn take_room(&self, phone: &Phone, now: Instant) -> bool {
        self.count(phone, now, true)
    }

    fn count(&self, phone: &Phone, now: Instant, take: bool) -> bool {
        let mut replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |at: &Instant| now.saturating_duration_since(*at) < WINDOW;
        replies.retain(|_, times| {
            times.retain(is_recent);
            !times.is_empty()
        });
        let n_replies = replies.get(phone).map_or(0, VecDeque::len);
        if take && n_replies < MAX_REPLIES {
            replies.entry(phone.clone()).or_default().push_back(now);
        }
        n_replies < MAX_REPLIES
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_REPLIES, SmsPolicy, WINDOW};
    use state::phone::Phone;
    use std::time::Instant;

    #[test]
    fn ten_replies_an_hour_and_number() {
        let policy = SmsPolicy::default();
        let (one, other): (Phone, Phone) =
            ("+15551112222".parse().unwrap(), "+15551113333".parse().unwrap());
        let now = Instant::now();
        for _ in 0..MAX_REPLIES {
            assert!(policy.has_room(&one, now) && policy.take_room(&one, now));
        }
        assert!(!policy.take_room(&one, now) && policy.take_room(&other, now));
        assert!(policy.take_room(&one, now + WINDOW));
    }
}
