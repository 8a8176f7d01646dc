//! What an earlier life left behind: delivered, told as lost, run if nothing was done yet, never run twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::agent;
use crate::desk::Desk;
use crate::events;
use crate::journal::replay::{ReplayedJournal, ReplayedRequest, RequestStage};
use crate::prompts::phrases;
use crate::protocol::incoming::{IncomingFrame, ServiceEvent};
use crate::request::{Request, Way};
use crate::transport::outbox::OutgoingAnswer;
use crate::turns::Wait;

/// Takes up what a journal left open.
pub(crate) fn take_up(desk: &mut Desk, open: ReplayedJournal) {
    for call in open.calls {
        // A body that cannot be read is one of another version: nothing is known of that call.
        if let Ok(known) = serde_json::from_str(&call.body) {
            desk.shop.calls.note(&call.id, |now| *now = known, drop);
        }
    }
    let (now, wall) = (Instant::now(), desk.shop.clock.now());
    for request in open.requests {
        let is_fresh = age(request.at, wall) < desk.shop.periods.queue;
        let is_left = request.stage == RequestStage::Accepted;
        if is_left && (is_fresh || events::opt_out::is_opt_out(&request.frame)) {
            // Nothing was done yet, and whoever asked may still be there; whoever opted out did so for good.
            again(desk, &request);
            continue;
        }
        desk.seen.insert(&request.key, now);
        match &request.stage {
            RequestStage::Done => {}
            RequestStage::Accepted => tell(desk, &request, phrases::WAITED_TOO_LONG),
            RequestStage::AwaitingApproval => tell(desk, &request, phrases::APPROVAL_INTERRUPTED),
            RequestStage::Dispatched => tell(desk, &request, phrases::TURN_INTERRUPTED),
            RequestStage::Answered { body, at } => {
                deliver(desk, &request, body, age(*at, wall), now)
            }
            RequestStage::SendingSms => {
                desk.shop.log.line(format_args!(
                    "{}: its text may have been sent before the restart; it is not sent again",
                    request.key
                ));
                desk.settle(&request.key);
            }
        }
    }
}

/// How old something is. After a start of the machine a clock that was set back makes it new.
fn age(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(at)).unwrap_or_default()
}

fn again(desk: &mut Desk, request: &ReplayedRequest) {
    if let IncomingFrame::Event(event) = IncomingFrame::read(&request.frame) {
        desk.shop.log.line(format_args!("{}: taken up again", request.key));
        events::handle(desk, event, &request.frame);
    }
}

/// Tells whoever asked, in our own words, what became of it.
fn tell(desk: &mut Desk, request: &ReplayedRequest, why: &'static str) {
    desk.shop.log.line(format_args!("{}: left by a restart: {why}", request.key));
    match way(desk, request) {
        Some(Way::Text { from, n_media }) if request.stage == RequestStage::Dispatched => {
            text(desk, &request.key, Way::Text { from, n_media }, why);
        }
        Some(way @ (Way::Call { .. } | Way::Walkie { .. })) => {
            desk.answer_now(&request.key, way, why);
        }
        _ => desk.settle(&request.key),
    }
}

/// Delivers an answer that was ready, for what is left of its lifetime.
fn deliver(desk: &mut Desk, request: &ReplayedRequest, body: &str, age: Duration, now: Instant) {
    let left = desk.shop.periods.answer_lifetime.saturating_sub(age);
    if left.is_zero() {
        desk.shop.log.line(format_args!("{}: expired undelivered", request.key));
        return desk.settle(&request.key);
    }
    desk.shop.log.line(format_args!("{}: answered before the restart", request.key));
    if request.key.starts_with("text:") {
        if let Some(way) = way(desk, request) {
            text(desk, &request.key, way, body);
        }
        return;
    }
    let (key, frame) = (request.key.clone(), body.to_owned());
    desk.outbox.send_reliable(OutgoingAnswer {
        key,
        frame,
        expires_at: now + left,
        own_latency: None,
    });
}

fn text(desk: &mut Desk, key: &str, way: Way, body: &str) {
    let Way::Text { from, .. } = &way else { return };
    let (shop, from, body) = (Arc::clone(&desk.shop), from.clone(), body.to_owned());
    let request = Arc::new(Request::taken_up(key, way));
    let of = Arc::clone(&request);
    desk.run(&request, Wait::Always, move || {
        agent::answer_text(&shop, &of, &from, &body);
        shop.ended(&of.key);
    });
}

/// How a request came, by the frame that the journal kept.
fn way(desk: &Desk, request: &ReplayedRequest) -> Option<Way> {
    match IncomingFrame::read(&request.frame) {
        IncomingFrame::Event(ServiceEvent::DeepToolRequest { request_id, call_id, .. }) => {
            Some(Way::Call { request_id, call_id })
        }
        IncomingFrame::Event(ServiceEvent::WalkieRequest { request_id, .. }) => {
            Some(Way::Walkie { request_id, session: None })
        }
        IncomingFrame::Event(ServiceEvent::SmsReceived(sms)) => {
            let from = sms.from?.parse().ok()?;
            Some(Way::Text { from, n_media: sms.n_media })
        }
        _ => {
            desk.shop.log.line(format_args!("{}: its frame is missing", request.key));
            None
        }
    }
}
