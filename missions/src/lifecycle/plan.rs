//! What the decision tree says: the decision for whoever asks, and the effects in the order in which they are
//! carried out.
//!
//! Every effect has a key that is the same whenever it is found necessary. What has been carried out is kept in
//! the [`Ledger`](super::ledger::Ledger); deciding again after any part of the effects, in another program and
//! after a kill too, gives the rest.

use jiff::Timestamp;
use serde_json::Value;

use super::hash;
use super::ledger::{Ending, RunEnd, StepEnd};

/// What should happen to a mission now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decision {
    /// All steps are done: the run has succeeded.
    Complete {
        /// What came of it.
        summary: String,
    },
    /// It is the agent's turn: this step is next. Without a plan there is none.
    Continue {
        /// The step's id.
        step: Option<String>,
        /// Whether it was begun.
        begun: bool,
    },
    /// Somebody is tried again.
    Retry {
        /// The first event of the chain.
        target: String,
        /// When the call or text is to happen.
        at: Timestamp,
    },
    /// A step failed for good: the run has failed.
    FailMission {
        /// The step.
        step: String,
        /// Why.
        reason: String,
    },
    /// Nothing to do until then.
    Wait {
        /// The next look.
        until: Timestamp,
    },
    /// The mission has ended.
    Over(RunEnd),
}

/// One thing to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Effect {
    /// Names it in the ledger.
    pub(crate) key: String,
    /// What.
    pub(crate) act: Act,
}

/// What there is to do. Those marked "state" only change the mission's state; the others reach out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    /// State: this step ends with the mission's last event.
    Verify(String),
    /// State: this step is over, in this way.
    Conclude(String, StepEnd),
    /// State: the mission is over, in this way.
    End(Ending),
    /// State: a memory of the mission.
    Remember(String, Value),
    /// State: the mission is kept, archived, under this status.
    Archive(RunEnd),
    /// The step's status at the service: `completed` or `failed`.
    UpdateStep(String, &'static str),
    /// A line in the run's log.
    Log {
        /// Type of the event (facts/server.md 5).
        kind: &'static str,
        /// What happened.
        summary: String,
        /// The step that it belongs to.
        step: Option<String>,
        /// Details.
        payload: Value,
    },
    /// The same call or text again, at another time.
    Retry {
        /// The first event of the chain.
        target: String,
        /// Which attempt this is; the first event was 0.
        attempt: usize,
        /// When.
        at: Timestamp,
    },
    /// A call or text that has not begun shall not happen.
    Unschedule {
        /// The assistant.
        assistant: String,
        /// The event.
        event: String,
    },
    /// The run's status at the service, with what came of it.
    UpdateRun {
        /// How it ended.
        status: RunEnd,
        /// In words.
        summary: String,
        /// In detail.
        payload: Value,
    },
    /// The agent's main session is told, so that it wakes for its next step.
    Tell(String),
    /// The mission's line in the crontab, or its job at the gateway, goes.
    RemoveCron,
}

/// The answer of the decision tree.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// What it comes to.
    pub(crate) decision: Decision,
    /// What is to be done now, in this order.
    pub(crate) effects: Vec<Effect>,
    /// When there may be something to do again; `None` if only somebody else's doing can change anything.
    pub(crate) wake: Option<Timestamp>,
}

impl Effect {
    /// The key by which the service recognises a repeated log entry of a run.
    pub(crate) fn idempotency_key(&self, run: &str) -> String {
        hash::key(&format!("{run}/{}", self.key))
    }
}
