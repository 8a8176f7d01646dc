//! `schedule-call`, `schedule-sms`: one event for one command line, whatever is lost on the way (spec 4).

mod keep;
mod order;
mod send;
mod timing;

use state::exit::Exit;
use state::{carrier, do_not_call, out};

use crate::args::{ScheduleCall, ScheduleOptions, ScheduleSms};
use crate::context::Context;
use crate::service::{Channel, ServiceApi};
use timing::Limits;

pub(crate) use keep::keep;
pub(crate) use order::{Again, Order};
pub(crate) use send::{
    NOTICE, TOOL, Tried, done, find, look, resumed, settle, try_again, unsettled,
};
pub(crate) use timing::usual_window;

pub(crate) fn call(context: &Context, args: &ScheduleCall) -> anyhow::Result<Exit> {
    let limits = Limits::read(args)?;
    run(context, Channel::Call, &args.words.list(), &args.more, &limits)
}

pub(crate) fn sms(context: &Context, args: &ScheduleSms) -> anyhow::Result<Exit> {
    run(context, Channel::Sms, &args.words.list(), &args.more, &Limits::default())
}

fn run(
    context: &Context,
    channel: Channel,
    words: &[&str],
    more: &ScheduleOptions,
    limits: &Limits,
) -> anyhow::Result<Exit> {
    let mut order = Order::read(context, channel, words, more)?;
    do_not_call::check(context.config.skill_dir(), &order.to()?, channel.reach())?;
    let api = context.api()?;
    let timing = timing::check(context, &api, &mut order, limits);
    let order = send::resumed(context, &api, order)?;
    let (event, is_new) = send::once(context, &api, &order, more.again, timing)
        .inspect_err(|err| heed_refusal(context, &api, &order, err))?;
    if !is_new {
        out::warning("the same line scheduled it before; `--again` would schedule another");
    }
    send::done(context, &api, &order, event, is_new)
}

/// A text that was refused because its recipient opted out is the last that is tried.
pub(crate) fn heed_refusal(
    context: &Context,
    api: &ServiceApi,
    order: &Order,
    err: &anyhow::Error,
) {
    if err.downcast_ref::<state::api::Error>().is_some_and(carrier::refuses) {
        heed_opt_out(context, api, &order.new.to);
    }
}

/// Puts a number on the do-not-call list that the carrier lets no texts through to, and tells that.
pub(crate) fn heed_opt_out(context: &Context, api: &ServiceApi, to: &str) {
    if let Ok(to) = to.parse() {
        let heeded = carrier::heed(context.config.skill_dir(), api.client(), &to, context.now());
        out::warning(&heeded);
    }
}
