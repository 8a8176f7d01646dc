//! What the decision tree is given of a mission, besides the effects that were applied to it.

use jiff::{SignedDuration, Timestamp};

use super::end::RunEnd;
use super::pacing::Pace;
use super::target::{MissionTarget, UnconfirmedRetry};
use super::why_dropped::DropReason;
use crate::window::Window;

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
    /// What is planned besides, if the mission is an outreach.
    pub(crate) outreach: Option<&'a OutreachFacts>,
}

/// What is planned for an outreach, and what limits it.
#[derive(Clone, Debug)]
pub(crate) struct OutreachFacts {
    /// How its targets are spread over time.
    pub(crate) pacing: Pace,
    /// The step that its targets belong to.
    pub(crate) step: String,
    /// After this nothing is called or texted any more.
    pub(crate) until: Timestamp,
    /// How many calls or texts there may be in all.
    pub(crate) max_attempts: Option<usize>,
    /// How many minutes may be talked before nothing more is begun.
    pub(crate) max_minutes: Option<u32>,
    /// How long an answer to a text is waited for, if it asks something.
    pub(crate) answers_within: Option<SignedDuration>,
    /// The assistant that is deleted when it has ended.
    pub(crate) assistant: Option<String>,
    /// Whether it is paused.
    pub(crate) is_paused: bool,
    /// The targets that nothing was scheduled for yet, in their order, those excepted that were dropped.
    pub(crate) planned: Vec<PlannedTarget>,
    /// The targets that were dropped.
    pub(crate) dropped: Vec<DroppedTarget>,
}

/// A target that nothing was scheduled for yet.
#[derive(Clone, Debug)]
pub(crate) struct PlannedTarget {
    /// The number, in E.164.
    pub(crate) to: String,
    /// What the list calls them.
    pub(crate) name: Option<String>,
    /// The earliest time that was planned for it.
    pub(crate) at: Timestamp,
    /// When a call or text to them may begin.
    pub(crate) window: Window,
    /// Whether the owner approved it, or need not be asked.
    pub(crate) is_approved: bool,
    /// Why the do-not-call list forbids it by now.
    pub(crate) forbidden: Option<DropReason>,
    /// A call or text that may exist at the service.
    pub(crate) unconfirmed: Option<UnconfirmedRetry>,
}

/// A target that is never called or texted.
#[derive(Clone, Debug)]
pub(crate) struct DroppedTarget {
    /// The number, in E.164.
    pub(crate) to: String,
    /// What the list calls them.
    pub(crate) name: Option<String>,
    /// Why.
    pub(crate) why: DropReason,
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
