//! Histories: a plan, its targets, how each of their events ends, and what somebody does by hand meanwhile.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::chaos::Tape;
use crate::lifecycle::end::RunEnd;
use crate::lifecycle::facts::{RunState, StepStatus};
use crate::lifecycle::retry::Recipient;
use crate::window::{Window, WindowOptions};

/// One mission from its beginning.
#[derive(Clone, Debug)]
pub(super) struct History {
    pub(super) start: Timestamp,
    pub(super) steps: Vec<StepStatus>,
    pub(super) targets: Vec<PlannedTarget>,
    pub(super) verify: Option<usize>,
    pub(super) interventions: Vec<(SignedDuration, Intervention)>,
}

/// Somebody to be reached.
#[derive(Clone, Debug)]
pub(super) struct PlannedTarget {
    pub(super) step: Option<usize>,
    pub(super) recipient: Option<Recipient>,
    pub(super) window: Window,
    /// How its events end.
    pub(super) ends: Vec<ScriptedEnd>,
    /// After the start.
    pub(super) after: SignedDuration,
}

/// What somebody does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Intervention {
    SetStep(usize, StepStatus),
    Forbid(usize),
    SetRun(RunState),
}

/// How the service ends an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ScriptedEnd {
    #[default]
    Completed,
    NoAnswer,
    Busy,
    Failed,
    BusyAsFailed,
    Canceled,
    Voicemail,
    Declined,
    Odd,
    Stuck,
    Deleted,
    NeverBegun,
}

impl ScriptedEnd {
    /// The row some time after the event's own; `None` once it is deleted.
    pub(super) fn row(self, since: SignedDuration) -> Option<Value> {
        let seconds = since.as_secs();
        if self == Self::Deleted && seconds >= 0 {
            return None;
        }
        if seconds < 0 || self == Self::NeverBegun {
            return Some(json!({"status": "pending"}));
        }
        if self == Self::Stuck || seconds < 40 {
            let call = if seconds < 5 { "ringing" } else { "in-progress" };
            return Some(json!({"status": "in_progress", "call_status": call}));
        }
        Some(match self {
            Self::NoAnswer => json!({"status": "completed", "call_status": "no-answer"}),
            Self::Busy => json!({"status": "completed", "call_status": "busy"}),
            Self::BusyAsFailed => json!({"status": "failed", "call_status": "busy"}),
            Self::Failed => json!({"status": "failed", "errors": ["no route"]}),
            Self::Canceled => json!({"status": "completed", "call_status": "canceled"}),
            Self::Declined => json!({"status": "completed", "hangup_cause": "call_rejected"}),
            Self::Odd => {
                json!({"status": "completed", "outcome": "splendid", "conversation_id": "c"})
            }
            Self::Voicemail => {
                json!({"event": {"status": "completed", "outcome": "voicemail", "conversation_id": "c"}})
            }
            _ => json!({"status": "completed", "call_status": "completed", "conversation_id": "c"}),
        })
    }
}

const ENDS: [ScriptedEnd; 14] = [
    ScriptedEnd::Completed,
    ScriptedEnd::NoAnswer,
    ScriptedEnd::Busy,
    ScriptedEnd::Failed,
    ScriptedEnd::NoAnswer,
    ScriptedEnd::BusyAsFailed,
    ScriptedEnd::Busy,
    ScriptedEnd::Voicemail,
    ScriptedEnd::Declined,
    ScriptedEnd::Odd,
    ScriptedEnd::Canceled,
    ScriptedEnd::Stuck,
    ScriptedEnd::Deleted,
    ScriptedEnd::NeverBegun,
];

impl History {
    /// How often cron runs, in seconds: what is stuck is looked at for hours.
    pub(super) fn period(&self) -> i64 {
        let is_long =
            |end: &ScriptedEnd| matches!(end, ScriptedEnd::Stuck | ScriptedEnd::NeverBegun);
        if self.targets.iter().any(|planned| planned.ends.iter().any(is_long)) { 900 } else { 60 }
    }

    /// Whether everybody is reached in the same step, and no other can fail.
    pub(super) fn has_one_step(&self) -> bool {
        let is_the_same = |planned: &PlannedTarget| planned.step == self.targets[0].step;
        self.targets.iter().all(is_the_same) && !self.steps.contains(&StepStatus::Failed)
    }

    /// A tape of zeros is one step with one call that is answered.
    pub(super) fn read(tape: &mut Tape) -> Self {
        // Hours before clock changes, a Friday evening, and a plain day.
        const STARTS: [&str; 5] = [
            "2027-06-02T15:00:00Z",
            "2027-03-12T21:30:00Z",
            "2027-11-05T20:45:00Z",
            "2027-03-28T00:10:00Z",
            "2027-12-31T16:40:00Z",
        ];
        let start: Timestamp = STARTS[tape.below(STARTS.len())].parse().unwrap();
        let n_steps = [1, 2, 3, 0][tape.below(4)];
        let steps: Vec<StepStatus> = (0..n_steps).map(|_| status(tape)).collect();
        let n_targets = 1 + tape.below(3);
        let targets = (0..n_targets).map(|_| planned(tape, n_steps)).collect();
        let verify = (n_steps > 0 && tape.below(3) == 1).then(|| tape.below(n_steps));
        let n_interventions = [0, 0, 0, 1, 2][tape.below(5)];
        let mut interventions: Vec<_> =
            (0..n_interventions).map(|_| intervention(tape, n_steps, n_targets)).collect();
        interventions.sort_by_key(|(at, _)| *at);
        Self { start, steps, targets, verify, interventions }
    }
}

fn status(tape: &mut Tape) -> StepStatus {
    use StepStatus::{Completed, Failed, InProgress, Pending, Skipped};
    [InProgress, Pending, Completed, InProgress, Completed, Skipped, Pending, Failed][tape.below(8)]
}

fn planned(tape: &mut Tape, n_steps: usize) -> PlannedTarget {
    const ZONES: [&str; 4] = [
        "America/New_York",
        "Europe/London",
        "America/New_York,America/Denver",
        "Australia/Lord_Howe",
    ];
    const HOURS: [&str; 4] = ["9-17", "0-24", "12-13", "1:30-2:30"];
    let step = (n_steps > 0 && tape.below(6) != 5).then(|| tape.below(n_steps));
    let kinds = [Recipient::Automated, Recipient::Service, Recipient::Professional];
    let recipient =
        [None, Some(0), Some(1), Some(2), Some(0)][tape.below(5)].map(|n: usize| kinds[n]);
    let (hours, zone) = (HOURS[tape.below(4)], ZONES[tape.below(4)]);
    let wanted = WindowOptions::read(Some(hours), None, Some(zone)).unwrap();
    let (window, _) = wanted.for_recipient(&"+15551234567".parse().unwrap(), &TimeZone::UTC);
    let ends = (0..4).map(|_| ENDS[tape.below(ENDS.len())]).collect();
    let minutes = [3, 1, 20, 90, 60 * 30][tape.below(5)];
    PlannedTarget { step, recipient, window, ends, after: SignedDuration::from_mins(minutes) }
}

fn intervention(
    tape: &mut Tape,
    n_steps: usize,
    n_targets: usize,
) -> (SignedDuration, Intervention) {
    let minutes = [5, 1, 30, 24 * 60, 3 * 24 * 60][tape.below(5)];
    let intervention = match tape.below(6) {
        0..=2 if n_steps > 0 => Intervention::SetStep(tape.below(n_steps), status(tape)),
        3 => Intervention::SetRun(RunState::Paused),
        4 => Intervention::SetRun(RunState::Running),
        5 => Intervention::SetRun(RunState::Ended(RunEnd::Cancelled)),
        _ => Intervention::Forbid(tape.below(n_targets)),
    };
    (SignedDuration::from_mins(minutes), intervention)
}
