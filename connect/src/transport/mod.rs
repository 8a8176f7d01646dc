//! The connection to the service, from DNS to delivery: knows frames, and nothing of calls or turns.
//!
//! [`dial`] opens a WebSocket on a thread of its own; [`socket`] reads and writes it; [`connection`] keeps one alive and
//! opens the next after a [`backoff`]; [`outbox`] holds what is to be sent until the service has it.

mod backoff;
pub(crate) mod connection;
pub(crate) mod dial;
pub(crate) mod outbox;
pub(crate) mod socket;
