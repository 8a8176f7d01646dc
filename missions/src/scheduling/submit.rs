//! The request that cannot be taken back: its intent is stored before it leaves, its event is searched for when the answer
//! is lost, and it is never repeated by itself.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use state::api::Error;
use state::exit::{self, Exit};
use state::intents::{Admission, DuplicatePolicy, Intent};
use state::{failure, out, texted_numbers};

use super::confirm::{self, Submission};
use super::request::ScheduleRequest;
use super::{NOTICE, TOOL, command_line};
use crate::context::CommandContext;
use crate::service::{self, ScheduledRow, ServiceApi, ServiceRow};

/// How long the same line stands for the same event.
const SAME_LINE: Duration = Duration::from_secs(24 * 3600);

/// Longer than any intent is stored.
const EVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// The intent of the same line that was carried out, or may have been, in the last 24 hours.
pub(crate) fn find_earlier(
    context: &CommandContext,
    request: &ScheduleRequest,
) -> anyhow::Result<Option<Intent>> {
    let (line, now) = (request.line(), context.moment());
    let same_line = SignedDuration::try_from(SAME_LINE).unwrap_or(SignedDuration::MAX);
    let stands_for_it = |intent: &Intent| {
        intent.line == line && !intent.deferred && now.since(intent.stored_at()).abs() <= same_line
    };
    let mut intents = context.intents().of_tool(TOOL)?;
    intents.retain(stands_for_it);
    let unconfirmed = intents.iter().rposition(Intent::is_unconfirmed);
    Ok(match unconfirmed {
        Some(at) => Some(intents.swap_remove(at)),
        None => intents.pop(),
    })
}

/// The event of an earlier intent of the same line.
///
/// Fails with exit 8 if that is unconfirmed and its event is not found.
pub(crate) fn event_of_earlier(
    context: &CommandContext,
    api: &ServiceApi,
    intent: &Intent,
) -> anyhow::Result<ScheduledRow> {
    match confirm::event_of(intent) {
        Some(event) => Ok(event),
        None => confirm::confirm_with_wait(context, api, intent),
    }
}

/// The request with the body that an earlier attempt of the same line sent, if the service deferred that one: it goes out
/// again byte for byte, with its key. One whose time has come meanwhile was not carried out, and is forgotten.
pub(crate) fn with_deferred_body(
    context: &CommandContext,
    api: &ServiceApi,
    request: ScheduleRequest,
) -> anyhow::Result<ScheduleRequest> {
    let Some(intent) = context.intents().find_deferred(TOOL, &request.line())? else {
        return Ok(request);
    };
    let earlier: ScheduleRequest = serde_json::from_value(intent.request)?;
    let is_ahead = |at: Timestamp| at.duration_since(api.now()) >= NOTICE;
    if earlier.body.at().is_some_and(is_ahead) {
        return Ok(ScheduleRequest { body: earlier.body, ..request });
    }
    context.intents().remove(&intent.id)?;
    Ok(request)
}

/// Schedules the request of a command line: the event, and whether this program's request created it. With `again` an
/// earlier event of the same line does not count.
///
/// Fails with exit 8 if it may have been scheduled and was not found.
pub(crate) fn submit(
    context: &CommandContext,
    api: &ServiceApi,
    request: &ScheduleRequest,
    again: bool,
) -> anyhow::Result<(ScheduledRow, bool)> {
    let unless = if again { DuplicatePolicy::Allow } else { DuplicatePolicy::RefuseAny(SAME_LINE) };
    let value = serde_json::to_value(request)?;
    let intent = match context.intents().begin(TOOL, &request.line(), value, unless)? {
        Admission::New(intent) => intent,
        // Another program took up the same line just now.
        Admission::Unconfirmed(intent) | Admission::Completed(intent) => {
            return Ok((event_of_earlier(context, api, &intent)?, false));
        }
    };
    // Checked after the intent is stored: a `cancel` that does not see the intent is seen here.
    if let Err(err) = check_mission_goes_on(context, request) {
        context.intents().discard(&intent.id);
        return Err(err);
    }
    match send(context, api, request, &intent)? {
        Submission::Confirmed(event) => Ok((event, true)),
        Submission::Unconfirmed(why) => {
            out::warning(&format!("{why}; searching for it in the list"));
            Ok((confirm::confirm_with_wait(context, api, &intent)?, true))
        }
    }
}

/// Schedules a retry, once whatever is killed or lost: a retry whose intent is known is searched for and never sent again.
///
/// Fails if it was refused or never left; then it may be started anew.
pub(crate) fn submit_retry(
    context: &CommandContext,
    api: &ServiceApi,
    request: &ScheduleRequest,
) -> anyhow::Result<Submission> {
    let value = serde_json::to_value(request)?;
    let unless = DuplicatePolicy::RefuseAny(EVER);
    let intent = match context.intents().begin(TOOL, &request.line(), value, unless)? {
        Admission::New(intent) => intent,
        Admission::Completed(intent) => {
            let row = ServiceRow::new(intent.result.unwrap_or(Value::Null));
            return Ok(Submission::Confirmed(ScheduledRow::new(row)));
        }
        Admission::Unconfirmed(intent) => return confirm::confirm(context, api, &intent),
    };
    match send(context, api, request, &intent)? {
        Submission::Unconfirmed(_) => confirm::confirm(context, api, &intent),
        confirmed @ Submission::Confirmed(_) => Ok(confirmed),
    }
}

/// Sends a request whose intent is stored. One that was not carried out keeps its intent if the service deferred it.
fn send(
    context: &CommandContext,
    api: &ServiceApi,
    request: &ScheduleRequest,
    intent: &Intent,
) -> anyhow::Result<Submission> {
    record_text(context, request);
    match service::scheduled_events::create(api, &request.body, &intent.id) {
        Ok(event) => {
            confirm::settle(context, intent, &event)?;
            Ok(Submission::Confirmed(event))
        }
        Err(err) if failure::exit_of(&err) == Exit::Unconfirmed => {
            Ok(Submission::Unconfirmed(exit::one_line(&err)))
        }
        Err(err) => {
            let is_deferred = err.downcast_ref::<Error>().is_some_and(Error::is_temporary);
            context.intents().defer_or_discard(&intent.id, is_deferred);
            Err(err)
        }
    }
}

/// Records whom a text goes to, so that `connect` knows the answer for one.
fn record_text(context: &CommandContext, request: &ScheduleRequest) {
    let (Some(text), Ok(to)) = (&request.body.text, request.phone()) else { return };
    let at = request.body.at().unwrap_or_else(|| context.now());
    texted_numbers::record_or_warn(context.config.skill_dir(), &to, text, at);
}

/// Fails (exit 2) if the mission of a request ended since the request was read.
fn check_mission_goes_on(
    context: &CommandContext,
    request: &ScheduleRequest,
) -> anyhow::Result<()> {
    let Some(slug) = &request.slug else { return Ok(()) };
    let Ok(missions) = context.store.read() else { return Ok(()) };
    match missions.get(slug).map(|mission| mission.status()) {
        Some(status) if status.is_over() => Err(command_line::has_ended(slug, &status).into()),
        _ => Ok(()),
    }
}
