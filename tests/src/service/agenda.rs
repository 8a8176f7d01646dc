//! The tasks that lie ahead in the simulated service, each with its instant.

use jiff::Timestamp;

/// Something that is due at an instant of the simulated clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// The next stage of a call that `POST /v1/calls` placed.
    Call { id: String, stage: usize },
    /// The next stage of a scheduled call or text.
    Scheduled { id: String, stage: usize },
    /// The owner decides an approval.
    Decide { id: String },
    /// A text reaches its recipient, or does not.
    Deliver { id: String },
    /// Somebody texts us.
    Reply { from: String, body: String },
    /// The insights of a conversation are ready.
    Insights { id: String },
}

/// The tasks that lie ahead.
#[derive(Default)]
pub(crate) struct Agenda(Vec<(Timestamp, Task)>);

impl Agenda {
    pub(crate) fn at(&mut self, when: Timestamp, task: Task) {
        let index = self.0.partition_point(|(due, _)| *due <= when);
        self.0.insert(index, (when, task));
    }

    /// The first task that is due by `now`, with its instant.
    pub(crate) fn due(&mut self, now: Timestamp) -> Option<(Timestamp, Task)> {
        (self.0.first()?.0 <= now).then(|| self.0.remove(0))
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|(due, _)| *due)
    }
}
