//! What becomes of a request, from its acceptance to the delivery of its answer.
//!
//! [`request`] and [`answer`] are what is asked and what comes back; [`worker_event`] is how a worker tells the loop thread.
//! [`dispatcher`] accepts a request and hands it to the [`workers`]; [`completion`] takes its end and gives the one answer;
//! [`timers`] tells what time brings: progress, "still running", expiry. [`open_requests`] knows where each stands, [`dedup`]
//! which were seen before, [`late_replies`] looks for what comes after the wait, [`help_notices`] collects texts with HELP.
//!
//! All but the workers' side of [`workers`] and [`late_replies`] runs on the loop thread, without locks.

pub(crate) mod answer;
pub(crate) mod completion;
mod dedup;
pub(crate) mod dispatcher;
mod help_notices;
mod late_replies;
mod open_requests;
pub(crate) mod request;
pub(crate) mod timers;
pub(crate) mod worker_event;
pub(crate) mod workers;
