//! The requests that are not over, and how far each has come.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use crate::periods::{Periods, sooner};
use crate::shared::request::{AgentRequest, Origin};
use crate::status::WaitingForGateway;

/// More than this do not wait for the gateway at once: what is beyond is left to the journal, and to the next process.
const MAX_AWAITING_GATEWAY: usize = 512;

/// The requests that are not over, by key.
#[derive(Debug, Default)]
pub(super) struct OpenRequests(HashMap<String, OpenRequest>);

#[derive(Debug)]
struct OpenRequest {
    request: Arc<AgentRequest>,
    phase: RequestPhase,
}

/// How far a request has come.
///
/// ```text
/// Working <-> AwaitingApproval
///    |
///    +-> AnsweredStillRunning        then it ends, or goes on to
///    +-----------------------------> AwaitingLateReply
///    +-> AwaitingGateway             then it is handed to a worker again
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RequestPhase {
    /// A worker has it, or it waits for one. Nothing was answered yet.
    Working {
        /// When the next progress message is due.
        next_progress: Option<Instant>,
        /// When the one answer becomes "still running".
        still_running_at: Option<Instant>,
    },
    /// The owner decides. No progress message is sent meanwhile.
    AwaitingApproval,
    /// The one answer was "still running", and a worker still has it: what it brings is a follow-up.
    AnsweredStillRunning,
    /// Nothing was sent: the gateway is down.
    AwaitingGateway,
    /// The worker has ended; only the late reply of its run is awaited.
    AwaitingLateReply,
}

/// A message to the caller that is due because time has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimedMessage {
    /// Work goes on, for the first time.
    FirstProgress,
    /// Work still goes on.
    Progress,
    /// The one answer: the turn is still running.
    StillRunning,
}

/// A request that a worker has ended.
#[derive(Debug)]
pub(super) struct EndedRequest {
    pub(super) request: Arc<AgentRequest>,
    /// The one answer was given before.
    pub(super) is_answered: bool,
}

impl OpenRequests {
    /// A request was handed to the workers. Its times count from when it came in.
    pub(super) fn start(&mut self, request: Arc<AgentRequest>, periods: &Periods) {
        let phase = RequestPhase::working(&request.origin, request.received_at, periods);
        self.0.insert(request.key.clone(), OpenRequest { request, phase });
    }

    /// The owner's approval is being requested; gives the request.
    pub(super) fn await_approval(&mut self, key: &str) -> Option<Arc<AgentRequest>> {
        let open = self.0.get_mut(key)?;
        if matches!(open.phase, RequestPhase::Working { .. }) {
            open.phase = RequestPhase::AwaitingApproval;
        }
        Some(Arc::clone(&open.request))
    }

    /// The owner approved: the times of progress and "still running" start anew.
    pub(super) fn resume(&mut self, key: &str, now: Instant, periods: &Periods) {
        if let Some(open) = self.0.get_mut(key)
            && open.phase == RequestPhase::AwaitingApproval
        {
            open.phase = RequestPhase::working(&open.request.origin, now, periods);
        }
    }

    /// Something was said while the caller waits: the next progress message of ours is put off. False if nothing is to be said.
    pub(super) fn said(&mut self, key: &str, now: Instant, periods: &Periods) -> bool {
        let Some(open) = self.0.get_mut(key) else { return false };
        match &mut open.phase {
            RequestPhase::Working { next_progress: Some(next), .. } => {
                *next = now + periods.next_progress;
                true
            }
            // It was said before the owner was asked, and came later.
            RequestPhase::AwaitingApproval => true,
            _ => false,
        }
    }

    /// The request of this key, if it is not over.
    pub(super) fn get(&self, key: &str) -> Option<&Arc<AgentRequest>> {
        self.0.get(key).map(|open| &open.request)
    }

    /// A worker has ended with a request, which is taken off the table.
    pub(super) fn end(&mut self, key: &str) -> Option<EndedRequest> {
        let OpenRequest { request, phase } = self.0.remove(key)?;
        Some(EndedRequest { request, is_answered: phase == RequestPhase::AnsweredStillRunning })
    }

    /// The late reply of a request's run is awaited from now on.
    pub(super) fn await_late_reply(&mut self, request: Arc<AgentRequest>) {
        let phase = RequestPhase::AwaitingLateReply;
        self.0.insert(request.key.clone(), OpenRequest { request, phase });
    }

    /// The request whose late reply came, or whose wait for it is over; `None` if none is awaited under this key.
    pub(super) fn end_late(&mut self, key: &str) -> Option<Arc<AgentRequest>> {
        self.end_in(key, RequestPhase::AwaitingLateReply)
    }

    /// A request waits until the gateway is back. False, and it is not held, if too many do.
    pub(super) fn await_gateway(&mut self, request: Arc<AgentRequest>) -> bool {
        let WaitingForGateway { texts, notices } = self.awaiting_gateway();
        let has_room = texts + notices < MAX_AWAITING_GATEWAY;
        if has_room {
            let phase = RequestPhase::AwaitingGateway;
            self.0.insert(request.key.clone(), OpenRequest { request, phase });
        }
        has_room
    }

    /// The request that waited for the gateway under this key, taken off the table.
    pub(super) fn end_gateway_wait(&mut self, key: &str) -> Option<Arc<AgentRequest>> {
        self.end_in(key, RequestPhase::AwaitingGateway)
    }

    /// How many wait for the gateway.
    pub(super) fn awaiting_gateway(&self) -> WaitingForGateway {
        let mut waiting = WaitingForGateway::default();
        for open in self.0.values().filter(|open| open.phase == RequestPhase::AwaitingGateway) {
            match open.request.origin {
                Origin::Text { .. } => waiting.texts += 1,
                _ => waiting.notices += 1,
            }
        }
        waiting
    }

    /// Takes a request off the table for whose answer nobody holds the line; false, and it stays, if somebody does.
    pub(super) fn end_patient(&mut self, key: &str) -> bool {
        let is_patient = |open: &OpenRequest| open.request.lifetime.is_some();
        self.0.get(key).is_some_and(is_patient) && self.0.remove(key).is_some()
    }

    fn end_in(&mut self, key: &str, phase: RequestPhase) -> Option<Arc<AgentRequest>> {
        self.0.get(key).filter(|open| open.phase == phase)?;
        self.0.remove(key).map(|open| open.request)
    }

    /// A call is over: its late replies are awaited no more. Gives the keys of those requests.
    pub(super) fn end_call(&mut self, call_id: &str) -> Vec<String> {
        let is_over = |open: &OpenRequest| {
            open.phase == RequestPhase::AwaitingLateReply
                && open.request.origin.call_id() == Some(call_id)
        };
        let keys: Vec<String> =
            self.0.iter().filter(|(_, open)| is_over(open)).map(|(key, _)| key.clone()).collect();
        for key in &keys {
            self.0.remove(key);
        }
        keys
    }

    /// The keys of all.
    pub(super) fn keys(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// When the next message is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.0.values().filter_map(|open| open.phase.due()).min()
    }

    /// The messages that are due by now. Each is given once.
    pub(super) fn tick(
        &mut self,
        now: Instant,
        periods: &Periods,
    ) -> Vec<(Arc<AgentRequest>, TimedMessage)> {
        let mut due = Vec::new();
        for OpenRequest { request, phase } in self.0.values_mut() {
            let RequestPhase::Working { next_progress, still_running_at } = phase else { continue };
            if still_running_at.is_some_and(|at| at <= now) {
                *phase = RequestPhase::AnsweredStillRunning;
                due.push((Arc::clone(request), TimedMessage::StillRunning));
            } else if next_progress.is_some_and(|at| at <= now) {
                let is_first = now.saturating_duration_since(request.received_at)
                    < periods.first_progress + periods.next_progress;
                *next_progress = Some(now + periods.next_progress);
                let message =
                    if is_first { TimedMessage::FirstProgress } else { TimedMessage::Progress };
                due.push((Arc::clone(request), message));
            }
        }
        due
    }

    /// Whether workers are done with all of them.
    pub(super) fn are_workers_done(&self) -> bool {
        let waits = [RequestPhase::AwaitingLateReply, RequestPhase::AwaitingGateway];
        self.0.values().all(|open| waits.contains(&open.phase))
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl RequestPhase {
    /// A worker has it; the times of progress and "still running" count from `now`.
    fn working(origin: &Origin, now: Instant, periods: &Periods) -> Self {
        let gets_progress = matches!(origin, Origin::Call { .. });
        let waits = gets_progress || matches!(origin, Origin::Walkie { .. });
        Self::Working {
            next_progress: gets_progress.then(|| now + periods.first_progress),
            still_running_at: waits.then(|| now + periods.still_running),
        }
    }

    fn due(self) -> Option<Instant> {
        match self {
            Self::Working { next_progress, still_running_at } => {
                sooner(next_progress, still_running_at)
            }
            Self::AwaitingApproval
            | Self::AnsweredStillRunning
            | Self::AwaitingGateway
            | Self::AwaitingLateReply => None,
        }
    }
}
