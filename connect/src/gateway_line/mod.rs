//! The gateway line: a second WebSocket, to the agent's gateway, on a thread of its own that sleeps until there is something
//! to read, to send, or to give up.
//!
//! [`handle`] is what all other threads have of it: they send requests and listen to turns. The [`thread`](mod@thread) owns the
//! [`connection`]; it connects as a device by the [`handshake`], whose answer is the [`hello`], and comes back after a pause.
//! [`frames`] are what comes in, [`deed`] is what the gate asks about.

mod connection;
pub(crate) mod deed;
pub(crate) mod frames;
pub(crate) mod handle;
mod handshake;
pub(crate) mod hello;
pub(crate) mod thread;
