//! Whose texts are answered at all: a reply costs money, and two machines could answer each other for ever.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use state::awaited_replies::{self, AwaitedReplies};
use state::file::FileVersion;
use state::phone::{AllowedNumbers, Phone};
use state::texted_numbers::{self, LastText, TextedNumbers};
use state::{exit, file, paths};

/// The rules of `sms` in the configuration, and whom we texted before.
#[derive(Debug, Default)]
pub(crate) struct SmsPolicy {
    /// `None` allows everyone.
    allowed: Option<Vec<Phone>>,
    /// Numbers that may be texted whatever our tables say.
    callable: AllowedNumbers,
    texted: Mutex<TextedCache>,
    awaited: Mutex<AwaitedCache>,
}

/// The numbers that we texted, as the file had them when it was read last.
#[derive(Debug, Default)]
struct TextedCache {
    version: Option<FileVersion>,
    numbers: TextedNumbers,
}

/// The numbers whose texts are a mission's, likewise.
#[derive(Debug, Default)]
struct AwaitedCache {
    version: Option<FileVersion>,
    numbers: AwaitedReplies,
}

impl SmsPolicy {
    /// For these numbers only, `None` allows everyone; `callable` may be texted whatever our tables say.
    pub(crate) fn new(allowed: Option<Vec<Phone>>, callable: AllowedNumbers) -> Self {
        Self { allowed, callable, ..Self::default() }
    }

    /// Whether this number gets a turn and a reply at all. Fails with the reason.
    pub(crate) fn check(&self, phone: &Phone) -> Result<(), String> {
        phone.ensure_callable(&self.callable).map_err(|fault| exit::one_line(&fault.into()))?;
        if self.allowed.as_ref().is_some_and(|allowed| !allowed.contains(phone)) {
            return Err("`sms.allow` does not name it".to_owned());
        }
        Ok(())
    }

    /// Whether we texted this number before, or the configuration names it. A file that cannot be read names nobody.
    pub(crate) fn is_known(&self, skill: &Path, phone: &Phone) -> bool {
        let is_named = self.allowed.as_ref().is_some_and(|allowed| allowed.contains(phone));
        is_named || self.last_text(skill, phone).is_some()
    }

    /// The last text that we sent to a number of our own accord.
    pub(crate) fn last_text(&self, skill: &Path, phone: &Phone) -> Option<LastText> {
        let mut texted = self.texted.lock().unwrap_or_else(PoisonError::into_inner);
        // Read again only when it has changed: in a flood there is no time for more.
        let version = file::version(&paths::texted_numbers(skill));
        if version != texted.version {
            texted.numbers = texted_numbers::load(skill).unwrap_or_default();
            texted.version = version;
        }
        texted.numbers.get(phone)
    }

    /// The mission that a text of this number belongs to: it reads the texts of those whom it asked. A file that cannot be
    /// read names nobody.
    pub(crate) fn mission_of(&self, skill: &Path, phone: &Phone, now: Timestamp) -> Option<String> {
        let mut awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
        let version = file::version(&paths::awaited_replies(skill));
        if version != awaited.version {
            awaited.numbers = awaited_replies::load(skill).unwrap_or_default();
            awaited.version = version;
        }
        awaited.numbers.mission_of(phone, now).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::SmsPolicy;

    #[test]
    fn numbers_that_cost_their_caller_get_no_turn() {
        let policy = SmsPolicy::default();
        for number in [
            "+19005551234",
            "+870773912345",
            "+881612345678",
            "+88213001234",
            "+88312345678",
            "+979112345678",
            "+999123456789",
            "+2101234567",
            "+449098790000",
        ] {
            assert!(policy.check(&number.parse().unwrap()).is_err(), "{number}");
        }
        assert_eq!(policy.check(&"+15551112222".parse().unwrap()), Ok(()));
    }
}
