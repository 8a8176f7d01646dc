//! A service and a gateway so bare that what is measured or tormented is the client between them, not they.
//!
//! The simulator of the harness is faithful and keeps a record of everything; that is too much beside a client that
//! spends a tenth of a millisecond on a turn, or under a flood.

pub(crate) mod agent;
pub(crate) mod book;
pub(crate) mod frame;
pub(crate) mod line;
pub(crate) mod subject;
