//! Calls: what is known of each, and whose words are whose on it.
//!
//! [`state`] is what the service's events and answers say; [`speaker`] makes of that, and of the calls that our own `call`
//! placed, who speaks.

pub(crate) mod speaker;
mod state;

pub(crate) use state::{CallState, Calls, Speaker};
