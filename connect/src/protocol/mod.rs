//! The frames of the service: what they say, and nothing of what is done for them.
//!
//! [`incoming`] reads a frame by its [`fields`], each free of what nobody can see ([`sanitize`](mod@sanitize));
//! [`outgoing`] writes one. They use nothing else of this crate, so that the fuzz
//! target can build them alone.

mod fields;
pub(crate) mod incoming;
pub(crate) mod outgoing;
pub(crate) mod sanitize;

pub(crate) use fields::RequestText;

#[cfg(test)]
mod tests;
