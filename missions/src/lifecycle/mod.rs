//! The lifecycle of a mission, kept by the program (spec 4): what became of its calls and texts, when to look
//! again, whom to try again, and what to do after each step.
//!
//! Everything here is data in and decisions out: no request, no file, no clock. `tick`, `next` and `watch` carry
//! the decisions out; wiring them to the commands is in progress.

mod ending;
mod hash;
mod ledger;
mod look;
mod next;
mod plan;
mod retry;
mod target;
mod tree;

#[cfg(test)]
mod tests;
