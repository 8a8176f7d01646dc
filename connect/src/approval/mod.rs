//! The owner's approval: who needs one, how it is requested, and the proof that a request has it.
//!
//! [`state`] holds the rules and is pure. [`authorize`](mod@authorize) is what a worker does: it classifies the request,
//! requests the approval where one is needed, and waits. Decisions reach it through [`subscriptions`]; where no phone can
//! be reached, [`spoken`] keeps what the owner is to confirm on the call.

pub(crate) mod authorize;
mod plain_yes;
pub(crate) mod refusal;
pub(crate) mod spoken;
pub(crate) mod state;
pub(crate) mod subscriptions;

#[cfg(test)]
mod tests;
