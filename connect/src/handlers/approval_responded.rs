//! `approval.responded`: a decision of the owner, for the worker that waits for it.

use crate::requests::dispatcher::Dispatcher;

/// Hands the decision to those who wait for one; any other id is ignored.
pub(super) fn handle(dispatcher: &mut Dispatcher, request_id: &str, decision: &str) {
    let is_awaited = dispatcher.context.approval_subscriptions.publish(request_id, decision);
    let what = if is_awaited { "decision received" } else { "no request waits for it; ignored" };
    dispatcher.context.log.line(format_args!("approval `{request_id}`: {what}"));
}
