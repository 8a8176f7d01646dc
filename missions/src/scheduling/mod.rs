//! Scheduling a call or text at the service: one event for one request, whatever is lost or killed on the way.
//!
//! A [`ScheduleRequest`] is stored as an intent before it leaves ([`submit`]). If its answer is lost it is unconfirmed: its
//! event is searched for in the assistant's list ([`confirm`]), and the request is never repeated by itself. What was
//! scheduled is then [recorded](record) in the mission. `schedule-call` and `schedule-sms` come here with a [command
//! line](command_line), ticks with a retry.

pub(crate) mod command_line;
pub(crate) mod confirm;
pub(crate) mod opt_out;
pub(crate) mod record;
mod request;
pub(crate) mod submit;
pub(crate) mod time;

use jiff::SignedDuration;

pub(crate) use confirm::Submission;
pub(crate) use request::{RetryOf, ScheduleRequest, first_key};

/// The name of this program among the intents.
pub(crate) const TOOL: &str = "missions";

/// How far ahead of its time the service wants to be asked for a call or text.
pub(crate) const NOTICE: SignedDuration = SignedDuration::from_secs(60);
