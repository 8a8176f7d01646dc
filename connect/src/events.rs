//! What is done for each event of the service: one file per event (the table of spec 3).

mod approval;
mod context;
mod deep;
mod ended;
mod mission;
pub(crate) mod opt_out;
mod sms;
mod started;
mod walkie;

use crate::desk::Desk;
use crate::message::Event;

/// Does what an event asks for. `frame` is what it came in.
pub(crate) fn handle(desk: &mut Desk, event: Event, frame: &str) {
    match event {
        Event::ContextRequest { call_id } => context::handle(desk, &call_id),
        Event::CallStarted { call_id, direction } => started::handle(desk, &call_id, direction),
        Event::DeepToolRequest { request_id, call_id, query } => {
            deep::handle(desk, request_id, call_id, query, frame);
        }
        Event::WalkieRequest { request_id, transcript, session_key } => {
            walkie::handle(desk, request_id, transcript, session_key.as_deref(), frame);
        }
        Event::SmsReceived(sms) => sms::handle(desk, sms, frame),
        Event::ApprovalResponded { request_id, decision } => {
            approval::handle(desk, &request_id, &decision);
        }
        Event::CallEnded(ended) => ended::handle(desk, &ended),
        Event::Mission(name, fields) => mission::handle(desk, &name, &fields, frame),
        Event::Other(name) => desk.shop.log.words(|| format!("ignored: {name}")),
    }
}
