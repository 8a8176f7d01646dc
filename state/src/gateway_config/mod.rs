//! The gateway's own configuration: finding it, reading it as the gateway does, and what it says to a client.

pub mod json5;
pub mod tokens;
