//! HTTP for all tools: one client with one set of limits, which tells of every failed request whether it was sent.
//!
//! The only place that uses ureq. [`crate::api`] (the service) and [`crate::gateway`] are built on it; `connect` dials its
//! WebSocket with [`tls::client_config`] and [`proxy::proxy_for`].
//!
//! A connection is made by a chain of connectors: TCP, a proxy's tunnel, TLS, one that sends head and body of a request
//! in one piece, one whose input grows with the head of a response, and innermost one that records when the first byte of
//! a request is written.

pub mod backoff;
mod client;
mod coalesce;
mod growing_input;
mod host;
pub(crate) mod limits;
mod net_error;
mod pinned;
pub mod proxy;
mod request;
mod resolver;
mod response;
#[cfg(test)]
mod response_tests;
mod sent_marker;
#[cfg(test)]
pub(crate) mod test_server;
pub mod tls;
mod tunnel;

pub use client::{HttpClient, ProxyUse, SendError};
pub use net_error::NetError;
pub use pinned::TrustedCertificates;
pub use request::{HttpRequest, Method};
pub use response::{Response, retry_after};
