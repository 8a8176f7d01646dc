//! One line of the journal file: what it says, and how it is written.
//!
//! The words on disk are older than the names here, and stay.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use state::clock::{Moment, Uptime};

/// A request or a call is remembered this long: the service may repeat a frame.
pub(super) const RETENTION: SignedDuration = SignedDuration::from_hours(24);

/// What happened to a request, or the state of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum JournalStep {
    /// A request was accepted; the body is its frame.
    #[serde(rename = "asked")]
    Accepted,
    /// A notice of our own to the agent was made; the body is its text.
    #[serde(rename = "notice")]
    Notice,
    /// It waits for an approval.
    #[serde(rename = "guarded")]
    AwaitingApproval,
    /// A deed was put to the owner; the body is the service's id of that approval.
    #[serde(rename = "pushed")]
    Pushed,
    /// It is being sent to the gateway: from here on a turn may have run.
    #[serde(rename = "sent")]
    Dispatched,
    /// It was not sent after all, since the gateway is down: no turn ran.
    #[serde(rename = "unsent")]
    Unsent,
    /// There is an answer; the body is what is to be delivered.
    #[serde(rename = "answered")]
    Answered,
    /// A text is being sent to the service: from here on it may have been sent.
    #[serde(rename = "posting")]
    SendingSms,
    /// Nothing remains to be done: delivered, expired, or given up.
    #[serde(rename = "settled")]
    Done,
    /// The state of a call; the body is a [`CallState`](crate::calls::CallState).
    #[serde(rename = "call")]
    Call,
    /// A process of the client started; the line has the machine's uptime and no key.
    #[serde(rename = "life")]
    ProcessStart,
}

/// One line of the file. `T` is text, owned or borrowed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JournalLine<T> {
    /// Milliseconds since 1970 on the service clock, counted from the start of the process.
    pub(super) at: i64,
    pub(super) step: JournalStep,
    pub(super) key: T,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) up: Option<Uptime>,
}

/// The line with which a process starts, line end included.
pub(super) fn process_start(started: Moment) -> Vec<u8> {
    let at = started.at.as_millisecond();
    let line = JournalLine {
        at,
        step: JournalStep::ProcessStart,
        key: "",
        body: None,
        up: started.uptime,
    };
    // Numbers and a word: writing them to memory does not fail.
    let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
