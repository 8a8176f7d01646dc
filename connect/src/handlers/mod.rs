//! What is done for each event of the service: one file per event, each with one `handle`, on the loop thread.
//!
//! [`greeting`] and [`sms_keywords`] are what two of them do alike.

mod approval_responded;
mod call_ended;
mod call_started;
mod context_request;
pub(crate) mod deep_tool_request;
mod greeting;
mod mission;
pub(crate) mod sms_keywords;
mod sms_received;
mod walkie_request;

use crate::protocol::incoming::ServiceEvent;
use crate::requests::dispatcher::Dispatcher;

/// Does what an event asks for. `frame` is what it came in.
pub(crate) fn handle(dispatcher: &mut Dispatcher, event: ServiceEvent, frame: &str) {
    match event {
        ServiceEvent::ContextRequest { call_id } => context_request::handle(dispatcher, &call_id),
        ServiceEvent::CallStarted { call_id, direction } => {
            call_started::handle(dispatcher, &call_id, direction);
        }
        ServiceEvent::DeepToolRequest { request_id, call_id, query } => {
            deep_tool_request::handle(dispatcher, request_id, call_id, query, frame);
        }
        ServiceEvent::WalkieRequest { request_id, transcript, session_key } => {
            let session_key = session_key.as_deref();
            walkie_request::handle(dispatcher, request_id, transcript, session_key, frame);
        }
        ServiceEvent::SmsReceived(sms) => sms_received::handle(dispatcher, &sms, frame),
        ServiceEvent::ApprovalResponded(decision) => {
            approval_responded::handle(dispatcher, &decision);
        }
        ServiceEvent::CallEnded(ended) => call_ended::handle(dispatcher, &ended),
        ServiceEvent::Mission(name, fields) => mission::handle(dispatcher, &name, &fields, frame),
        ServiceEvent::Other(name) => dispatcher.context.log.debug(|| format!("ignored: {name}")),
    }
}
