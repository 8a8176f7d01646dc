//! One turn of the agent, on a worker's thread: clearance, message, gateway, words.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use state::carrier;
use state::do_not_call::{self, Covers, Reach, Why};
use state::exit::Exit;
use state::gateway::Outcome;
use state::phone::Phone;
use state::secret;

use crate::approval::authorize::{AuthorizationResult, authorize};
use crate::approval::state::Authorization;
use crate::calls::Speaker;
use crate::journal::JournalStep;
use crate::opt_outs::{Change, Notice, OptOuts};
use crate::prompts::fence::FenceNonce;
use crate::prompts::turn::Consent;
use crate::prompts::turn::OwnerChannel;
use crate::prompts::{self, phrases};
use crate::report::{Ended, Report, said};
use crate::request::{Request, Said, Way};
use crate::shop::Shop;
use crate::speaker;
use crate::speech;
use crate::status::gateway_health::GatewayHealth;
use crate::transport::outbox::OwnLatency;

/// How long a turn's connection is held at most: a chat has no limit of its own, and hanging up ends the turn.
const HELD: Duration = Duration::from_secs(600);

/// The longest text that is sent back, in characters and in parts (spec 3).
const LONGEST_TEXT: usize = 1_500;

/// Does what a request asks for, and reports how that ended.
pub(crate) fn work(shop: &Arc<Shop>, request: &Request) {
    let speaker = speaker::of(shop, request);
    let ended = match authorize(shop, request, speaker) {
        AuthorizationResult::Granted(authorization) => turn(shop, request, speaker, authorization),
        AuthorizationResult::Refused(said) => Ended::saying(said),
        AuthorizationResult::DryRun => Ended::default(),
    };
    let ended = match &request.way {
        Way::Text { from, .. } => texted(shop, request, from, ended),
        _ => ended,
    };
    shop.report(&request.key, Report::Ended(ended));
}

/// Has the turn. That it takes a clearance is the point: nothing else gets past the guard.
#[expect(
    clippy::needless_pass_by_value,
    reason = "an authorization is good for one turn: it is used up"
)]
fn turn(shop: &Shop, request: &Request, speaker: Speaker, authorization: Authorization) -> Ended {
    let Some(message) = message(shop, request, speaker, &authorization) else {
        return Ended::saying(Said::Fault(phrases::INTERNAL_ERROR));
    };
    let was_asked = authorization.consent() != Consent::NotNeeded;
    let is_noted = shop.journal.append(JournalStep::Dispatched, &request.key, None);
    if !is_noted && (was_asked || request.is_noted) {
        // After a crash its earlier line would say that it never went to the agent.
        return Ended::saying(Said::Reply(phrases::NO_JOURNAL.to_owned()));
    }
    if was_asked {
        shop.report(&request.key, Report::Running);
    }
    let before = request.received.elapsed();
    let outcome = shop.gateway.turn(&request.way.turn(speaker), &message, HELD);
    let held =
        (!was_asked).then(|| OwnLatency { before_gateway: before, ready_at: Instant::now() });
    let run_id = match &outcome {
        Outcome::Accepted { run_id } => run_id.clone(),
        _ => None,
    };
    let said = match (&request.way, &outcome) {
        (Way::Report, _) => None,
        (Way::Text { .. }, Outcome::Reply(reply)) => Some(Said::Reply(reply.clone())),
        (way, outcome) => Some(said(outcome, way)),
    };
    Ended { said, run_id, held, contact: Some(GatewayHealth::of(&outcome)) }
}

/// The message that starts the turn; `None` only if the system has no random numbers to fence words with.
fn message(
    shop: &Shop,
    request: &Request,
    speaker: Speaker,
    authorization: &Authorization,
) -> Option<String> {
    let owner = shop.voice.owner.as_deref();
    let words = authorization.text();
    Some(match (&request.way, speaker) {
        (Way::Call { .. }, Speaker::Owner) => {
            prompts::turn::owner_message(owner, OwnerChannel::Call, authorization.consent(), words)
        }
        (Way::Walkie { .. }, _) => prompts::turn::owner_message(
            owner,
            OwnerChannel::Walkie,
            authorization.consent(),
            words,
        ),
        (Way::Call { call_id, .. }, Speaker::Stranger) => {
            let number = call_id.as_deref().and_then(|call_id| speaker::number(shop, call_id));
            prompts::turn::stranger_message(&FenceNonce::random().ok()?, number.as_ref(), words)
        }
        (Way::Text { from, n_media }, _) => {
            prompts::turn::text_message(&FenceNonce::random().ok()?, from, words, *n_media)
        }
        (Way::Report, _) => words.to_owned(),
    })
}

/// Sends a text back, where there is something to say: only the agent's words are texted, and the refusal of
/// something sensitive. "Still working" and our own troubles are not worth a text.
fn texted(shop: &Arc<Shop>, request: &Request, to: &Phone, ended: Ended) -> Ended {
    let key = &request.key;
    let Ended { said, .. } = &ended;
    match said {
        Some(Said::Reply(reply)) => answer_text(shop, request, to, reply),
        Some(Said::Fault(why)) if ended.run_id.is_none() => {
            shop.log.line(format_args!("{key}: not answered: {why}"));
        }
        Some(Said::Fault(_)) | None => {}
    }
    Ended { said: None, ..ended }
}

/// Texts a reply, once: what may have been sent is never sent again.
pub(crate) fn answer_text(shop: &Arc<Shop>, request: &Request, to: &Phone, reply: &str) {
    let key = &request.key;
    let is_noted = shop.journal.append(JournalStep::Answered, key, Some(reply)) || request.is_noted;
    let text = speech::for_text(reply, LONGEST_TEXT, state::parts::MAX_PARTS);
    if text.is_empty() {
        shop.log.line(format_args!("{key}: nothing to text back"));
        return;
    }
    let Some(service) = &shop.service else {
        let text = json!({"type": "text", "to": to.as_str(), "message": text});
        return shop.report(key, Report::Would(text));
    };
    if let Err(why) = may_text(shop, to) {
        shop.log.line(format_args!("{key}: not texted: {why}"));
        return;
    }
    if !shop.journal.append(JournalStep::SendingSms, key, None) && is_noted {
        // After a crash its earlier lines would have it answered once more.
        shop.log.line(format_args!("{key}: not texted: the journal cannot be written"));
        return;
    }
    let body = json!({"to": to.as_str(), "message": secret::clean(&text)});
    let sent =
        service.post_with_key("/v1/messages/send", body, &reply_key(key)).and_then(|answer| {
            // "sent" is said only of a 2xx with an id.
            answer.text("id").map(str::to_owned)
        });
    match sent {
        Ok(id) => shop.log.line(format_args!("{key}: texted back to {to} as `{id}`")),
        Err(err) if err.exit() == Exit::Unknown => {
            shop.log.line(format_args!("{key}: may have been texted to {to}: {err}"));
        }
        Err(err) => {
            shop.log.line(format_args!("{key}: not texted to {to}: {err}"));
            if carrier::refuses(&err) {
                let change = Change::Put(Why::Carrier, Covers::Texts);
                let (key, at) = (format!("carrier:{key}"), shop.clock.now());
                OptOuts::add(shop, Notice { key, phone: to.clone(), at, change });
            }
        }
    }
    shop.log.debug(|| format!("{key}: {text}"));
}

/// The idempotency key of the reply to a request: the same whoever sends it.
fn reply_key(key: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    "reply-".chars().chain(key.chars().map(allowed)).take(255).collect()
}

/// Whether this number may get a text now.
fn may_text(shop: &Shop, to: &Phone) -> Result<(), String> {
    to.callable().map_err(|fault| fault.to_string())?;
    if shop.opt_outs.forbid(to) {
        return Err(format!("{to} opted out of texts"));
    }
    do_not_call::check(&shop.skill, to, Reach::Text).map_err(|err| state::exit::told(&err))?;
    if shop.texts.take_room(to, Instant::now()) {
        return Ok(());
    }
    Err(format!("{to} got ten replies within an hour"))
}
