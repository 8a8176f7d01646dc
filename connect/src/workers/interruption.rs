//! Whether a request may still go on: not when the owner stopped everything meanwhile, and not by a yes that was awaited while
//! the machine slept.

use state::sleep_watch::SleepWatch;

use crate::approval::refusal::RefusalReason;
use crate::shared::context::ClientContext;

/// Watches for what ends a request early, from when a worker begins with it.
#[derive(Debug)]
pub(crate) struct Interruption {
    n_stops: u64,
    sleep: SleepWatch,
}

impl Interruption {
    /// Begins to watch.
    pub(crate) fn watch(context: &ClientContext) -> Self {
        Self { n_stops: context.n_stops(), sleep: SleepWatch::new() }
    }

    /// Whether the owner stopped everything since.
    pub(crate) fn is_stopped(&self, context: &ClientContext) -> bool {
        context.n_stops() != self.n_stops
    }

    /// Why a yes does not count any more, if that is so: it has to come in time, and time passes while the machine sleeps.
    pub(crate) fn why_void(&self, context: &ClientContext) -> Option<RefusalReason> {
        if self.is_stopped(context) {
            return Some(RefusalReason::StoppedByOwner);
        }
        self.sleep.has_slept().then_some(RefusalReason::Slept)
    }
}
