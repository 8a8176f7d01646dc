//! The stub gateway's WebSocket (protocol 4): the challenge and the device's signature, turns by `chat.send`, and the gate that
//! holds what an agent is about to do.
//!
//! [`socket`] serves a connection and lets it in by [`handshake`]; [`methods`] answers its requests. A [`run`] is one turn,
//! which [`turns`] runs one at a time in its session, with an agent that is at [`work`] in its [`workplace`]; what it does passes
//! the [`gate`]. Everything that outlasts a connection is in [`state`].

mod deed;
mod gate;
mod handshake;
mod methods;
mod run;
pub(super) mod socket;
pub(super) mod state;
pub(super) mod turns;
mod work;
mod workplace;

pub use deed::RecordedDeed;
pub use work::AgentWork;
