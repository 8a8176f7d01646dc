//! What the decision tree is given of a mission, besides the effects that were applied to it.

use jiff::Timestamp;

use super::end::RunEnd;
use super::target::MissionTarget;

/// A step of the plan as the service has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlanStep {
    /// Its id.
    pub(crate) id: String,
    /// What is done in it.
    pub(crate) description: String,
    /// Its status.
    pub(crate) status: StepStatus,
}

/// The status of a step at the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepStatus {
    /// Not started.
    Pending,
    /// Started; a word that is not known counts as this.
    InProgress,
    /// Ended well.
    Completed,
    /// Left out, which counts as done.
    Skipped,
    /// Ended badly.
    Failed,
}

/// The status of the run at the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunState {
    /// Under way.
    Running,
    /// Paused: no target is retried.
    Paused,
    /// Ended, by this program or another.
    Ended(RunEnd),
}

/// What is known of a mission besides the effects that were applied to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MissionFacts<'a> {
    /// The service's time.
    pub(crate) now: Timestamp,
    /// The steps in their order.
    pub(crate) steps: &'a [PlanStep],
    /// The run.
    pub(crate) run: RunState,
    /// Who is to be reached.
    pub(crate) targets: &'a [MissionTarget],
    /// The step that was named at scheduling as the one that ends with the last event.
    pub(crate) verify_step: Option<&'a str>,
}

impl StepStatus {
    /// Reads the service's word.
    pub(crate) fn read(word: &str) -> Self {
        match word {
            "pending" => Self::Pending,
            "completed" => Self::Completed,
            "skipped" => Self::Skipped,
            "failed" => Self::Failed,
            _ => Self::InProgress,
        }
    }

    /// Whether it never changes again.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Skipped | Self::Failed)
    }
}
