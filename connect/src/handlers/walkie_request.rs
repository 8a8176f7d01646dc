//! `walkie_request`: the owner by push-to-talk.

use state::gateway::SessionKey;

use crate::protocol::RequestText;
use crate::requests::dispatcher::Dispatcher;
use crate::shared::request::Origin;

/// Accepts the request, once per `request_id`. The session that it names is used only if it is the configured agent's;
/// else the main one is.
pub(super) fn handle(
    dispatcher: &mut Dispatcher,
    request_id: String,
    transcript: RequestText,
    session_key: Option<&str>,
    frame: &str,
) {
    let key = format!("walkie:{request_id}");
    let agent_id = dispatcher.context.gateway.endpoint().agent_id();
    let session = session_key.and_then(|key| SessionKey::parse_for_agent(agent_id, key));
    if session.is_none() && session_key.is_some() {
        dispatcher.context.log.line(format_args!(
            "{key}: the session that it names is not this agent's; the main one is used"
        ));
    }
    dispatcher.accept(key, Origin::Walkie { request_id, session }, transcript, frame);
}
