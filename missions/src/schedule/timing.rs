//! When something may happen: at least a minute ahead, and calls within the recipient's window.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use state::exit::Fault;
use state::out;
use state::phone::Phone;

use super::Order;
use crate::args::ScheduleCall;
use crate::context::Context;
use crate::input;
use crate::service::{Channel, ServiceApi};
use crate::window::{Wanted, Window, ZoneFrom};

/// What the command line says of the window.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    wanted: Wanted,
    any_time: bool,
}

impl Limits {
    pub(super) fn read(args: &ScheduleCall) -> Result<Self, Fault> {
        let (hours, days) = (args.window.as_deref(), args.days.as_deref());
        let wanted = Wanted::read(hours, days, args.zone.as_deref()).map_err(Fault::usage)?;
        Ok(Self { wanted, any_time: args.any_time })
    }
}

/// Sets the time of an order and, for a call, its window.
///
/// Fails (exit 2) for a time that is past or too near, and for a call outside the window, with the next time
/// that is allowed. A text outside is only warned of, and so is a call to the owner's own phone.
pub(super) fn check(
    context: &Context,
    api: &ServiceApi,
    order: &mut Order,
    limits: &Limits,
) -> anyhow::Result<()> {
    let (to, now) = (order.to()?, context.now());
    let at = input::time(&order.when, now)?;
    order.set_time(at);
    let (window, from) = limits.wanted.for_recipient(&to, &machine());
    let is_call = order.new.channel == Channel::Call;
    if is_call {
        order.window = Some(window.clone());
        if from == ZoneFrom::Machine && !limits.any_time {
            let zone = window.zone();
            out::warning(&format!(
                "where {to} rings is not known: its hours are counted in {zone}, this machine's zone; `--zone` says otherwise"
            ));
        }
    }
    input::time_ahead(&order.when, now)?;
    if window.is_inside(at) || limits.any_time {
        return Ok(());
    }
    let local = window.local(at);
    let text = format!("{to} is called {window}, and {local} is outside");
    if !is_call {
        out::warning(&format!("{local} is outside business hours of {to} ({window})"));
        return Ok(());
    }
    if is_owner(api, &to) {
        out::warning(&format!("{text}; it is your own phone, so it rings all the same"));
        return Ok(());
    }
    Err(Fault::usage(text).hint(next(&window, at)).into())
}

/// When somebody may be tried again of whom no window is kept: the seed's hours where the number rings.
pub(crate) fn usual_window(to: &Phone) -> Window {
    Wanted::default().for_recipient(to, &machine()).0
}

/// This machine's zone; one without a name is kept by its present offset.
fn machine() -> TimeZone {
    let zone = TimeZone::try_system().unwrap_or(TimeZone::UTC);
    if zone.iana_name().is_some() { zone } else { zone.to_offset(Timestamp::now()).to_time_zone() }
}

fn next(window: &Window, at: Timestamp) -> String {
    match window.next_opening(at) {
        Some(next) => {
            let (utc, local) = (next, window.local(next));
            format!("the next allowed time is {utc} ({local}); `--any-time` overrides")
        }
        None => "`--any-time` overrides".to_owned(),
    }
}

/// Whether a number is the owner's own phone. Where the service does not say so, it is not.
fn is_owner(api: &ServiceApi, phone: &Phone) -> bool {
    let owner = api.me().ok().and_then(|me| me.text("phone")?.parse::<Phone>().ok());
    owner.as_ref() == Some(phone)
}
