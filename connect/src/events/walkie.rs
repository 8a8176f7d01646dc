//! `walkie_request`: the owner by push-to-talk.

use state::gateway::SessionKey;

use crate::desk::Desk;
use crate::protocol::RequestText;
use crate::request::Way;

/// Takes the request, once per `request_id`. A session that the wire names is used only if it is the configured
/// agent's; else the main one is.
pub(super) fn handle(
    desk: &mut Desk,
    request_id: String,
    transcript: RequestText,
    session_key: Option<&str>,
    frame: &str,
) {
    let agent_id = desk.shop.gateway.target().agent_id();
    let session = session_key.and_then(|key| SessionKey::of_agent(agent_id, key));
    if session.is_none() && session_key.is_some() {
        desk.shop
            .log
            .line("a session that is not this agent's was asked for; the main one is used");
    }
    let key = format!("walkie:{request_id}");
    desk.take(key, Way::Walkie { request_id, session }, transcript, frame);
}
