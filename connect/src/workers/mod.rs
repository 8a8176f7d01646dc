//! What runs on other threads than the loop's: each gets the shared context, and reports to the loop thread by events.
//!
//! [`pool`] is the threads of requests; [`turn`] is what they do: find the [`speaker`], [`authorize`](mod@authorize), have the
//! turn unless there was an [`interruption`], and send an [`sms_reply`] where the request was a text. [`late_replies`], [`gateway_return`] and
//! [`opt_out_writer`] have a thread of their own, while there is something to do. A [`line_turn`] is one by the gateway line; the
//! [`deeds`] that the gate holds meanwhile have a thread each.

pub(crate) mod authorize;
pub(crate) mod deeds;
pub(crate) mod gateway_return;
pub(crate) mod interruption;
pub(crate) mod late_replies;
mod line_progress;
pub(crate) mod line_session;
pub(crate) mod line_turn;
pub(crate) mod opt_out_writer;
pub(crate) mod pool;
pub(crate) mod sms_reply;
pub(crate) mod speaker;
pub(crate) mod turn;
