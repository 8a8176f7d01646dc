//! Events from a worker to the loop thread: how far a request has come, and how it ended.

use serde_json::Value;
use state::gateway::TurnOutcome;

use super::answer::AnswerText;
use super::request::Origin;
use crate::status::gateway_health::GatewayHealth;

/// What happened to a request on a worker's thread.
#[derive(Debug)]
pub(crate) enum WorkerEvent {
    /// The owner's approval is being requested.
    ApprovalRequested,
    /// The owner approved, and the request goes to the gateway.
    TurnStarted,
    /// The agent said this on the way, or came further: worth saying while the caller waits.
    Progress(String),
    /// A deed of this request is put to the owner; the words for the caller. The request itself may have ended.
    DeedHeld(Origin, String),
    /// What came of it.
    DeedDecided(Origin, &'static str),
    /// A stranger's turn that ran apart is told to the agent's main conversation.
    Record(String),
    /// The line to the gateway stands in another way.
    LineChanged,
    /// The work has ended.
    Finished(TurnResult),
    /// The work panicked.
    Panicked,
    /// The gateway is back, for a request that waited for it.
    GatewayBack,
    /// The gateway did not come back while the request was worth its answer.
    GatewayAwaitedTooLong,
    /// In a simulation: what would have been done.
    DryRun(Value),
    /// The run ended after the wait for it was over; `None` if no reply came in time.
    LateReply(Option<TurnOutcome>),
}

/// How the work for a request ended.
#[derive(Debug, Default)]
pub(crate) struct TurnResult {
    /// The answer; `None` if it has been given already, or nobody waits for one.
    pub(crate) answer: Option<AnswerText>,
    /// The run whose reply may still come.
    pub(crate) run_id: Option<String>,
    /// What the turn showed of the gateway; `None` without a turn.
    pub(crate) gateway_health: Option<GatewayHealth>,
    /// Nothing was sent, since the gateway is down: the request waits until it is back.
    pub(crate) awaits_gateway: bool,
    /// The line still to be written to the log; `None` if it was written already.
    pub(crate) log_line: Option<String>,
}

impl TurnResult {
    /// Ended without a turn, with this answer.
    pub(crate) fn without_turn(answer: AnswerText) -> Self {
        let log_line = match &answer {
            AnswerText::Error(why) => Some(format!("not passed to the agent: {why}")),
            // A refusal, which the log has.
            AnswerText::Reply(_) => None,
        };
        Self { answer: Some(answer), log_line, ..Self::default() }
    }
}
