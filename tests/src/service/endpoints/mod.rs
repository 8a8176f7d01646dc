//! The endpoints of the service: each takes a request that was let in, reads or changes the rows, and gives the response.

#![expect(clippy::unnecessary_wraps, reason = "every endpoint has the one signature")]

pub(crate) mod account;
pub(crate) mod approvals;
pub(crate) mod assistants;
pub(crate) mod calls;
pub(crate) mod insights;
pub(crate) mod messages;
pub(crate) mod missions;
pub(crate) mod numbers;
pub(crate) mod plan;
pub(crate) mod runs;
pub(crate) mod scheduled;
