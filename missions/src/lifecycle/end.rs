//! How a step, a run and a mission end. What is stored of an end is decided once and never taken back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The end of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StepEnd {
    /// Whether it is `completed`; else `failed`.
    pub(crate) completed: bool,
    /// What came of it, or why it failed.
    pub(crate) summary: String,
}

/// The end of a mission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MissionEnd {
    /// The final status of its run.
    pub(crate) status: RunEnd,
    /// The step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<String>,
    /// What came of it, or why it failed.
    pub(crate) summary: String,
    /// When the end was decided.
    pub(crate) at: Timestamp,
    /// Whether a person or an agent ended it with a command: then the agent is not notified.
    #[serde(default)]
    pub(crate) by_hand: bool,
}

/// The final status of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RunEnd {
    /// All steps are done.
    Succeeded,
    /// A step failed for good.
    Failed,
    /// It was called off.
    Cancelled,
}

impl RunEnd {
    /// The service's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}
