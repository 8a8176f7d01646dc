//! A service and a gateway so small that what is measured or tormented is the client between them, not they.
//!
//! The simulators of the harness are faithful and record everything; that is too much beside a client that spends a tenth of
//! a millisecond on a turn, or under a flood.

pub(crate) mod connection;
pub(crate) mod gateway;
pub(crate) mod process;
pub(crate) mod turn_times;
