//! The approval at the deed: each deed that the gate holds is put to the owner once, and the gate hears what came of it. Only an
//! approval, for that deed and in time, lets it through.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use state::sanitize;

use crate::approval::deed_table::{DeedWord, KnownDeed};
use crate::approval::refusal::RefusalReason;
use crate::approval::spoken::AwaitedConfirmation;
use crate::approval::state::{ApprovalRequest, SpokenConfirmation, Transition};
use crate::gateway_line::deed::{Deed, NotDone};
use crate::gateway_line::handle::LineFault;
use crate::journal::JournalStep;
use crate::prompts::caller_phrases;
use crate::shared::context::ClientContext;
use crate::shared::request::{AgentRequest, Origin};
use crate::shared::worker_event::WorkerEvent;
use crate::speech;
use crate::workers::authorize::{Asking, request_approval, resume_approval};
use crate::workers::interruption::Interruption;

/// The stack of a thread that asks.
const STACK: usize = 256 << 10;
/// The gate hears the word so long before it gives up.
const SPARE: Duration = Duration::from_secs(5);
/// One request to the gateway.
const WITHIN: Duration = Duration::from_secs(10);
/// An action that is spoken is cut here; the phone has it whole.
const LONGEST_SPOKEN: usize = 160;

/// The journal's name of a deed.
pub(crate) fn journal_key(deed_id: &str) -> String {
    format!("held:{deed_id}")
}

/// Takes up a deed that the gate named, on a thread of its own. One that is being asked about is left alone, and of one that
/// was decided the gate is told again.
pub(crate) fn take_up(context: &Arc<ClientContext>, deed: Deed) {
    let known = context.deeds.begin(&deed.id);
    if known == KnownDeed::Open {
        return;
    }
    let context = Arc::clone(context);
    let thread = thread::Builder::new().name("deed".to_owned()).stack_size(STACK);
    // Without a thread nobody is asked, and the gate lets nothing through.
    let _ = thread.spawn(move || match known {
        KnownDeed::Decided(word) => tell_gate(&context, &deed, word),
        known => handle(&context, &deed, known),
    });
}

/// Asks about a deed, one at a time, and tells the gate and the caller what came of it.
fn handle(context: &Arc<ClientContext>, deed: &Deed, known: KnownDeed) {
    let _turn = context.deeds.wait_for_turn();
    let request = context.phone_session.request();
    let held = AskedDeed { context, deed, request: request.as_deref() };
    let word = held.decide(known);
    context.deeds.decide(&deed.id, word);
    let what = match word {
        DeedWord::Allow => "approved",
        DeedWord::Deny(why) => why.word(),
    };
    context.log.line(format_args!("{}: {what}", deed.id));
    // First to the caller: what the agent does next may be told at once.
    held.tell(|origin| WorkerEvent::DeedDecided(origin, phrase(word)));
    tell_gate(context, deed, word);
}

/// Tells the gate. One that does not hear it asks again when the line is back.
fn tell_gate(context: &ClientContext, deed: &Deed, word: DeedWord) {
    let params = match word {
        DeedWord::Allow => json!({"id": deed.id, "decision": "allow-once"}),
        DeedWord::Deny(why) => {
            json!({"id": deed.id, "decision": "deny", "reason": why.word()})
        }
    };
    match context.line().request("clawdtalk.gate.decide", params, WITHIN) {
        Ok(_) => {}
        Err(LineFault::Refused(refused)) => {
            let words = refused.words;
            context.log.line(format_args!("{}: the gate holds it no more: {words}", deed.id));
        }
        Err(LineFault::NotSent | LineFault::Unanswered) => return,
    }
    context.journal.append(JournalStep::Done, &journal_key(&deed.id), None);
}

/// A deed, and the request that it belongs to as far as that is known.
struct AskedDeed<'a> {
    context: &'a Arc<ClientContext>,
    deed: &'a Deed,
    request: Option<&'a AgentRequest>,
}

impl AskedDeed<'_> {
    /// What may become of the deed, of which so much is known.
    fn decide(&self, known: KnownDeed) -> DeedWord {
        let Self { context, deed, request } = self;
        let deny = DeedWord::Deny;
        let Some(action) = &deed.action else { return deny(NotDone::TooLong) };
        let Some(service) = &context.service else { return deny(NotDone::Unaskable) };
        let now = Instant::now();
        let gate_ends = deed.until.checked_sub(SPARE).unwrap_or(now);
        let deadline = gate_ends.min(now + context.guard.timeout);
        if deadline <= now {
            return deny(NotDone::Unaskable);
        }
        let interruption = Interruption::watch(context);
        let key = journal_key(&deed.id);
        let details = details(*request);
        let on_created = |id: &str| {
            context.journal.append(JournalStep::Pushed, &key, Some(id));
        };
        let asking = Asking {
            key: &deed.id,
            details: &details,
            interruption: &interruption,
            on_created: &on_created,
        };
        let shown = if deed.acts_later {
            format!("{action} (will act later without asking)")
        } else {
            action.clone()
        };
        let approval =
            ApprovalRequest::of_deed((&deed.id, &shown), deadline, context.guard.no_device);
        let turn = request.map_or(deed.root.as_str(), |request| request.key.as_str());
        let transition = match known {
            // It may have been pushed: a second push for it would be one too many.
            KnownDeed::Earlier(None) => return deny(NotDone::Unaskable),
            KnownDeed::Earlier(Some(id)) => {
                resume_approval(context, service, (&id, approval), &asking)
            }
            KnownDeed::New | KnownDeed::Open | KnownDeed::Decided(_) => {
                if let Err(why) = context.deeds.admit(turn, now) {
                    return deny(why);
                }
                if !context.journal.append(JournalStep::Accepted, &key, Some(&shown)) {
                    return deny(NotDone::Unaskable);
                }
                context.log.line(format_args!("{}: held; approval requested", deed.id));
                let words = caller_phrases::deed_held(&spoken(action));
                self.tell(|origin| WorkerEvent::DeedHeld(origin, words));
                request_approval(context, service, approval, &asking)
            }
        };
        match transition {
            Transition::Approved(authorization) if authorization.text() == deed.id => {
                DeedWord::Allow
            }
            Transition::ConfirmAloud(confirmation) => self.confirm_aloud(confirmation, action),
            Transition::Refused(reason) => {
                if reason == RefusalReason::Denied {
                    context.deeds.deny_turn(turn);
                }
                deny(not_done(reason))
            }
            Transition::Pending(_) | Transition::Approved(_) => deny(NotDone::Unanswered),
        }
    }

    /// Asks on the call, whose next request decides.
    fn confirm_aloud(&self, confirmation: SpokenConfirmation, action: &str) -> DeedWord {
        let call_id = self.request.and_then(|request| request.origin.call_id());
        let Some(call_id) = call_id.filter(|id| !self.context.calls.get(id).ended) else {
            return DeedWord::Deny(NotDone::Unaskable);
        };
        let (sender, answer) = mpsc::channel();
        let awaited = AwaitedConfirmation::Deed(confirmation, sender);
        self.context.spoken_confirmations.expect(call_id, awaited);
        let words = caller_phrases::confirm_deed_aloud(&spoken(action));
        self.tell(|origin| WorkerEvent::DeedHeld(origin, words));
        let until = self.deed.until.checked_sub(SPARE).unwrap_or_else(Instant::now);
        match answer.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Some(authorization)) if authorization.text() == self.deed.id => DeedWord::Allow,
            Ok(_) => DeedWord::Deny(NotDone::Denied),
            Err(_) => DeedWord::Deny(NotDone::Unanswered),
        }
    }

    /// Tells the caller, if there is one.
    fn tell(&self, event: impl FnOnce(Origin) -> WorkerEvent) {
        if let Some(request) = self.request {
            self.context.notify(&request.key, event(request.origin.clone()));
        }
    }
}

/// What the phone says beside the action: the request that it belongs to.
fn details(request: Option<&AgentRequest>) -> String {
    let Some(request) = request else { return "Your agent, in a turn from before".to_owned() };
    let how = match request.origin {
        Origin::Walkie { .. } => "Asked by push-to-talk",
        Origin::Call { .. } | Origin::Text { .. } | Origin::Internal => "Asked on a phone call",
    };
    let words = sanitize::judgeable_line(&request.text);
    let words: String = words.chars().take(200).collect();
    // One from before a restart is known without its words.
    if words.is_empty() { how.to_owned() } else { format!("{how}: {words}") }
}

fn spoken(action: &str) -> String {
    let spoken = speech::speakable(action);
    match spoken.char_indices().nth(LONGEST_SPOKEN) {
        Some((end, _)) => format!("{} and so on", &spoken[..end]),
        None => spoken,
    }
}

fn not_done(reason: RefusalReason) -> NotDone {
    match reason {
        RefusalReason::Denied => NotDone::Denied,
        RefusalReason::TimedOut => NotDone::Unanswered,
        RefusalReason::TooLong => NotDone::TooLong,
        RefusalReason::Stranger
        | RefusalReason::NoDevice
        | RefusalReason::NotDelivered
        | RefusalReason::NotRequested
        | RefusalReason::NoJournal
        | RefusalReason::Slept
        | RefusalReason::StoppedByOwner => NotDone::Unaskable,
    }
}

/// What the caller hears of it.
fn phrase(word: DeedWord) -> &'static str {
    match word {
        DeedWord::Allow => caller_phrases::DEED_APPROVED,
        DeedWord::Deny(NotDone::Denied | NotDone::DeniedBefore) => caller_phrases::DENIED,
        DeedWord::Deny(NotDone::Unanswered) => caller_phrases::TIMED_OUT,
        DeedWord::Deny(NotDone::Unaskable) => caller_phrases::APPROVAL_NOT_REQUESTED,
        DeedWord::Deny(NotDone::TooMany) => caller_phrases::TOO_MANY_DEEDS,
        DeedWord::Deny(NotDone::TooLong) => caller_phrases::TOO_LONG_TO_APPROVE,
    }
}
