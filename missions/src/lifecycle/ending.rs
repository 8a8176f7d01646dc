//! What became of a scheduled call or text, read from the service's row in all its shapes and words.
//!
//! Busy and unanswered calls come as `completed` with a `call_status`, or as `failed`; rows come bare or under
//! `event`; words differ in spelling (facts/server.md 4.9, 5, 11). Words that we do not know wait, and end as
//! stuck in the end.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::words;

use super::look::Seen;

/// What has not ended by then never will: far beyond the longest call (facts/server.md 4.1 has 30 minutes).
pub(crate) const STUCK_AFTER: SignedDuration = SignedDuration::from_hours(2);

/// How long a call may have failed while its event goes on: the carrier may be trying again by itself.
const GRACE: SignedDuration = SignedDuration::from_mins(15);

/// Where an event stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Standing {
    /// Its time has not come, or nothing is known of a start.
    Waiting,
    /// Under way.
    Active(Seen),
    /// Nothing more comes of it.
    Ended(Outcome),
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// Answered and talked, or delivered.
    Succeeded,
    /// Nobody picked up.
    NoAnswer,
    /// The line was busy.
    Busy,
    /// Somebody called it off.
    Canceled,
    /// It could not be carried out; in the service's words.
    Failed(String),
    /// A machine took the call.
    Voicemail,
    /// It is no longer at the service.
    Gone,
    /// Long after its time nothing says how it ended: it may have been carried out.
    Stuck,
}

impl Outcome {
    /// In a few words, as in "the call to …: busy".
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Succeeded => "succeeded".to_owned(),
            Self::NoAnswer => "no answer".to_owned(),
            Self::Busy => "busy".to_owned(),
            Self::Canceled => "canceled".to_owned(),
            Self::Failed(why) if why.is_empty() => "failed".to_owned(),
            Self::Failed(why) => format!("failed ({why})"),
            Self::Voicemail => "voicemail".to_owned(),
            Self::Gone => "deleted at the service".to_owned(),
            Self::Stuck => "no end was ever reported".to_owned(),
        }
    }
}

/// What is read of a row here. A pass holds thousands of rows, and most of each is of no use to it.
const KEYS: [&str; 14] = [
    "event",
    "data",
    "status",
    "call_status",
    "conversation_id",
    "outcome",
    "call_outcome",
    "amd_result",
    "updated_at",
    "errors",
    "error",
    "failure_reason",
    "reason",
    "hangup_cause",
];

/// The part of a row that says all of it that is read here.
pub(crate) fn essence(row: Value) -> Value {
    let Value::Object(row) = row else { return row };
    let is_read = |(key, value): &(String, Value)| KEYS.contains(&&**key) && !value.is_null();
    row.into_iter().filter(is_read).collect::<Map<_, _>>().into()
}

/// Where the event of this row stands; `at` is when it was scheduled for.
pub(crate) fn of(row: &Value, at: Timestamp, now: Timestamp) -> Standing {
    let row = unwrapped(row);
    let call = word(row, "call_status");
    let said = outcome(row);
    match &*word(row, "status") {
        "completed" | "delivered" | "succeeded" => match (said, &*call) {
            (Some(said), _) => Standing::Ended(said),
            // An event that is over while its phone still rings: one of the two words is old.
            (None, "ringing" | "initiated" | "initiating" | "queued") => unfinished(row, at, now),
            (None, _) => Standing::Ended(Outcome::Succeeded),
        },
        "failed" | "error" | "delivery-failed" | "sending-failed" | "undelivered" => {
            let better = said.filter(|said| *said != Outcome::Succeeded);
            Standing::Ended(better.unwrap_or_else(|| Outcome::Failed(reason(row))))
        }
        "canceled" => Standing::Ended(Outcome::Canceled),
        "deleted" => Standing::Ended(Outcome::Gone),
        _ => match said {
            Some(Outcome::Succeeded) => Standing::Ended(Outcome::Succeeded),
            Some(failure) if is_quiet(row, at, now) => Standing::Ended(failure),
            _ => unfinished(row, at, now),
        },
    }
}

/// The conversation of an answered call.
pub(crate) fn conversation(row: &Value) -> Option<&str> {
    unwrapped(row)["conversation_id"].as_str().filter(|id| !id.trim().is_empty())
}

/// Whether nothing more comes of the event of this row, by the service's own word.
pub(crate) fn has_ended(row: &Value, at: Timestamp, now: Timestamp) -> bool {
    matches!(of(row, at, now), Standing::Ended(outcome) if outcome != Outcome::Stuck)
}

/// Whether the service says that an event waits for its time: nobody is being reached yet.
pub(crate) fn is_pending(row: &Value) -> bool {
    let row = unwrapped(row);
    let waits = matches!(&*word(row, "status"), "pending" | "scheduled" | "queued");
    waits && word(row, "call_status").is_empty()
}

/// An end as `outcome`, `call_status` and their kin tell it, whichever is the most precise.
fn outcome(row: &Value) -> Option<Outcome> {
    let keys = ["outcome", "call_outcome", "amd_result", "call_status"];
    keys.iter().find_map(|key| by_word(&word(row, key)))
}

/// An end by one word of the service's.
pub(crate) fn by_word(word: &str) -> Option<Outcome> {
    Some(match &*plain(word) {
        "completed" | "answered" => Outcome::Succeeded,
        "no-answer" | "noanswer" | "voicemail-failed" => Outcome::NoAnswer,
        "busy" | "user-busy" => Outcome::Busy,
        "canceled" => Outcome::Canceled,
        "voicemail" | "machine" => Outcome::Voicemail,
        "fax" | "fax-detected" => Outcome::Failed("a fax machine answered".to_owned()),
        "failed" => Outcome::Failed(String::new()),
        _ => return None,
    })
}

/// What has neither ended nor been given up.
fn unfinished(row: &Value, at: Timestamp, now: Timestamp) -> Standing {
    if now.duration_since(at) >= STUCK_AFTER {
        return Standing::Ended(Outcome::Stuck);
    }
    match (&*word(row, "call_status"), &*word(row, "status")) {
        ("ringing", _) => Standing::Active(Seen::Ringing),
        ("in-progress", _) => Standing::Active(Seen::Talking),
        ("", "" | "pending" | "scheduled" | "queued") => Standing::Waiting,
        _ => Standing::Active(Seen::Nothing),
    }
}

/// Whether the row has not changed for a while.
fn is_quiet(row: &Value, at: Timestamp, now: Timestamp) -> bool {
    let changed = row["updated_at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    now.duration_since(changed.unwrap_or(at).max(at)) >= GRACE
}

/// Why it failed, in one line.
fn reason(row: &Value) -> String {
    let one = |value: &Value| {
        let keys = ["detail", "message", "title"];
        let inner = keys.iter().find_map(|key| value.get(key)?.as_str());
        inner.or(value.as_str()).map(words::line).filter(|line| !line.is_empty())
    };
    let listed = row["errors"].as_array().into_iter().flatten().find_map(one);
    let keys = ["error", "failure_reason", "reason", "hangup_cause"];
    listed.or_else(|| keys.iter().find_map(|key| one(&row[*key]))).unwrap_or_default()
}

fn unwrapped(row: &Value) -> &Value {
    ["event", "data"]
        .iter()
        .find_map(|key| row.get(key).filter(|row| row.is_object()))
        .unwrap_or(row)
}

fn word<'a>(row: &'a Value, key: &str) -> Cow<'a, str> {
    plain(row[key].as_str().unwrap_or_default())
}

/// One spelling of a word: `No_Answer` is `no-answer`, `cancelled` is `canceled`.
fn plain(word: &str) -> Cow<'_, str> {
    // As the service spells most of them; a pass reads thousands.
    let is_plain = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let spelt = || word.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    let word = if is_plain { Cow::Borrowed(word) } else { Cow::Owned(spelt()) };
    if word == "cancelled" { Cow::Borrowed("canceled") } else { word }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, STUCK_AFTER, Standing, conversation, essence, of};
    use crate::lifecycle::look::Seen;
    use jiff::{SignedDuration, Timestamp};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn at() -> Timestamp {
        "2027-12-01T15:00:00Z".parse().unwrap()
    }

    #[track_caller]
    fn case(row: &Value, wanted: &Standing) {
        let now = at() + SignedDuration::from_mins(3);
        assert_eq!(of(row, at(), now), *wanted, "{row}");
        assert_eq!(of(&json!({ "event": row }), at(), now), *wanted, "wrapped");
        let essence = essence(row.clone());
        assert_eq!(of(&essence, at(), now), *wanted, "its essence");
        assert_eq!(conversation(&essence), conversation(row));
    }

    #[track_caller]
    fn ends(row: &Value, wanted: Outcome) {
        case(row, &Standing::Ended(wanted));
    }

    #[test]
    fn what_goes_on_is_told_apart() {
        case(&json!({"status": "pending"}), &Standing::Waiting);
        case(&json!({"status": "scheduled", "call_status": null}), &Standing::Waiting);
        case(&json!({}), &Standing::Waiting);
        case(&json!({"status": "in_progress"}), &Standing::Active(Seen::Nothing));
        case(&json!({"status": "dispatching"}), &Standing::Active(Seen::Nothing));
        let call = |call: &str| json!({"status": "in_progress", "call_status": call});
        case(&call("ringing"), &Standing::Active(Seen::Ringing));
        case(&call("in-progress"), &Standing::Active(Seen::Talking));
        case(&call("levitating"), &Standing::Active(Seen::Nothing));
        // The carrier may try again by itself.
        case(&call("busy"), &Standing::Active(Seen::Nothing));
        let odd = json!({"status": "completed", "call_status": "ringing"});
        case(&odd, &Standing::Active(Seen::Ringing));
    }

    #[test]
    fn ends_come_in_two_ways() {
        ends(&json!({"status": "completed", "channel": "sms"}), Outcome::Succeeded);
        for (word, wanted) in [
            ("completed", Outcome::Succeeded),
            ("in-progress", Outcome::Succeeded),
            ("busy", Outcome::Busy),
            ("no-answer", Outcome::NoAnswer),
            ("No_Answer", Outcome::NoAnswer),
            ("canceled", Outcome::Canceled),
            ("cancelled", Outcome::Canceled),
            ("voicemail", Outcome::Voicemail),
            ("failed", Outcome::Failed(String::new())),
        ] {
            ends(&json!({"status": "completed", "call_status": word}), wanted.clone());
            if wanted != Outcome::Succeeded {
                ends(&json!({"status": "failed", "call_status": word}), wanted);
            }
        }
        let row = |outcome: &str| json!({"status": "completed", "call_status": "completed", "outcome": outcome});
        ends(&row("voicemail"), Outcome::Voicemail);
        ends(&row("voicemail_failed"), Outcome::NoAnswer);
        ends(&row("fax"), Outcome::Failed("a fax machine answered".to_owned()));
        ends(&row("splendid"), Outcome::Succeeded);
        ends(&json!({"status": "in_progress", "call_status": "completed"}), Outcome::Succeeded);
        ends(&json!({"status": "cancelled"}), Outcome::Canceled);
        ends(&json!({"status": "deleted"}), Outcome::Gone);
    }

    #[test]
    fn a_failure_says_why() {
        let failed = |why: &str| Outcome::Failed(why.to_owned());
        ends(&json!({"status": "failed"}), failed(""));
        ends(&json!({"status": "failed", "call_status": "completed"}), failed(""));
        ends(
            &json!({"status": "failed", "errors": ["40008: undeliverable"]}),
            failed("40008: undeliverable"),
        );
        ends(
            &json!({"status": "failed", "errors": [{"title": "a", "detail": "b\nc"}]}),
            failed("b c"),
        );
        ends(&json!({"status": "failed", "error": {"message": "no route"}}), failed("no route"));
        ends(
            &json!({"status": "failed", "hangup_cause": "call_rejected"}),
            failed("call_rejected"),
        );
    }

    #[test]
    fn what_never_ends_is_stuck_after_a_while() {
        let row = json!({"status": "in_progress", "call_status": "in-progress"});
        let just_before = at() + STUCK_AFTER - SignedDuration::from_secs(1);
        assert_eq!(of(&row, at(), just_before), Standing::Active(Seen::Talking));
        assert_eq!(of(&row, at(), at() + STUCK_AFTER), Standing::Ended(Outcome::Stuck));
        // A failed call whose event never moved again is that failure, a while after its last change.
        let row = json!({"status": "in_progress", "call_status": "busy", "updated_at": "2027-12-01T15:10:00Z"});
        let minutes = |n| at() + SignedDuration::from_mins(n);
        assert_eq!(of(&row, at(), minutes(24)), Standing::Active(Seen::Nothing));
        assert_eq!(of(&row, at(), minutes(25)), Standing::Ended(Outcome::Busy));
    }

    proptest! {
        #[test]
        fn every_row_ends_in_the_end_and_none_panics(
            status in "\\PC{0,12}|pending|in_progress|completed|failed",
            call in "\\PC{0,12}|ringing|in-progress|busy",
        ) {
            let row = json!({"status": status, "call_status": call, "errors": [call]});
            prop_assert!(matches!(of(&row, at(), at() + STUCK_AFTER), Standing::Ended(_)));
        }
    }
}
