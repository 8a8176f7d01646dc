//! `approval.responded`: a decision of the owner, for the worker that waits for it.

use state::approval_status::OwnersDecision;
use state::sanitize;

use crate::requests::dispatcher::Dispatcher;

/// Hands the decision to those who wait for one; any other id is ignored.
pub(super) fn handle(dispatcher: &mut Dispatcher, decision: &OwnersDecision) {
    let request_id = sanitize::line_up_to(&decision.request_id, 80);
    let is_awaited = dispatcher.context.approval_subscriptions.publish(decision);
    let what = if is_awaited { "decision received" } else { "no request waits for it; ignored" };
    dispatcher.context.log.line(format_args!("approval `{request_id}`: {what}"));
}
