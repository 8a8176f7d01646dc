//! What the gate asks about: a deed that it holds.

use std::time::{Duration, Instant};

use serde_json::Value;
use state::sanitize;

/// The longest action that fits into an approval together with what we add.
const LONGEST_ACTION: usize = 450;

/// A deed that the gate holds until it hears a word about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deed {
    /// The gate's id of it.
    pub(crate) id: String,
    /// What is about to be done, in one line that a person can judge; `None` if the gate could not say it in full.
    pub(crate) action: Option<String>,
    /// It makes something that will act later without asking.
    pub(crate) acts_later: bool,
    /// The phone's session that it belongs to, also where a sub-agent is about to do it.
    pub(crate) root: String,
    /// The run of the turn, if the gate knows it.
    pub(crate) run_id: String,
    /// Until when the gate waits for a word.
    pub(crate) until: Instant,
}

impl Deed {
    /// Reads one deed; `None` if it has no id.
    pub(super) fn read(deed: &Value, now: Instant) -> Option<Self> {
        let text = |key: &str| deed[key].as_str().unwrap_or_default();
        let id = text("id");
        if id.is_empty() || id.len() > 100 || !id.chars().all(|c| c.is_ascii_graphic()) {
            return None;
        }
        let action = sanitize::judgeable_line(text("action"));
        let fits = !action.is_empty() && action.chars().count() <= LONGEST_ACTION;
        let left = deed["leftMs"].as_u64().unwrap_or(0).min(600_000);
        Some(Self {
            id: id.to_owned(),
            action: fits.then_some(action),
            acts_later: deed["later"] == Value::Bool(true),
            root: sanitize::line_up_to(text("root"), 200),
            run_id: sanitize::line_up_to(text("runId"), 200),
            until: now + Duration::from_millis(left),
        })
    }
}

/// Why a deed is not let through; the gate has words for the agent for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotDone {
    /// The owner said no.
    Denied,
    /// The owner said no to another deed of the same turn.
    DeniedBefore,
    /// Nobody answered in time.
    Unanswered,
    /// Nobody could be asked.
    Unaskable,
    /// Too many were asked about.
    TooMany,
    /// What it is does not fit into a question.
    TooLong,
}

impl NotDone {
    /// The word for the gate.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::DeniedBefore => "denied_before",
            Self::Unanswered => "unanswered",
            Self::Unaskable => "unaskable",
            Self::TooMany => "too_many",
            Self::TooLong => "too_long",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Deed;
    use serde_json::json;
    use std::time::{Duration, Instant};

    #[test]
    fn what_does_not_fit_is_not_cut() {
        let now = Instant::now();
        let deed = |action: String| {
            let deed = json!({"id": "deed:1", "action": action, "leftMs": 1000, "later": true});
            Deed::read(&deed, now).unwrap()
        };
        let short = deed("run: rm -r\n~/Downloads".to_owned());
        assert_eq!(short.action.as_deref(), Some("run: rm -r / ~/Downloads"));
        assert_eq!((short.acts_later, short.until), (true, now + Duration::from_secs(1)));
        assert_eq!(deed("x".repeat(451)).action, None);
        assert_eq!(deed(String::new()).action, None);
        assert_eq!(Deed::read(&json!({"id": "a b"}), now), None);
        assert_eq!(Deed::read(&json!({"action": "x"}), now), None);
    }
}
