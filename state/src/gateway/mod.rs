//! The agent's gateway: having a turn, reading what came of it, finding a late reply, and looking without touching.
//!
//! facts/gateway.md is the ground: three real versions, no single request that works on all of them. Nothing
//! that may have started a turn is ever sent twice.

mod call;
mod client;
mod form;
mod history;
mod outcome;
mod probe;
mod reply;
mod row;
mod run;
mod session;
mod spoken;
mod target;
mod turn;
mod wire;

pub use client::Client;
pub use form::Form;
pub use outcome::Outcome;
pub use probe::{Allowed, Probe};
pub use reply::{Asked, read};
pub use run::Ended;
pub use session::SessionKey;
pub use target::{Api, Reread, Target};
pub use turn::Turn;

#[cfg(test)]
mod client_tests;
