//! The frames of the service: what they say, and nothing of what is done for them.
//!
//! [`incoming`] reads a frame by its [`fields`], each free of what nobody can see ([`sanitize`](mod@sanitize));
//! [`outgoing`] writes one. Of this crate they use nothing else.

mod fields;
pub(crate) mod incoming;
pub(crate) mod outgoing;
pub(crate) mod sanitize;

pub(crate) use fields::RequestText;

#[cfg(test)]
mod tests;
