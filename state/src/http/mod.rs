//! HTTP for all tools: one client with one set of limits, which tells of every failed request whether it was sent.
//!
//! The only place that uses ureq. [`crate::api`] (the service) and [`crate::gateway`] are built on it; a WebSocket is opened
//! over [`Endpoint::connect`], as all connections are.

pub mod backoff;
mod client;
mod endpoint;
mod net_error;
mod pinned;
mod proxy;
mod request;
mod response;
#[cfg(test)]
mod response_tests;
mod stream;
#[cfg(test)]
pub(crate) mod test_server;
mod tls;
mod transport;

pub use client::{HttpClient, SendError};
pub use endpoint::Endpoint;
pub use net_error::{NetError, io_error_text};
pub use pinned::TrustedCertificates;
pub use request::{HttpRequest, Method};
pub use response::{Response, retry_after};
pub use stream::Stream;
