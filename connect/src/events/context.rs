//! `context_request`: the service's voice model asks who it speaks for.

use crate::desk::Desk;
use crate::prompts::context;
use crate::protocol::outgoing::{OutgoingFrame, VoiceContext};

/// Answers with both names and our prompt (or the configured one), then greets: the context comes first, since the
/// greeting is spoken by what it describes.
pub(super) fn handle(desk: &mut Desk, call_id: &str) {
    let voice = &desk.shop.voice;
    let context = VoiceContext {
        memory: context::memory(voice.names()),
        system_prompt: context::system_prompt(voice.names(), voice.context.as_deref()),
    };
    let response = OutgoingFrame::ContextResponse { call_id: call_id.to_owned(), context };
    desk.outbox.send_ephemeral(response.frame());
    desk.shop.log.line(format_args!("call `{call_id}`: context given"));
    super::started::greet(desk, call_id);
}
