//! The state of a scheduled event and its outcome, read from the service's row.
//!
//! A row comes bare or under `event`. Its `status` is `pending`, `in_progress`, `completed` or `failed`, its `call_status`
//! `ringing`, `in-progress`, `completed`, `no-answer`, `busy`, `canceled` or `failed`; spellings differ (`No_Answer`), and
//! other words occur. A call that nobody answered comes as `completed` with a `call_status` that says so, or as `failed`;
//! that a machine or nobody was reached may also stand in `call_outcome`, `amd_result`, `hangup_cause` or `reason`
//! ([`state::call_outcome`] reads these). An event with a status that is not known is polled on, and counts as stuck in the end.

use std::borrow::Cow;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::call_outcome::{self, WordMeaning};
use state::sanitize;

use super::poll_schedule::Activity;

/// What has not ended so long after its time never will: the longest call takes 30 minutes.
pub(crate) const STUCK_AFTER: SignedDuration = SignedDuration::from_hours(2);

/// How long a failed call is waited for whose event goes on: the carrier may be trying again by itself.
const GRACE: SignedDuration = SignedDuration::from_mins(15);

/// The state of an event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum EventState {
    /// Its time has not come, or it is not known to have begun.
    Waiting,
    /// Under way.
    Active(Activity),
    /// Nothing more comes of it.
    Ended(EventOutcome),
}

/// How an event ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EventOutcome {
    /// Answered and talked, or delivered.
    Succeeded,
    /// Nobody picked up.
    NoAnswer,
    /// The line was busy.
    Busy,
    /// The person who was called declined.
    Rejected,
    /// It was called off.
    Canceled,
    /// It could not be carried out; why, in the service's words.
    Failed(String),
    /// A voicemail took the call.
    Voicemail,
    /// It was deleted at the service.
    Gone,
    /// It was deleted because its recipient opted out.
    OptedOut,
    /// Long after its time nothing says how it ended: somebody may have been reached, and is not counted so.
    Stuck,
    /// It ended with a word that is not known here: somebody may have been reached, and is not counted so.
    Unknown(String),
}

/// In a few words, as in "the call to …: busy".
impl fmt::Display for EventOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded => f.write_str("succeeded"),
            Self::NoAnswer => f.write_str("no answer"),
            Self::Busy => f.write_str("busy"),
            Self::Rejected => f.write_str("rejected"),
            Self::Canceled => f.write_str("canceled"),
            Self::Failed(why) if why.is_empty() => f.write_str("failed"),
            Self::Failed(why) => write!(f, "failed ({why})"),
            Self::Voicemail => f.write_str("voicemail"),
            Self::Gone => f.write_str("deleted at the service"),
            Self::OptedOut => f.write_str("opted out"),
            Self::Stuck => f.write_str("no end was ever reported"),
            Self::Unknown(word) => {
                f.write_str(&call_outcome::CallOutcome::Unknown(word.clone()).describe())
            }
        }
    }
}

/// The keys that are read of a row. A tick holds thousands of rows, and needs little of each.
const KEYS: [&str; 17] = [
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
    "duration_sec",
    "duration_seconds",
];

/// The longest call that the service makes, in seconds.
const LONGEST_CALL: i64 = 30 * 60;

/// The row without the keys that are not read here.
pub(crate) fn trim_row(row: Value) -> Value {
    let Value::Object(row) = row else { return row };
    let is_read = |(key, value): &(String, Value)| KEYS.contains(&&**key) && !value.is_null();
    row.into_iter().filter(is_read).collect::<Map<_, _>>().into()
}

/// The state of the event of this row, which is scheduled for `at`.
pub(crate) fn state_of(row: &Value, at: Timestamp, now: Timestamp) -> EventState {
    use call_outcome::CallOutcome::{Answered, Failed, Unknown};
    let row = unwrapped(row);
    let call = word(row, "call_status");
    let ended_as = call_outcome(row);
    match &*word(row, "status") {
        "completed" | "delivered" | "succeeded" => match (ended_as, &*call) {
            (Some(outcome), _) if outcome != Answered => EventState::Ended(outcome.into()),
            // An event that is over while its phone still rings: one of the two words is old.
            (_, "ringing" | "initiated" | "initiating" | "queued") => not_ended(row, at, now),
            _ => EventState::Ended(EventOutcome::Succeeded),
        },
        "failed" | "error" | "delivery-failed" | "sending-failed" | "undelivered" => {
            EventState::Ended(match ended_as {
                None | Some(Answered | Failed | Unknown(_)) => EventOutcome::Failed(reason(row)),
                Some(why) => why.into(),
            })
        }
        "canceled" => EventState::Ended(EventOutcome::Canceled),
        "deleted" => EventState::Ended(EventOutcome::Gone),
        _ => match ended_as {
            Some(Answered) if is_over(row) => EventState::Ended(EventOutcome::Succeeded),
            Some(Unknown(_)) if !is_over(row) => not_ended(row, at, now),
            Some(failure) if failure != Answered && is_quiet(row, at, now) => {
                EventState::Ended(failure.into())
            }
            _ => not_ended(row, at, now),
        },
    }
}

/// The id of the conversation of an answered call.
pub(crate) fn conversation(row: &Value) -> Option<&str> {
    unwrapped(row)["conversation_id"].as_str().filter(|id| !id.trim().is_empty())
}

/// How long a call that ended so was talked, in seconds: as the row says it, else from its time to the row's last change.
pub(super) fn seconds(row: &Value, at: Timestamp, outcome: &EventOutcome) -> u32 {
    let is_talked = matches!(outcome, EventOutcome::Succeeded | EventOutcome::Voicemail);
    let row = unwrapped(row);
    if !is_talked || matches!(&*word(row, "channel"), "sms" | "sms-chat") {
        return 0;
    }
    let told = ["duration_sec", "duration_seconds"].iter().find_map(|key| row[*key].as_i64());
    let changed = row["updated_at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let until_change = changed.map(|changed| changed.duration_since(at).as_secs());
    let seconds = told.or(until_change).unwrap_or(LONGEST_CALL).clamp(0, LONGEST_CALL);
    u32::try_from(seconds).unwrap_or_default()
}

/// Whether the service says that the event of this row has ended.
pub(crate) fn has_ended(row: &Value, at: Timestamp, now: Timestamp) -> bool {
    matches!(state_of(row, at, now), EventState::Ended(outcome) if outcome != EventOutcome::Stuck)
}

/// Whether the service says that an event waits for its time: it can still be deleted.
pub(crate) fn is_pending(row: &Value) -> bool {
    let row = unwrapped(row);
    let waits = matches!(&*word(row, "status"), "pending" | "scheduled" | "queued");
    waits && word(row, "call_status").is_empty()
}

/// The outcome of a call by the fields of its row. A text ends by its status alone.
fn call_outcome(row: &Value) -> Option<call_outcome::CallOutcome> {
    let is_text = matches!(&*word(row, "channel"), "sms" | "sms-chat");
    if is_text { None } else { call_outcome::from_fields(row) }
}

/// Whether the call itself is over, whatever the event's status: that a person picked up is no end yet.
fn is_over(row: &Value) -> bool {
    ["outcome", "call_outcome", "call_status"].iter().any(|key| {
        let meaning = row[*key].as_str().map(call_outcome::meaning);
        meaning == Some(WordMeaning::Ended(call_outcome::CallOutcome::Answered))
    })
}

impl From<call_outcome::CallOutcome> for EventOutcome {
    fn from(outcome: call_outcome::CallOutcome) -> Self {
        match outcome {
            call_outcome::CallOutcome::Answered => Self::Succeeded,
            call_outcome::CallOutcome::Voicemail => Self::Voicemail,
            // No message was left, so that a retry leaves the first one.
            call_outcome::CallOutcome::NoAnswer | call_outcome::CallOutcome::VoicemailFailed => {
                Self::NoAnswer
            }
            call_outcome::CallOutcome::Busy => Self::Busy,
            call_outcome::CallOutcome::Rejected => Self::Rejected,
            call_outcome::CallOutcome::Canceled => Self::Canceled,
            call_outcome::CallOutcome::Fax | call_outcome::CallOutcome::NotFound => {
                Self::Failed(outcome.describe())
            }
            call_outcome::CallOutcome::Failed => Self::Failed(String::new()),
            call_outcome::CallOutcome::Unknown(word) => Self::Unknown(word),
        }
    }
}

/// The state of an event that has not ended, unless it is stuck.
fn not_ended(row: &Value, at: Timestamp, now: Timestamp) -> EventState {
    if now.duration_since(at) >= STUCK_AFTER {
        return EventState::Ended(EventOutcome::Stuck);
    }
    match (&*word(row, "call_status"), &*word(row, "status")) {
        ("ringing", _) => EventState::Active(Activity::Ringing),
        ("in-progress", _) => EventState::Active(Activity::Talking),
        ("", "" | "pending" | "scheduled" | "queued") => EventState::Waiting,
        _ => EventState::Active(Activity::Unknown),
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
        inner.or(value.as_str()).map(sanitize::line).filter(|line| !line.is_empty())
    };
    let listed = row["errors"].as_array().into_iter().flatten().find_map(one);
    let keys = ["error", "failure_reason", "reason", "hangup_cause"];
    listed.or_else(|| keys.iter().find_map(|key| one(&row[*key]))).unwrap_or_default()
}

/// The row out of its wrapper.
pub(super) fn unwrapped(row: &Value) -> &Value {
    ["event", "data"]
        .iter()
        .find_map(|key| row.get(key).filter(|row| row.is_object()))
        .unwrap_or(row)
}

fn word<'a>(row: &'a Value, key: &str) -> Cow<'a, str> {
    normalized(row[key].as_str().unwrap_or_default())
}

/// A word in one spelling: `No_Answer` is `no-answer`, `cancelled` is `canceled`.
fn normalized(word: &str) -> Cow<'_, str> {
    // As the service spells most of them; a tick reads thousands.
    let is_plain = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let spelt = || word.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    let word = if is_plain { Cow::Borrowed(word) } else { Cow::Owned(spelt()) };
    if word == "cancelled" { Cow::Borrowed("canceled") } else { word }
}

#[cfg(test)]
mod tests;
