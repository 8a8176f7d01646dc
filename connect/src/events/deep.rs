//! `deep_tool_request`: a spoken request for the agent, the main job.

use crate::desk::Desk;
use crate::protocol::RequestText;
use crate::request::Way;

/// Takes the request, once per `request_id`. Who speaks is found out by the worker: the service may have to be asked.
pub(super) fn handle(
    desk: &mut Desk,
    request_id: String,
    call_id: Option<String>,
    query: RequestText,
    frame: &str,
) {
    let key = format!("deep:{request_id}");
    desk.take(key, Way::Call { request_id, call_id }, query, frame);
}
