//! Late replies: polled for in the session's history after the wait for the turn was over, one poll for all. Only what a run
//! ended with is one; what the agent writes on the way is its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use state::gateway::FinishedRun;

use crate::shared::context::ClientContext;
use crate::shared::worker_event::WorkerEvent;

/// Polls for late replies. Its thread runs only while any is awaited.
#[derive(Clone, Default)]
pub(crate) struct LateReplies {
    search: Arc<Mutex<LateReplySearch>>,
}

#[derive(Default)]
struct LateReplySearch {
    awaited: Vec<AwaitedRun>,
    /// Whether a thread polls. An empty list does not say that none does: it may be emptied while the thread sleeps, and
    /// two threads could find the same reply.
    is_polling: bool,
}

struct AwaitedRun {
    key: String,
    run_id: String,
    until: Instant,
    /// How the run seemed to have ended at the last poll.
    unconfirmed_end: Option<FinishedRun>,
}

impl LateReplies {
    /// Awaits the reply of a run for as long as a late one is of use. The loop thread gets it, or that there is none, as
    /// an event of the request `key`.
    pub(crate) fn await_reply(&self, context: &Arc<ClientContext>, key: String, run_id: String) {
        let until = Instant::now() + context.periods.late_reply;
        let mut search = self.lock();
        search.awaited.push(AwaitedRun { key, run_id, until, unconfirmed_end: None });
        if search.is_polling {
            return;
        }
        let (late_replies, poll_context) = (self.clone(), Arc::clone(context));
        let poller = thread::Builder::new().name("late".to_owned()).stack_size(256 << 10);
        // Under the lock: the thread sleeps first, and needs it only then.
        search.is_polling = poller.spawn(move || late_replies.poll(&poll_context)).is_ok();
        if !search.is_polling {
            // Without a thread there is no late reply; that it is still running was answered.
            for run in search.awaited.drain(..) {
                context.notify(&run.key, WorkerEvent::LateReply(None));
            }
        }
    }

    /// Awaits a reply no longer: its call is over, or the owner stopped everything.
    pub(crate) fn forget(&self, key: &str) {
        self.lock().awaited.retain(|run| run.key != key);
    }

    fn poll(&self, context: &ClientContext) {
        loop {
            thread::sleep(context.periods.late_poll);
            let awaited: Vec<(String, String)> = {
                let search = self.lock();
                search.awaited.iter().map(|run| (run.run_id.clone(), run.key.clone())).collect()
            };
            let run_ids: Vec<&str> = awaited.iter().map(|(run_id, _)| run_id.as_str()).collect();
            // A gateway that is away may be back at the next poll.
            for (run_id, ended) in context.gateway.finished_runs(&run_ids) {
                let of_run = awaited.iter().find(|(of, _)| of == run_id);
                if let Some((_, key)) = of_run
                    && self.has_ended(key, &ended)
                {
                    self.forget(key);
                    context.notify(key, WorkerEvent::LateReply(Some(ended.outcome)));
                }
            }
            let now = Instant::now();
            let mut search = self.lock();
            search.awaited.retain(|run| {
                let is_over = run.until <= now;
                if is_over {
                    context.notify(&run.key, WorkerEvent::LateReply(None));
                }
                !is_over
            });
            // Under the lock: whoever adds the next one sees that nobody polls and starts the next thread.
            if search.awaited.is_empty() {
                search.is_polling = false;
                return;
            }
        }
    }

    /// Whether a run has ended like this: an unconfirmed end counts when two polls have shown it.
    fn has_ended(&self, key: &str, ended: &FinishedRun) -> bool {
        let mut search = self.lock();
        let Some(run) = search.awaited.iter_mut().find(|run| run.key == key) else { return false };
        let before = run.unconfirmed_end.replace(ended.clone());
        ended.is_certain || before.as_ref() == Some(ended)
    }

    fn lock(&self) -> MutexGuard<'_, LateReplySearch> {
        self.search.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
