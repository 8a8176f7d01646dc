//! Recipients who opted out, by a text to us or at the carrier: their numbers go onto the do-not-call list.

use state::api::Error;
use state::exit::{self, Exit};
use state::{carrier_opt_out, do_not_call, failure, opt_out_history, out, withdrawal};

use crate::context::CommandContext;
use crate::service::ServiceApi;

/// Brings the do-not-call list up to what was texted to us, however old, before anything is scheduled: no client may have
/// run when it came. What is scheduled for whoever opted out is withdrawn.
///
/// Fails if that cannot be known now; a service without a list of messages has no opt-outs in it.
pub(crate) fn read_history(context: &CommandContext, api: &ServiceApi) -> anyhow::Result<()> {
    let skill = context.config.skill_dir();
    match opt_out_history::read(skill, api.client()) {
        Err(err) if has_no_list(&err) => {
            let why = exit::one_line(&err);
            out::warning(&format!("the list of messages was not read for opt-outs: {why}"));
        }
        Ok(added) if added.is_empty() => {}
        read => {
            read?;
            for one in withdrawal::withdraw(api.client(), &do_not_call::load(skill)?, None)? {
                if let Some(why) = one.left {
                    let (id, to) = (one.event_id, one.to);
                    out::warning(&format!("{id} to {to}, who opted out, stays scheduled: {why}"));
                }
            }
        }
    }
    Ok(())
}

fn has_no_list(err: &anyhow::Error) -> bool {
    let is_other = err.downcast_ref::<Error>().is_some_and(Error::is_without_what_was_asked);
    is_other || failure::exit_of(err) == Exit::No
}

/// Puts the recipient onto the do-not-call list if the request was refused because they opted out of texts.
pub(crate) fn record_if_refused(
    context: &CommandContext,
    api: &ServiceApi,
    to: &str,
    err: &anyhow::Error,
) {
    if err.downcast_ref::<Error>().is_some_and(carrier_opt_out::is_refusal) {
        record(context, api, to);
    }
}

/// Puts a number onto the do-not-call list to which the carrier delivers no texts, with a warning.
pub(crate) fn record(context: &CommandContext, api: &ServiceApi, to: &str) {
    if let Ok(to) = to.parse() {
        let warning =
            carrier_opt_out::record(context.config.skill_dir(), api.client(), &to, context.now());
        out::warning(&warning);
    }
}
