//! What became of a scheduled call or text, read from the service's row in all its shapes and words.
//!
//! Busy and unanswered calls come as `completed` with a `call_status`, or as `failed`; rows come bare or under
//! `event`; words differ in spelling (facts/server.md 4.9, 5, 11). What the words for the end of a call say is in
//! [`state::outcome`]. A status that we do not know waits, and ends as stuck in the end.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::outcome::{self, Said};
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
    /// Whoever was called declined.
    Rejected,
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
    /// It ended with a word that is not known here: somebody may have been reached, and is not counted as that.
    Unknown(String),
}

impl Outcome {
    /// In a few words, as in "the call to …: busy".
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Succeeded => "succeeded".to_owned(),
            Self::NoAnswer => "no answer".to_owned(),
            Self::Busy => "busy".to_owned(),
            Self::Rejected => "rejected".to_owned(),
            Self::Canceled => "canceled".to_owned(),
            Self::Failed(why) if why.is_empty() => "failed".to_owned(),
            Self::Failed(why) => format!("failed ({why})"),
            Self::Voicemail => "voicemail".to_owned(),
            Self::Gone => "deleted at the service".to_owned(),
            Self::Stuck => "no end was ever reported".to_owned(),
            Self::Unknown(word) => outcome::Outcome::Unknown(word.clone()).words(),
        }
    }
}

/// What is read of a row here. A pass holds thousands of rows, and most of each is of no use to it.
const KEYS: [&str; 15] = [
    "event",
    "data",
    "channel",
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
    use outcome::Outcome::{Answered, Failed, Unknown};
    let row = unwrapped(row);
    let call = word(row, "call_status");
    let said = said(row);
    match &*word(row, "status") {
        "completed" | "delivered" | "succeeded" => match (said, &*call) {
            (Some(said), _) if said != Answered => Standing::Ended(said.into()),
            // An event that is over while its phone still rings: one of the two words is old.
            (_, "ringing" | "initiated" | "initiating" | "queued") => unfinished(row, at, now),
            _ => Standing::Ended(Outcome::Succeeded),
        },
        "failed" | "error" | "delivery-failed" | "sending-failed" | "undelivered" => {
            Standing::Ended(match said {
                None | Some(Answered | Failed | Unknown(_)) => Outcome::Failed(reason(row)),
                Some(why) => why.into(),
            })
        }
        "canceled" => Standing::Ended(Outcome::Canceled),
        "deleted" => Standing::Ended(Outcome::Gone),
        _ => match said {
            Some(Answered) if is_over(row) => Standing::Ended(Outcome::Succeeded),
            Some(Unknown(_)) if !is_over(row) => unfinished(row, at, now),
            Some(failure) if failure != Answered && is_quiet(row, at, now) => {
                Standing::Ended(failure.into())
            }
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

/// What the fields of a row say of the end of its call. A text has an end by its status alone.
fn said(row: &Value) -> Option<outcome::Outcome> {
    let is_text = matches!(&*word(row, "channel"), "sms" | "sms-chat");
    if is_text { None } else { outcome::of(row) }
}

/// Whether a call is over by its own word, whatever the event's status: that a person picked up is no end yet.
fn is_over(row: &Value) -> bool {
    ["outcome", "call_outcome", "call_status"].iter().any(|key| {
        let said = row[*key].as_str().map(outcome::word);
        said == Some(Said::Ended(outcome::Outcome::Answered))
    })
}

impl From<outcome::Outcome> for Outcome {
    fn from(outcome: outcome::Outcome) -> Self {
        match outcome {
            outcome::Outcome::Answered => Self::Succeeded,
            outcome::Outcome::Voicemail => Self::Voicemail,
            // No message was left, so that another try is no second one.
            outcome::Outcome::NoAnswer | outcome::Outcome::VoicemailFailed => Self::NoAnswer,
            outcome::Outcome::Busy => Self::Busy,
            outcome::Outcome::Rejected => Self::Rejected,
            outcome::Outcome::Canceled => Self::Canceled,
            outcome::Outcome::Fax | outcome::Outcome::NotFound => Self::Failed(outcome.words()),
            outcome::Outcome::Failed => Self::Failed(String::new()),
            outcome::Outcome::Unknown(word) => Self::Unknown(word),
        }
    }
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

pub(super) fn unwrapped(row: &Value) -> &Value {
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
mod tests;
