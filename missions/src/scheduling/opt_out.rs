//! Recipients of whom the carrier says that they opted out of texts: their numbers go onto the do-not-call list.

use state::{carrier_opt_out, out};

use crate::context::CommandContext;
use crate::service::ServiceApi;

/// Puts the recipient onto the do-not-call list if the request was refused because they opted out of texts.
pub(crate) fn record_if_refused(
    context: &CommandContext,
    api: &ServiceApi,
    to: &str,
    err: &anyhow::Error,
) {
    if err.downcast_ref::<state::api::Error>().is_some_and(carrier_opt_out::is_refusal) {
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
