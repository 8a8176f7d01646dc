//! What is to be sent: frames of the moment, and answers that are kept until the service has them.
//!
//! An answer counts as delivered when a ping that was sent right after it has been answered: the protocol
//! has no receipt of its own (facts/server.md 2), and a ping overtakes nothing.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Frames of the moment beyond this are dropped: a flood of requests must not grow the memory.
const MAX_PASSING: usize = 1024;

/// An answer that is to be delivered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The request that it answers, as the journal names it.
    pub(crate) key: String,
    /// The frame.
    pub(crate) frame: String,
    /// Until when it is worth delivering.
    pub(crate) expires: Instant,
    /// How long we held the request on its way to the gateway, and since when we have held its answer:
    /// our share of the turn. `None` where no turn was made.
    pub(crate) held: Option<(Duration, Instant)>,
}

/// An answer that waits for its delivery.
#[derive(Debug)]
struct Kept {
    answer: Answer,
    /// The ping that its delivery hangs on, once it has been sent on the present connection.
    ping: Option<u64>,
}

/// The frames on their way out, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Frames of the moment (a greeting, a word of progress): sent once or, without a connection, never.
    passing: VecDeque<String>,
    /// Answers, each kept until it is delivered or no longer worth it.
    kept: VecDeque<Kept>,
    /// How many of `kept`, from the front, have been sent on the present connection.
    n_sent: usize,
    n_dropped: u64,
    shares: Vec<Duration>,
}

impl Outbox {
    /// Queues a frame that only makes sense now.
    pub(crate) fn pass(&mut self, frame: String) {
        if self.passing.len() < MAX_PASSING {
            self.passing.push_back(frame);
        } else {
            self.n_dropped += 1;
        }
    }

    /// Queues an answer.
    pub(crate) fn keep(&mut self, answer: Answer) {
        self.kept.push_back(Kept { answer, ping: None });
    }

    /// The next frame to send. Frames of the moment go first: they were queued before the answers that
    /// they lead up to.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Cow<'_, str>> {
        if let Some(frame) = self.passing.pop_front() {
            return Some(frame.into());
        }
        let Answer { frame, held, .. } = &mut self.kept.get_mut(self.n_sent)?.answer;
        self.n_sent += 1;
        if let Some((before, since)) = held.take() {
            self.shares.push(before + now.saturating_duration_since(since));
        }
        Some(frame.as_str().into())
    }

    /// Our shares of the turns whose answers were sent since the last call.
    pub(crate) fn take_shares(&mut self) -> Vec<Duration> {
        std::mem::take(&mut self.shares)
    }

    /// Whether answers were sent that no ping vouches for yet.
    pub(crate) fn wants_ping(&self) -> bool {
        self.n_sent > 0 && self.kept[self.n_sent - 1].ping.is_none()
    }

    /// A ping was sent: it vouches for everything sent before it.
    pub(crate) fn pinged(&mut self, number: u64) {
        for kept in self.kept.iter_mut().take(self.n_sent).rev() {
            if kept.ping.is_some() {
                break;
            }
            kept.ping = Some(number);
        }
    }

    /// A ping was answered: gives the keys of the answers that are thereby delivered.
    pub(crate) fn ponged(&mut self, number: u64) -> Vec<String> {
        let n_delivered = self
            .kept
            .iter()
            .take(self.n_sent)
            .take_while(|kept| kept.ping.is_some_and(|ping| ping <= number))
            .count();
        self.n_sent -= n_delivered;
        self.kept.drain(..n_delivered).map(|kept| kept.answer.key).collect()
    }

    /// The connection is gone: frames of the moment are dropped, answers go out again on the next one.
    /// Gives the number of frames dropped.
    pub(crate) fn disconnected(&mut self) -> usize {
        self.n_sent = 0;
        self.kept.iter_mut().for_each(|kept| kept.ping = None);
        let n_dropped = self.passing.len();
        self.passing.clear();
        n_dropped
    }

    /// Gives up answers that nobody waits for any more, and gives their keys.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<String> {
        let mut expired = Vec::new();
        let mut n_sent = self.n_sent;
        let mut place = 0;
        self.kept.retain_mut(|kept| {
            let is_sent = place < self.n_sent;
            place += 1;
            if kept.answer.expires > now {
                return true;
            }
            expired.push(std::mem::take(&mut kept.answer.key));
            n_sent -= usize::from(is_sent);
            false
        });
        self.n_sent = n_sent;
        expired
    }

    /// When the next answer expires.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.kept.iter().map(|kept| kept.answer.expires).min()
    }

    /// How many answers are not delivered yet.
    pub(crate) fn n_undelivered(&self) -> usize {
        self.kept.len()
    }

    /// Frames of the moment dropped so far because too many were waiting.
    pub(crate) fn n_dropped(&self) -> u64 {
        self.n_dropped
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Outbox};
    use std::borrow::Cow;
    use std::time::{Duration, Instant};

    fn answer(key: &str) -> Answer {
        let expires = Instant::now() + Duration::from_secs(100);
        Answer { key: key.to_owned(), frame: format!("answer {key}"), expires, held: None }
    }

    fn kept(keys: &[&str]) -> Outbox {
        let mut outbox = Outbox::default();
        for key in keys {
            outbox.keep(answer(key));
        }
        outbox
    }

    fn sent(outbox: &mut Outbox) -> Vec<String> {
        let now = Instant::now();
        std::iter::from_fn(|| outbox.next(now).map(Cow::into_owned)).collect()
    }

    #[test]
    fn an_answer_is_sent_once_per_connection_until_a_ping_vouches_for_it() {
        let mut outbox = kept(&["a", "b"]);
        assert_eq!(sent(&mut outbox), ["answer a", "answer b"]);
        assert!(outbox.wants_ping() && sent(&mut outbox).is_empty());
        outbox.disconnected();
        assert_eq!(sent(&mut outbox), ["answer a", "answer b"]);
        outbox.pinged(7);
        assert!(!outbox.wants_ping());
        assert_eq!(outbox.ponged(6), Vec::<String>::new());
        assert_eq!(outbox.ponged(7), ["a", "b"]);
        outbox.disconnected();
        assert!(sent(&mut outbox).is_empty());
    }

    #[test]
    fn a_ping_vouches_only_for_what_was_sent_before_it() {
        let mut outbox = kept(&["a"]);
        sent(&mut outbox);
        outbox.pinged(1);
        outbox.keep(answer("b"));
        assert_eq!(outbox.ponged(1), ["a"]);
        assert_eq!(sent(&mut outbox), ["answer b"]);
        outbox.pinged(2);
        assert_eq!(outbox.ponged(2), ["b"]);
    }

    #[test]
    fn an_expired_answer_is_never_sent() {
        let mut outbox = kept(&["a", "b"]);
        outbox.next(Instant::now());
        let later = Instant::now() + Duration::from_secs(101);
        assert_eq!(outbox.expire(later), ["a", "b"]);
        assert!(sent(&mut outbox).is_empty() && !outbox.wants_ping());
        assert_eq!(outbox.ponged(9), Vec::<String>::new());
    }

    #[test]
    fn frames_of_the_moment_do_not_outlive_their_connection() {
        let mut outbox = kept(&["a"]);
        outbox.pass("greeting".into());
        assert_eq!(outbox.disconnected(), 1);
        assert_eq!(sent(&mut outbox), ["answer a"]);
    }

    #[test]
    fn our_share_is_counted_once() {
        let mut outbox = Outbox::default();
        let now = Instant::now();
        let held = Some((Duration::from_millis(1), now));
        outbox.keep(Answer { held, ..answer("a") });
        outbox.next(now + Duration::from_millis(2));
        assert_eq!(outbox.take_shares(), [Duration::from_millis(3)]);
        outbox.disconnected();
        outbox.next(now + Duration::from_secs(9));
        assert!(outbox.take_shares().is_empty());
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut outbox = Outbox::default();
        (0..5000).for_each(|n| outbox.pass(n.to_string()));
        assert_eq!(outbox.passing.len() as u64 + outbox.n_dropped(), 5000);
        assert!(outbox.passing.len() <= super::MAX_PASSING);
    }
}
