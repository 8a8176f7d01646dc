//! `context_request`: the service's voice model asks who it speaks for.

use super::greeting::greet;
use crate::prompts::context;
use crate::protocol::outgoing::{OutgoingFrame, VoiceContext};
use crate::requests::dispatcher::Dispatcher;

/// Answers with both names and our prompt (or the configured one), then greets: the context comes first, since the
/// greeting is spoken by what it describes.
pub(super) fn handle(dispatcher: &mut Dispatcher, call_id: &str) {
    let voice = &dispatcher.context.voice;
    let context = VoiceContext {
        memory: context::memory(voice.names()),
        system_prompt: context::system_prompt(voice.names(), voice.context.as_deref()),
    };
    let response = OutgoingFrame::ContextResponse { call_id: call_id.to_owned(), context };
    dispatcher.outbox.send_ephemeral(response.frame());
    dispatcher.context.log.line(format_args!("call `{call_id}`: context sent"));
    greet(dispatcher, call_id);
}
