//! What is to be done for a mission: the decision, for whoever asks, and the effects in the order in which they are
//! carried out.
//!
//! Every effect has a key that is the same whenever the effect is found necessary. Those that were carried out are
//! stored in the [`AppliedEffects`](super::AppliedEffects); deciding again after any part of the effects, in another
//! program and after a kill too, gives the rest.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::end::{MissionEnd, RunEnd, StepEnd};
use super::stable_hash;
use super::why_dropped::DropReason;

/// What should happen to a mission now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum MissionDecision {
    /// All steps are done: the run has succeeded.
    Complete {
        /// What came of it.
        summary: String,
    },
    /// It is the agent's turn.
    Continue {
        /// The id of the step that is next; without a plan there is none.
        step: Option<String>,
        /// Whether it was started.
        started: bool,
        /// What is done in it.
        work: Option<String>,
        /// Whether anything was scheduled for the mission at all.
        has_events: bool,
    },
    /// A target is called or texted again.
    Retry {
        /// The id of the target's first event.
        target: String,
        /// When the call or text is to happen.
        at: Timestamp,
    },
    /// A step failed for good: the run has failed.
    Fail {
        /// The step.
        step: String,
        /// Why it failed.
        reason: String,
    },
    /// There is nothing to do until then.
    Wait {
        /// When an event is polled next.
        until: Timestamp,
    },
    /// The mission has ended.
    Over(RunEnd),
}

/// One thing to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Effect {
    /// Its key among the applied effects.
    pub(crate) key: String,
    /// What is done.
    pub(crate) action: Action,
}

/// What an effect does. Those marked "state" only change the mission in the state file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// State: this step ends with the mission's last event.
    SetVerifyStep(String),
    /// State: this step has ended.
    EndStep(String, StepEnd),
    /// State: the mission has ended.
    EndMission(MissionEnd),
    /// State: a value in the mission's memory.
    SaveMemory(String, Value),
    /// State: the mission stays in the file, archived, under this status.
    Archive(RunEnd),
    /// The step's status at the service: `completed` or `failed`.
    UpdateStep(String, &'static str),
    /// An entry in the run's log.
    Log {
        /// Its type, one of [`EVENT_TYPES`](crate::input::EVENT_TYPES).
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
        /// The id of the target's first event.
        target: String,
        /// Which retry it is, from 1.
        attempt: usize,
        /// When the call or text is to happen.
        at: Timestamp,
    },
    /// The first call or text of a target of an outreach.
    Begin {
        /// The number.
        to: String,
        /// When the call or text is to happen.
        at: Timestamp,
    },
    /// State: this target of an outreach is never called or texted.
    Drop {
        /// The number.
        to: String,
        /// Why.
        why: DropReason,
    },
    /// A message to the agent's main session about texts that answered ours.
    NotifyOfReplies {
        /// When that was decided.
        at: Timestamp,
        /// How many answers of each number there are by then.
        counts: BTreeMap<String, usize>,
        /// The message.
        text: String,
    },
    /// The assistant that was created for the mission is deleted at the service.
    DeleteAssistant(String),
    /// A call or text that has not begun is deleted at the service.
    Unschedule {
        /// The assistant.
        assistant: String,
        /// The event.
        event: String,
    },
    /// The run's final status at the service, with its result.
    UpdateRun {
        /// The status.
        status: RunEnd,
        /// The result in words.
        summary: String,
        /// The result in JSON.
        payload: Value,
    },
    /// A message to the agent's main session, so that it wakes for its next step.
    NotifyAgent(String),
    /// The mission's line in the crontab, or its job at the gateway, is removed.
    RemoveCron,
}

/// The answer of the decision tree.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Directive {
    /// What should happen.
    pub(crate) decision: MissionDecision,
    /// What is to be done now, in this order.
    pub(crate) effects: Vec<Effect>,
}

impl Effect {
    /// The key by which the service recognises a repeated entry in the log of a run.
    pub(crate) fn idempotency_key(&self, run: &str) -> String {
        stable_hash::key(&format!("{run}/{}", self.key))
    }
}
