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
use crate::protocol::incoming::ServiceEvent;

/// Does what an event asks for. `frame` is what it came in.
pub(crate) fn handle(desk: &mut Desk, event: ServiceEvent, frame: &str) {
    match event {
        ServiceEvent::ContextRequest { call_id } => context::handle(desk, &call_id),
        ServiceEvent::CallStarted { call_id, direction } => {
            started::handle(desk, &call_id, direction)
        }
        ServiceEvent::DeepToolRequest { request_id, call_id, query } => {
            deep::handle(desk, request_id, call_id, query, frame);
        }
        ServiceEvent::WalkieRequest { request_id, transcript, session_key } => {
            walkie::handle(desk, request_id, transcript, session_key.as_deref(), frame);
        }
        ServiceEvent::SmsReceived(sms) => sms::handle(desk, sms, frame),
        ServiceEvent::ApprovalResponded { request_id, decision } => {
            approval::handle(desk, &request_id, &decision);
        }
        ServiceEvent::CallEnded(ended) => ended::handle(desk, &ended),
        ServiceEvent::Mission(name, fields) => mission::handle(desk, &name, &fields, frame),
        ServiceEvent::Other(name) => desk.shop.log.debug(|| format!("ignored: {name}")),
    }
}
