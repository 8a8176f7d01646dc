//! What a worker does for a request: authorizes it, has the turn of the agent, and makes its outcome the answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use state::gateway::TurnOutcome;
use state::phone::Phone;

use crate::approval::refusal::RefusalReason;
use crate::approval::state::Authorization;
use crate::calls::Speaker;
use crate::journal::JournalStep;
use crate::prompts::caller_phrases;
use crate::prompts::fence::FenceNonce;
use crate::prompts::phone_display::display;
use crate::prompts::stranger_record::stranger_record;
use crate::prompts::turn::{Consent, OwnerChannel, owner_message, stranger_message, text_message};
use crate::shared::answer::AnswerText;
use crate::shared::context::ClientContext;
use crate::shared::request::{AgentRequest, Origin};
use crate::shared::worker_event::{TurnResult, WorkerEvent};
use crate::status::gateway_health::GatewayHealth;
use crate::workers::authorize::{AuthorizationResult, authorize};
use crate::workers::interruption::Interruption;
use crate::workers::line_session::LineSession;
use crate::workers::line_turn::{LineOutcome, LineTurn};
use crate::workers::sms_reply::send_reply;
use crate::workers::speaker;

/// How long a turn's connection is held at most: a chat has no limit of its own, and hanging up ends the turn.
const LONGEST_TURN: Duration = Duration::from_secs(600);

/// Handles a request to its end, which goes to the loop thread as an event.
pub(crate) fn handle(context: &Arc<ClientContext>, request: &AgentRequest) {
    let speaker = speaker::identify(context, request);
    let interruption = Interruption::watch(context);
    let result = match authorize(context, request, speaker, &interruption) {
        AuthorizationResult::Granted(authorization) => {
            take_turn(context, request, (speaker, &interruption), authorization)
        }
        AuthorizationResult::Refused(answer) => TurnResult::without_turn(answer),
        AuthorizationResult::DryRun => TurnResult::default(),
    };
    let result = match &request.origin {
        // Its end was reported when the owner stopped everything.
        Origin::Text { .. } if interruption.is_stopped(context) => TurnResult::default(),
        Origin::Text { from, .. } if !result.awaits_gateway => {
            text_answer(context, request, from, result)
        }
        _ => result,
    };
    context.notify(&request.key, WorkerEvent::Finished(result));
}

/// Has the turn. It takes an authorization, and uses it up: nothing else reaches the agent.
#[expect(
    clippy::needless_pass_by_value,
    reason = "an authorization is good for one turn: it is used up"
)]
fn take_turn(
    context: &Arc<ClientContext>,
    request: &AgentRequest,
    (speaker, interruption): (Speaker, &Interruption),
    authorization: Authorization,
) -> TurnResult {
    let is_held = matches!(authorization.consent(), Consent::AtTheDeed { .. });
    let was_approved = !is_held && authorization.consent() != Consent::NotNeeded;
    // What was approved before the turn is not asked about once more at the deed.
    let session =
        (!was_approved).then(|| LineSession::take(context, request, speaker, is_held)).flatten();
    let consent = match &session {
        Some(session) if is_held => Consent::AtTheDeed { has_main: session.has_main() },
        _ => authorization.consent(),
    };
    let Some(message) = message(context, request, speaker, (authorization.text(), consent)) else {
        return TurnResult::without_turn(AnswerText::Error(caller_phrases::INTERNAL_ERROR));
    };
    // At the last moment: between the yes and here the machine may have slept as well.
    let why_void = interruption.why_void(context);
    let is_void = if was_approved { why_void.is_some() } else { interruption.is_stopped(context) };
    if is_void && request.origin != Origin::Internal {
        let slept = why_void == Some(RefusalReason::Slept);
        let phrase =
            if slept { caller_phrases::MACHINE_SLEPT } else { caller_phrases::STOPPED_BY_OWNER };
        return TurnResult::without_turn(AnswerText::Error(phrase));
    }
    let line_turn = session
        .as_ref()
        .map(|session| LineTurn::new(&context.line(), &request.key, session.key(), &message));
    let body = line_turn.as_ref().map(LineTurn::to_json);
    let is_journaled =
        context.journal.append(JournalStep::Dispatched, &request.key, body.as_deref());
    if !is_journaled && (was_approved || request.is_journaled) {
        // After a crash its earlier line would say that it never went to the agent.
        return TurnResult {
            answer: Some(AnswerText::Reply(caller_phrases::NO_JOURNAL.to_owned())),
            log_line: Some("refused: the journal cannot be written".to_owned()),
            ..TurnResult::default()
        };
    }
    if was_approved {
        context.notify(&request.key, WorkerEvent::TurnStarted);
    }
    let outcome = match (line_turn, session) {
        (Some(turn), Some(LineSession::Record(_))) => turn.tell(context),
        (Some(turn), Some(session)) => {
            let until = Instant::now() + LONGEST_TURN;
            match turn.run(context, &request.key, session.interrupts(), until) {
                LineOutcome::Ended(outcome) => {
                    if matches!(session, LineSession::Stranger(_)) {
                        record_stranger(context, request, &outcome);
                    }
                    outcome
                }
                other => return without_outcome(&other),
            }
        }
        _ => context.gateway.run_turn(&request.origin.turn_kind(speaker), &message, LONGEST_TURN),
    };
    result(context, request, outcome)
}

/// What a turn comes to that ended as turns end.
fn result(context: &ClientContext, request: &AgentRequest, outcome: TurnOutcome) -> TurnResult {
    let health = GatewayHealth::of(&outcome, context.gateway.base());
    let awaits_gateway = request.lifetime.is_some() && outcome.is_gateway_down();
    if awaits_gateway {
        // Before anything else: after a crash its earlier line would say that it may have run.
        context.journal.append(JournalStep::Unsent, &request.key, None);
    }
    TurnResult {
        awaits_gateway,
        log_line: log_line(&request.origin, &outcome, &health),
        gateway_health: Some(health),
        answer: answer(&request.origin, &outcome),
        run_id: match outcome {
            TurnOutcome::Accepted { run_id } => run_id,
            _ => None,
        },
    }
}

/// What a turn by the line comes to that another one broke off, or that nobody knows of any more.
fn without_outcome(outcome: &LineOutcome) -> TurnResult {
    let (phrase, line) = match outcome {
        LineOutcome::BrokenOff => (caller_phrases::BROKEN_OFF, "broken off by another request"),
        _ => (caller_phrases::TURN_LOST, "lost: the gateway was restarted and does not know it"),
    };
    TurnResult {
        answer: Some(AnswerText::Error(phrase)),
        log_line: Some(line.to_owned()),
        ..TurnResult::default()
    }
}

/// Goes on with a turn that an earlier process sent by the line. Its end goes to the loop thread as an event.
pub(crate) fn resume(context: &Arc<ClientContext>, request: &AgentRequest, turn: &LineTurn) {
    let until = Instant::now() + context.periods.queue;
    let _session = context.phone_session.take(&Arc::new(request.clone()), until);
    let result = match turn.resume(context, &request.key, Instant::now() + LONGEST_TURN) {
        LineOutcome::Ended(outcome) => result(context, request, outcome),
        other => without_outcome(&other),
    };
    let result = match &request.origin {
        Origin::Text { from, .. } => text_answer(context, request, from, result),
        _ => result,
    };
    context.notify(&request.key, WorkerEvent::Finished(result));
}

/// Tells the agent's main conversation of a turn with a stranger that ran apart from it.
fn record_stranger(context: &ClientContext, request: &AgentRequest, outcome: &TurnOutcome) {
    let (TurnOutcome::Reply(reply), Ok(nonce)) = (outcome, FenceNonce::random()) else { return };
    let who = match &request.origin {
        Origin::Text { from, .. } => format!("a text came from {}", display(from)),
        _ => "somebody else spoke on a call".to_owned(),
    };
    let record = stranger_record(&nonce, &who, &request.text, reply);
    context.notify(&request.key, WorkerEvent::Record(record));
}

/// The answer to a turn. That of a text is the reply as it is, which is made a text when it is sent.
fn answer(origin: &Origin, outcome: &TurnOutcome) -> Option<AnswerText> {
    match (origin, outcome) {
        (Origin::Internal, _) => None,
        (Origin::Text { .. }, TurnOutcome::Reply(reply)) => Some(AnswerText::Reply(reply.clone())),
        (origin, outcome) => Some(AnswerText::for_outcome(outcome, origin.can_follow_up())),
    }
}

/// What the log says of a turn; `None` where the sending of its reply says it.
fn log_line(origin: &Origin, outcome: &TurnOutcome, health: &GatewayHealth) -> Option<String> {
    if let Some(problem) = &health.problem {
        return Some(problem.clone());
    }
    match (origin, outcome) {
        (Origin::Internal, _) => Some("passed to the agent".to_owned()),
        (Origin::Text { .. }, TurnOutcome::Reply(_)) => None,
        (_, TurnOutcome::Reply(_)) => Some("reply ready".to_owned()),
        (_, outcome) => Some(outcome.to_string()),
    }
}

/// The message that starts the turn; `None` only if the system has no random numbers to fence words with.
fn message(
    context: &ClientContext,
    request: &AgentRequest,
    speaker: Speaker,
    (text, consent): (&str, Consent),
) -> Option<String> {
    let owner = context.voice.owner.as_deref();
    Some(match (&request.origin, speaker) {
        (Origin::Call { .. }, Speaker::Owner) => {
            owner_message(owner, OwnerChannel::Call, consent, text)
        }
        (Origin::Walkie { .. }, _) => owner_message(owner, OwnerChannel::Walkie, consent, text),
        (Origin::Call { call_id, .. }, Speaker::Stranger) => {
            let number =
                call_id.as_deref().and_then(|call_id| speaker::dialled_number(context, call_id));
            stranger_message(&FenceNonce::random().ok()?, number.as_ref(), text)
        }
        (Origin::Text { from, n_media }, _) => {
            text_message(&FenceNonce::random().ok()?, from, text, *n_media)
        }
        (Origin::Internal, _) => text.to_owned(),
    })
}

/// Texts the answer to a text: only the agent's words, and the refusal of something sensitive. "Still running" and our own
/// errors are not worth a text.
fn text_answer(
    context: &Arc<ClientContext>,
    request: &AgentRequest,
    to: &Phone,
    result: TurnResult,
) -> TurnResult {
    match &result.answer {
        Some(AnswerText::Reply(reply)) => {
            context.journal.append(JournalStep::Answered, &request.key, Some(reply));
            send_reply(context, request, to, reply);
        }
        Some(AnswerText::Error(why)) if result.run_id.is_none() => {
            context.log.line(format_args!("{}: not answered: {why}", request.key));
        }
        Some(AnswerText::Error(_)) | None => {}
    }
    TurnResult { answer: None, ..result }
}
