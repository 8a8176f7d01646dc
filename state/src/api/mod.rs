//! The service's HTTP API: one client, typed errors that know their exit code, retries that never do a thing twice.
//!
//! Endpoints and their types live in the tool that calls them; facts/server.md 3 is the ground of this module.

mod answer;
mod client;
mod error;
mod path;
mod refusal;
mod request;
mod retry;
mod service;
mod telnyx;

pub use answer::Answer;
pub use client::Client;
pub use error::Error;
pub use path::{Path, path};
pub use refusal::Refusal;
pub use request::{Asked, Request};
pub use service::Service;
pub use telnyx::Upstream;

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod error_tests;
