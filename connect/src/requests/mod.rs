//! What becomes of a request on the loop thread, from its acceptance to the delivery of its answer. No locks.
//!
//! [`dispatcher`] accepts a request and hands it to the workers; [`completion`] takes its end and gives the one answer;
//! [`timers`] does what time brings: progress, "still running", expiry. [`open_requests`] records how far each has come,
//! [`dedup`] which were seen before, [`help_notices`] which numbers texted HELP.

pub(crate) mod completion;
pub(crate) mod dedup;
pub(crate) mod dispatcher;
mod help_notices;
pub(crate) mod open_requests;
pub(crate) mod timers;
