//! The simulator of the ClawdTalk service: HTTP `/v1/*` and the WebSocket `/ws` on one loopback port.
//!
//! [`SimulatedService`] is the test's handle on it. Behind it, each connection has a thread that serves
//! requests ([`server`]): a request gets what the test wants in its place, or goes by [`routes`] to one of the [`endpoints`],
//! which read and change the rows of the account ([`store`]). A row may put a task for later on the [`agenda`]; one more
//! thread keeps the time and lets the tasks that are due happen ([`timeline`]). Events for the client go out on the
//! [`socket`]. Everything that comes in is on record ([`crate::recording`]).

mod agenda;
mod endpoints;
pub mod event;
mod outcome;
mod refusal;
mod request;
mod routes;
mod script;
mod server;
mod settings;
mod simulated;
mod socket;
mod store;
#[cfg(test)]
mod tests;
mod timeline;

pub use crate::faults::RequestFault;
pub use outcome::SimulatedOutcome;
pub(crate) use refusal::refusal;
pub use settings::{InsightsShape, KEY, NUMBER, OWNER, ServiceSettings, SimulatedOwner};
pub use simulated::SimulatedService;
pub use store::ServiceTable;
