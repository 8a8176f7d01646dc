//! A stub of the gateway in which the agent runs, with the replies that were captured from three real versions
//! (`tests/facts/`).
//!
//! [`SimulatedGateway`] is the test's handle on it. Behind it, each connection has a thread that serves
//! requests ([`server`]): `/tools/invoke` by [`tools`], of which `sessions_send` has a file of its own, and
//! `/v1/chat/completions` by [`chat`]. Both let a request in by the rules of [`admission`], and run a [`turn`] of the agent
//! on a thread of its own ([`core`]). The WebSocket is the [`line`](mod@line), which is off unless a test switches it on.

mod admission;
mod chat;
mod core;
mod history;
mod line;
mod line_controls;
mod raw_reply;
mod response;
mod server;
mod sessions_send;
mod simulated;
#[cfg(test)]
mod tests;
mod tools;
mod turn;
mod version;

pub use core::{GatewayLog, TOKEN};
pub use line::{AgentWork, RecordedDeed};
pub use simulated::SimulatedGateway;
pub use turn::{AgentReply, RecordedTurn, TurnApi};
pub use version::GatewayVersion;
