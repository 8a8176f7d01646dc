//! A stranger texts: answered, but never obeyed as the owner is.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::script::{AGENT, TEXT, TEXT_BACK};
use super::stage::{DemoStage, says};

const STRANGER: &str = "+15551112222";

/// A text is answered, and reaches the agent as somebody else's words.
pub(super) fn texted(stage: &mut DemoStage) -> Result<Value> {
    says(STRANGER, TEXT);
    stage.service.text_in(STRANGER, TEXT);
    let reply = stage.wait("the reply to a text", |log| {
        log.to("POST", "/v1/messages/send").first().map(|seen| seen.body.clone())
    })?;
    ensure!(reply["to"] == STRANGER, "the reply went to somebody else: {reply}");
    ensure!(reply["message"] == TEXT_BACK, "wanted {TEXT_BACK:?}, found {reply}");
    says(AGENT, TEXT_BACK);
    let message = stage.turns().pop().map(|turn| turn.message).unwrap_or_default();
    ensure!(
        !message.ends_with(TEXT),
        "a stranger's words stand unquoted before the agent: {message}"
    );
    Ok(json!({"from": STRANGER, "asked": TEXT, "answered": TEXT_BACK}))
}
