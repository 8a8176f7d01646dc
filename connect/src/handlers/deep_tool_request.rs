//! `deep_tool_request`: a spoken request for the agent, the main job.

use crate::protocol::RequestText;
use crate::requests::dispatcher::Dispatcher;
use crate::shared::request::Origin;

/// Accepts the request, once per `request_id`. Who speaks is found out by the worker: the call may have to be looked up.
pub(super) fn handle(
    dispatcher: &mut Dispatcher,
    request_id: String,
    call_id: Option<String>,
    query: RequestText,
    frame: &str,
) {
    let key = format!("deep:{request_id}");
    dispatcher.accept(key, Origin::Call { request_id, call_id }, query, frame);
}
