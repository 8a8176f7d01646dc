//! The lifecycle of a mission, as pure functions: what is known of a mission goes in, a decision and its effects come out.
//! There is no request, no file and no clock in here; [`engine`](crate::engine) polls the service and carries the effects
//! out.
//!
//! # From a row to an outcome, and to a retry
//!
//! [`event_status`] reads the outcome of a scheduled event from the service's row, [`retry`] says what follows for the
//! [target](target::MissionTarget), if a kind of recipient was given for it:
//!
//! | outcome | the target is reached | retry: automated | service | professional |
//! |---|---|---|---|---|
//! | `Succeeded`: answered or delivered | yes | – | – | – |
//! | `NoAnswer` | no | in 5–15 min | in 30–120 min | next business day |
//! | `Voicemail` | no | in 5–15 min | in 30–120 min | – (one is enough) |
//! | `Busy` | no | in 10–15 min | in 30–120 min | next business day |
//! | `Failed`, `Rejected` | no | in 5–15 min | in 30–120 min | next business day |
//! | `Canceled`, `Gone` (deleted at the service) | no | – | – | – |
//! | `Stuck` (no end two hours after its time), `Unknown` word | not counted, but perhaps | – | – | – |
//!
//! A target has at most two retries: three tries in all. In an outreach a voicemail is the last, since one message is enough. A retry happens inside the calling window (for a service outside its peak
//! hours too), is scheduled at least 90 seconds ahead, and only while a step is open that it could still help, the run is
//! not paused, and the do-not-call list does not forbid it.
//!
//! # The decision tree
//!
//! [`decide()`] is asked after every poll, and again after its effects were carried out, until it has none:
//!
//! 1. The mission has ended: [finish](finish::finish) what its end needs, then `Over`.
//! 2. The run has ended at the service: end the mission the same way.
//! 3. Log the ends and insights that are new, and a word that opts out and answers a text (also after the end); delete what is scheduled and forbidden or long overdue; [end the
//!    steps](steps::end_steps) all of whose targets are over (completed if one was reached, failed if none was).
//!    Before that the targets of an outreach whose turn it is are [begun](planned), and those dropped that never can be.
//! 4. A step failed, and none of its targets can be reached any more: end the mission as failed (`Fail`).
//! 5. All steps are completed or skipped, all targets over, all insights there: end it as succeeded (`Complete`).
//! 6. A target is to be retried: `Retry`.
//! 7. An event goes on, a retry is unconfirmed, or the run is paused: `Wait`.
//! 8. Otherwise it is the agent's turn: `Continue` with the next step.
//!
//! The end of a mission has its effects in this order: what is scheduled is deleted, the run's status and result, the
//! memory `result`, the archived status, the message to the agent (not if somebody ended it by hand), the cron line.
//!
//! # Words
//!
//! - **unconfirmed**: a request left, or may have left, and its outcome is not known. It is searched for and never repeated.
//! - **next poll**: when the service is asked about an event, its insights or an unconfirmed retry
//!   ([`MissionTarget::next_poll`]; the intervals stand in [`poll_schedule`]).
//! - **tick due**: the time, stored in the mission, from which a tick has something to do whatever its events say.
//! - **next tick**: the earlier of these two; until then a tick leaves the mission alone.
//! - **retry time**: when the call or text of a retry is to happen ([`retry::next_retry`]).

mod action;
mod applied;
pub(crate) mod decide;
mod decision_tree;
mod end;
pub(crate) mod event_status;
mod facts;
pub(crate) mod finish;
mod next_command;
mod pacing;
pub(crate) mod planned;
mod poll_schedule;
mod pushed_fields;
mod replies;
mod retry;
mod rows;
mod stable_hash;
mod steps;
mod summary;
mod target;
mod why_dropped;

pub(crate) use action::{Action, Directive, Effect, MissionDecision};
pub(crate) use applied::{AppliedEffects, PendingRetry};
pub(crate) use decide::decide;
pub(crate) use end::{MissionEnd, RunEnd, StepEnd};
pub(crate) use event_status::{EventOutcome, has_ended, is_pending, trim_row};
pub(crate) use facts::{
    DroppedTarget, MissionFacts, OutreachFacts, PlanStep, PlannedTarget, RunState, StepStatus,
};
pub(crate) use next_command::{MissionIds, command_line, decision_json};
pub(crate) use pacing::Pace;
pub(crate) use poll_schedule::{Activity, later};
pub(crate) use pushed_fields::{merged, unreached_fields};
pub(crate) use retry::Recipient;
pub(crate) use rows::{TargetOutcome, TargetRow, rows};
pub(crate) use target::{
    Answer, CallInsights, EventEnd, MissionTarget, OptOutReply, OutreachTargetFacts, TargetEvent,
    UnconfirmedRetry,
};
pub(crate) use why_dropped::DropReason;

#[cfg(test)]
mod tests;
