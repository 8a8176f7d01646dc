//! `approval.responded`: a decision, for whoever waits for it.

use crate::desk::Desk;

/// Wakes the request that waits for this approval; any other id is ignored.
pub(super) fn handle(desk: &mut Desk, request_id: &str, decision: &str) {
    let is_awaited = desk.shop.approvals.publish(request_id, decision);
    let what = if is_awaited { "handed on" } else { "not awaited; ignored" };
    desk.shop.log.line(format_args!("approval `{request_id}`: {what}"));
}
