//! Replies to a turn that a test dictates as they go over the wire, instead of words of the agent.

use super::core::GatewayInner;
use super::response::tool_result;
use super::turn::AgentReply;
use crate::wire::http::{Delivery, ServerResponse};
use std::time::Duration;

/// What reaches the client; `None` at the end of the gateway.
pub(super) fn deliver(inner: &GatewayInner, reply: AgentReply) -> Option<Delivery> {
    let response = match reply {
        AgentReply::Json(status, body) => ServerResponse::json(status, &body),
        AgentReply::Plain(status, text) => ServerResponse::text(status, &text),
        AgentReply::Details(details) => tool_result(&details),
        AgentReply::Hang => {
            inner.stop.pause(Duration::from_secs(3600));
            return None;
        }
        AgentReply::Cut | AgentReply::Text(_) | AgentReply::Nothing | AgentReply::Failure(_) => {
            return Some(Delivery::Cut);
        }
    };
    Some(Delivery::Whole(response))
}
