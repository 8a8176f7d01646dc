//! The owner's approval: which requests need one, and the proof that a request has it.
//!
//! [`state`] holds the rules, and is pure. The worker that requests an approval and waits for it
//! ([`authorize`](crate::workers::authorize)) gets decisions through [`subscriptions`]; where no phone can be reached,
//! [`spoken`] holds what the owner is to confirm on the call.

pub(crate) mod deed_table;
mod plain_yes;
pub(crate) mod refusal;
pub(crate) mod spoken;
pub(crate) mod state;
pub(crate) mod subscriptions;

#[cfg(test)]
mod tests;
