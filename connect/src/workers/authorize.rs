//! Authorizes a request, or says why not: classifies it, requests the owner's approval where one is needed, and waits for
//! the decision over the socket and by polls at once. Runs on a worker's thread.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use state::api::{self, UrlPath};
use state::approval_status;

use crate::approval::refusal::RefusalReason;
use crate::approval::spoken::AwaitedConfirmation;
use crate::approval::state::{
    ApprovalRequest, Authorization, ClassifiedText, GateResult, Transition, authorize_internal,
    gate,
};
use crate::approval::subscriptions::ApprovalUpdate;
use crate::calls::Speaker;
use crate::journal::JournalStep;
use crate::prompts::caller_phrases;
use crate::shared::answer::AnswerText;
use crate::shared::context::ClientContext;
use crate::shared::request::{AgentRequest, Origin};
use crate::shared::rung::Rung;
use crate::shared::worker_event::WorkerEvent;
use crate::workers::interruption::Interruption;

/// The stack of a thread that polls.
const STACK: usize = 256 << 10;

/// Whether a request may reach the agent.
pub(crate) enum AuthorizationResult {
    /// It may.
    Granted(Authorization),
    /// It may not; this is the answer.
    Refused(AnswerText),
    /// A simulation would request an approval here, and runs nothing.
    DryRun,
}

/// Authorizes a request, or says why not. Waits while the owner decides.
pub(crate) fn authorize(
    context: &Arc<ClientContext>,
    request: &AgentRequest,
    speaker: Speaker,
    interruption: &Interruption,
) -> AuthorizationResult {
    if request.origin == Origin::Internal {
        return AuthorizationResult::Granted(authorize_internal(&request.text));
    }
    let now = Instant::now();
    if let Some(result) = confirmed_on_call(context, request, speaker, now) {
        return result;
    }
    let mut classified = ClassifiedText::of(&request.text, speaker, &context.guard.phrases);
    if speaker == Speaker::Owner && context.rung() == Rung::Gate {
        classified = classified.by_phrases_alone();
    }
    if let Some(why) = classified.why() {
        context.log.debug(|| format!("{}: {why}", request.key));
    }
    let approval = match gate(&context.guard, classified, now + context.guard.timeout) {
        GateResult::Pass(authorization) => return AuthorizationResult::Granted(authorization),
        GateResult::Refuse(reason) => return refuse(context, request, reason),
        GateResult::AskOwner(approval) => approval,
    };
    let Some(service) = &context.service else {
        let expires_in = context.guard.timeout.as_secs();
        let would =
            json!({"type": "approval", "action": approval.action(), "expires_in": expires_in});
        context.notify(&request.key, WorkerEvent::DryRun(would));
        return AuthorizationResult::DryRun;
    };
    context.journal.append(JournalStep::AwaitingApproval, &request.key, None);
    if !context.journal.is_writable() {
        return refuse(context, request, RefusalReason::NoJournal);
    }
    context.notify(&request.key, WorkerEvent::ApprovalRequested);
    context.log.line(format_args!("{}: approval requested", request.key));
    let asking = Asking {
        key: &request.key,
        details: details(&request.origin),
        interruption,
        on_created: &|_| {},
    };
    match request_approval(context, service, approval, &asking) {
        Transition::Approved(authorization) => {
            context.log.line(format_args!("{}: approved", request.key));
            AuthorizationResult::Granted(authorization)
        }
        Transition::Refused(reason) => refuse(context, request, reason),
        Transition::ConfirmAloud(confirmation) => match request.origin.call_id() {
            Some(call_id) => {
                context.log.line(format_args!(
                    "{}: no phone was reached; confirmation requested on the call",
                    request.key
                ));
                let question = caller_phrases::confirm_aloud(confirmation.text());
                let awaited = AwaitedConfirmation::Request(confirmation);
                context.spoken_confirmations.expect(call_id, awaited);
                AuthorizationResult::Refused(AnswerText::Reply(question))
            }
            None => refuse(context, request, RefusalReason::NoDevice),
        },
        // The wait ends with a decision or with the time.
        Transition::Pending(_) => refuse(context, request, RefusalReason::TimedOut),
    }
}

/// Whether this request is the yes to what the owner was asked to confirm on the same call.
fn confirmed_on_call(
    context: &ClientContext,
    request: &AgentRequest,
    speaker: Speaker,
    now: Instant,
) -> Option<AuthorizationResult> {
    let awaited = context.spoken_confirmations.take(&request.key)?;
    let is_owner = speaker == Speaker::Owner;
    let confirmation = match awaited {
        AwaitedConfirmation::Request(confirmation) => confirmation,
        AwaitedConfirmation::Deed(confirmation, waiting) => {
            let authorization =
                is_owner.then(|| confirmation.confirm(&request.text, now)).flatten();
            let is_yes = authorization.is_some();
            // Whoever waited may have given up, and then nothing is done.
            let is_heard = waiting.send(authorization).is_ok();
            let phrase = caller_phrases::heard_yes(is_heard);
            return is_yes
                .then(|| AuthorizationResult::Refused(AnswerText::Reply(phrase.to_owned())));
        }
    };
    let authorization = is_owner.then(|| confirmation.confirm(&request.text, now)).flatten();
    let what = if authorization.is_some() {
        "confirmed on the call"
    } else {
        "no plain yes; the request before it is dropped"
    };
    context.log.line(format_args!("{}: {what}", request.key));
    authorization.map(AuthorizationResult::Granted)
}

/// What an approval belongs to.
pub(crate) struct Asking<'a> {
    /// Its name in the log.
    pub(crate) key: &'a str,
    /// How it came to be asked, for the owner's phone.
    pub(crate) details: &'a str,
    /// What ends the wait early.
    pub(crate) interruption: &'a Interruption,
    /// Called with the service's id of it, before its decision is awaited.
    pub(crate) on_created: &'a dyn Fn(&str),
}

/// Makes the approval at the service and waits for its end. A connection that drops changes nothing: the polls go on.
pub(crate) fn request_approval(
    context: &Arc<ClientContext>,
    service: &api::Client,
    approval: ApprovalRequest,
    asking: &Asking,
) -> Transition {
    let (sender, updates) = mpsc::channel();
    // Before the approval is made: its decision may come before the answer to its creation.
    let _subscription = context.approval_subscriptions.subscribe(sender.clone());
    let left = approval.deadline().saturating_duration_since(Instant::now());
    let body = json!({
        "action": approval.action(),
        "details": asking.details,
        "require_biometric": false,
        // The half second is for the way here.
        "expires_in": (left + Duration::from_millis(500)).as_secs(),
    });
    let created =
        service.clone().with_deadline(left).post("/v1/approvals", body).and_then(|answer| {
            let id = approval_status::created_id(&answer)?.to_owned();
            Ok((id, answer))
        });
    let now = Instant::now();
    let (id, answer) = match &created {
        Ok((id, answer)) => (id.as_str(), answer),
        Err(err) => {
            context.log.line(format_args!("{}: requesting the approval: {err}", asking.key));
            return approval.created(None, now);
        }
    };
    if !context.approval_subscriptions.claim(id) {
        let key = asking.key;
        context.log.line(format_args!("{key}: the service gave two approvals the same id"));
        return approval.created(None, now);
    }
    (asking.on_created)(id);
    let transition = approval.created(Some((id, answer)), now);
    await_decision(context, service, (id, transition), (sender, &updates), asking)
}

/// Waits for the end of an approval that an earlier process made, under this id.
pub(crate) fn resume_approval(
    context: &Arc<ClientContext>,
    service: &api::Client,
    (id, approval): (&str, ApprovalRequest),
    asking: &Asking,
) -> Transition {
    let (sender, updates) = mpsc::channel();
    let _subscription = context.approval_subscriptions.subscribe(sender.clone());
    if !context.approval_subscriptions.claim(id) {
        return approval.created(None, Instant::now());
    }
    await_decision(context, service, (id, approval.resumed(id)), (sender, &updates), asking)
}

/// Polls for the decision while it is awaited over the socket as well.
fn await_decision(
    context: &Arc<ClientContext>,
    service: &api::Client,
    (id, transition): (&str, Transition),
    (sender, updates): (mpsc::Sender<ApprovalUpdate>, &mpsc::Receiver<ApprovalUpdate>),
    asking: &Asking,
) -> Transition {
    if matches!(transition, Transition::Pending(_))
        && let Ok(path) = api::url_path(&["v1", "approvals", id])
    {
        poll(service, path, context.service_clock.scale_period(Duration::from_secs(1)), sender);
    }
    wait(transition, updates, || asking.interruption.why_void(context))
}

/// Waits for the end of an approval; whatever it is, nothing is approved once `why_void` has a reason.
fn wait(
    mut transition: Transition,
    updates: &mpsc::Receiver<ApprovalUpdate>,
    why_void: impl Fn() -> Option<RefusalReason>,
) -> Transition {
    loop {
        if matches!(transition, Transition::Refused(RefusalReason::Denied)) {
            return transition;
        }
        if let Some(reason) = why_void() {
            return Transition::Refused(reason);
        }
        let Transition::Pending(pending) = transition else { return transition };
        let deadline = pending.deadline();
        let left = deadline.saturating_duration_since(Instant::now());
        transition = match updates.recv_timeout(left) {
            Ok(ApprovalUpdate::Decided(decision)) => pending.decided(&decision, Instant::now()),
            Ok(ApprovalUpdate::Polled(answer, service_time)) => {
                pending.polled(&answer, service_time, Instant::now())
            }
            Ok(ApprovalUpdate::Repeated(id)) => pending.repeated(&id),
            Ok(ApprovalUpdate::PollFailed) => pending.at(Instant::now()),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                thread::sleep(deadline.saturating_duration_since(Instant::now()));
                pending.at(deadline)
            }
        };
    }
}

/// Polls the approval on a thread of its own, so that a slow answer never holds up a decision that came over the socket.
/// Ends when nobody listens any more.
fn poll(
    service: &api::Client,
    path: UrlPath,
    pause: Duration,
    sender: mpsc::Sender<ApprovalUpdate>,
) {
    let service = service.clone();
    let poll = move || {
        loop {
            thread::sleep(pause);
            let update =
                service.get(path.clone(), &[]).map_or(ApprovalUpdate::PollFailed, |answer| {
                    ApprovalUpdate::Polled(Box::new(answer), service.service_time())
                });
            if sender.send(update).is_err() {
                return;
            }
        }
    };
    // Without the thread there is still the socket, and the deadline.
    let _ = thread::Builder::new().name("poll".to_owned()).stack_size(STACK).spawn(poll);
}

/// How the request came, for the owner's phone.
fn details(origin: &Origin) -> &'static str {
    match origin {
        Origin::Walkie { .. } => "Asked by push-to-talk",
        Origin::Call { .. } | Origin::Text { .. } | Origin::Internal => "Asked on a phone call",
    }
}

fn refuse(
    context: &ClientContext,
    request: &AgentRequest,
    reason: RefusalReason,
) -> AuthorizationResult {
    context.log.line(format_args!("{}: refused: {reason}", request.key));
    let phrase = match (reason, &request.origin) {
        (RefusalReason::Stranger, Origin::Text { .. }) => caller_phrases::NOT_BY_TEXT,
        (RefusalReason::Stranger, _) => caller_phrases::NOT_FOR_STRANGERS,
        (RefusalReason::Denied, _) => caller_phrases::DENIED,
        (RefusalReason::TimedOut, _) => caller_phrases::TIMED_OUT,
        (RefusalReason::NoDevice, _) => caller_phrases::NO_DEVICE,
        (RefusalReason::NotDelivered, _) => caller_phrases::NOT_DELIVERED,
        (RefusalReason::NotRequested, _) => caller_phrases::APPROVAL_NOT_REQUESTED,
        (RefusalReason::TooLong, _) => caller_phrases::TOO_LONG_TO_APPROVE,
        (RefusalReason::NoJournal, _) => caller_phrases::NO_JOURNAL,
        (RefusalReason::Slept, _) => caller_phrases::MACHINE_SLEPT,
        (RefusalReason::StoppedByOwner, _) => caller_phrases::STOPPED_BY_OWNER,
    };
    AuthorizationResult::Refused(AnswerText::Reply(phrase.to_owned()))
}
