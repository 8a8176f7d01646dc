//! `schedule-call`, `schedule-sms`: one event for one command line.

use state::exit::Exit;
use state::{do_not_call, line_breaks, out};

use crate::args::{ScheduleCall, ScheduleOptions, ScheduleSms};
use crate::context::CommandContext;
use crate::scheduling::time::WindowLimits;
use crate::scheduling::{ScheduleRequest, command_line, opt_out, record, submit, time};
use crate::service::{Channel, ScheduledRow, ServiceApi};

pub(crate) fn call(context: &CommandContext, args: &ScheduleCall) -> anyhow::Result<Exit> {
    let limits = WindowLimits::read(args)?;
    run(context, Channel::Call, &args.words.list(), &args.more, &limits)
}

pub(crate) fn sms(context: &CommandContext, args: &ScheduleSms) -> anyhow::Result<Exit> {
    let mut words = args.words.list();
    // Of all words only the text of a message may hold a backslash: ids, numbers and times have none.
    let typed: Vec<String> = words.iter().map(|word| line_breaks::typed(word)).collect();
    if !args.raw {
        words = typed.iter().map(String::as_str).collect();
    }
    run(context, Channel::Sms, &words, &args.more, &WindowLimits::default())
}

fn run(
    context: &CommandContext,
    channel: Channel,
    words: &[&str],
    options: &ScheduleOptions,
    limits: &WindowLimits,
) -> anyhow::Result<Exit> {
    let request = command_line::read(context, channel, words, options)?;
    ensure_allowed(context, &request)?;
    let api = context.api()?;
    let (request, event, is_new) = schedule(context, &api, request, limits, options.again)?;
    if !is_new {
        out::warning("the same line scheduled it before; `--again` would schedule another");
    }
    record::record_and_print(context, &api, &request, event, is_new)
}

/// Refuses (exit 1) a recipient whom the do-not-call list has.
fn ensure_allowed(context: &CommandContext, request: &ScheduleRequest) -> anyhow::Result<()> {
    let (phone, method) = (request.phone()?, request.body.channel.reach());
    do_not_call::ensure_allowed(context.config.skill_dir(), &phone, method)
}

/// The event of a request, and whether it is new. A line that was scheduled before is not judged by its time: that may
/// have come by now.
fn schedule(
    context: &CommandContext,
    api: &ServiceApi,
    mut request: ScheduleRequest,
    limits: &WindowLimits,
    again: bool,
) -> anyhow::Result<(ScheduleRequest, ScheduledRow, bool)> {
    let time = time::set(context, &mut request, limits)?;
    if !again && let Some(earlier) = submit::find_earlier(context, &request)? {
        let event = submit::event_of_earlier(context, api, &earlier)?;
        return Ok((request, event, false));
    }
    time::check(context, api, &request, &time, limits)?;
    let request = submit::with_deferred_body(context, api, request)?;
    opt_out::read_history(context, api)?;
    ensure_allowed(context, &request)?;
    let (event, is_new) = submit::submit(context, api, &request, again).inspect_err(|err| {
        opt_out::record_if_refused(context, api, &request.body.to, err);
    })?;
    Ok((request, event, is_new))
}
