//! When a call or text may happen: at least a minute ahead, and calls inside the recipient's window.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use state::exit::Fault;
use state::phone::Phone;
use state::{out, time_zones};

use super::NOTICE;
use super::request::ScheduleRequest;
use crate::args::ScheduleCall;
use crate::context::CommandContext;
use crate::input;
use crate::service::{Channel, ServiceApi};
use crate::window::{Window, WindowOptions, ZoneSource};

/// What the command line says of the calling window.
#[derive(Clone, Debug, Default)]
pub(crate) struct WindowLimits {
    options: WindowOptions,
    any_time: bool,
}

impl WindowLimits {
    /// Reads `--window`, `--days`, `--zone` and `--any-time`. Fails (exit 2) for what is no window.
    pub(crate) fn read(args: &ScheduleCall) -> Result<Self, Fault> {
        let (hours, days) = (args.window.as_deref(), args.days.as_deref());
        let options = WindowOptions::read(hours, days, args.zone.as_deref());
        Ok(Self { options: options.map_err(Fault::usage)?, any_time: args.any_time })
    }
}

/// When a request is to happen.
#[derive(Clone, Debug)]
pub(crate) struct RequestedTime {
    at: Timestamp,
    window: Window,
    zone_source: ZoneSource,
}

/// Sets the time of a request and, for a call, its window. `in 15m` counts from this machine's time.
///
/// Fails (exit 2) for what is no time.
pub(crate) fn set(
    context: &CommandContext,
    request: &mut ScheduleRequest,
    limits: &WindowLimits,
) -> anyhow::Result<RequestedTime> {
    let at = input::time(&request.when, context.now())?;
    request.set_time(at);
    let (window, zone_source) = limits.options.for_recipient(&request.phone()?, &machine_zone());
    if request.body.channel == Channel::Call {
        request.window = Some(window.clone());
    }
    Ok(RequestedTime { at, window, zone_source })
}

/// Checks the time of a request.
///
/// Fails (exit 2) for a time that is past or too near, and for a call outside the window, with the next time that is
/// allowed. A text outside is only warned of, and so is a call to the owner's own phone.
pub(crate) fn check(
    context: &CommandContext,
    api: &ServiceApi,
    request: &ScheduleRequest,
    time: &RequestedTime,
    limits: &WindowLimits,
) -> anyhow::Result<()> {
    let RequestedTime { at, window, zone_source } = time;
    let to = request.phone()?;
    let is_call = request.body.channel == Channel::Call;
    if is_call && *zone_source == ZoneSource::Machine && !limits.any_time {
        let zone = window.zone();
        out::warning(&format!(
            "where {to} rings is not known: its hours are counted in {zone}, this machine's zone; `--zone` says otherwise"
        ));
    }
    check_notice(&request.when, *at, context.now())?;
    if window.is_inside(*at) || limits.any_time {
        return Ok(());
    }
    let local = window.local(*at);
    if !is_call {
        out::warning(&format!("{local} is outside business hours of {to} ({window})"));
        return Ok(());
    }
    let text = format!("{to} is called {window}, and {local} is outside");
    if state::owner::fetch_phone(api.client()).as_ref() == Some(&to) {
        out::warning(&format!("{text}; it is your own phone, so it rings all the same"));
        return Ok(());
    }
    Err(Fault::usage(text).hint(next_allowed(window, *at)).into())
}

/// Fails (exit 2) for a time that is past or too near; `text` is how it was written.
fn check_notice(text: &str, at: Timestamp, now: Timestamp) -> Result<(), Fault> {
    let left = at.duration_since(now);
    if left < NOTICE {
        let when =
            if left.is_negative() { "is in the past" } else { "is less than a minute ahead" };
        return Err(Fault::usage(format!("`{text}` {when}; it is {now:.0} now"))
            .hint("write a time at least a minute ahead, such as \"in 2m\""));
    }
    Ok(())
}

/// The window of a recipient for whom none is stored: business hours where the number rings.
pub(crate) fn default_window(to: &Phone) -> Window {
    WindowOptions::default().for_recipient(to, &machine_zone()).0
}

/// This machine's zone; one without a name is stored by its present offset.
pub(crate) fn machine_zone() -> TimeZone {
    let zone = time_zones::machine();
    if zone.iana_name().is_some() { zone } else { zone.to_offset(Timestamp::now()).to_time_zone() }
}

fn next_allowed(window: &Window, at: Timestamp) -> String {
    let next = match window.next_opening(at) {
        Some(next) => format!("the next allowed time is {next} ({})", window.local(next)),
        None => "no hour is inside in all of these zones".to_owned(),
    };
    let zone = if window.has_several_zones() { "`--zone` says where they are; " } else { "" };
    format!("{next}; {zone}`--any-time` overrides")
}
