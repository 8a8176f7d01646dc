//! The lifecycle of a mission, kept by the program (spec 4): what became of its calls and texts, when to look
//! again, whom to try again, and what to do after each step.
//!
//! Everything here is data in and decisions out: no request, no file, no clock. The module `tick` carries the
//! decisions out.

mod ending;
mod hash;
mod heard;
mod ledger;
mod look;
mod next;
mod plan;
mod retry;
mod target;
mod tree;

pub(crate) use ending::{Outcome, essence, has_ended, is_pending};
pub(crate) use heard::{filled_in, unreached};
pub(crate) use ledger::{Begun, Ending, Ledger, RunEnd, StepEnd};
pub(crate) use look::Seen;
pub(crate) use next::{Names, command, document};
pub(crate) use plan::{Act, Decision, Effect, Plan};
pub(crate) use retry::Recipient;
pub(crate) use target::{Attempt, End, Insights, Target};
pub(crate) use tree::{Facts, Run, Step, StepStatus, decide};

#[cfg(test)]
mod tests;
