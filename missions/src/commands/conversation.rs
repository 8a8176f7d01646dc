//! `get-insights`: what the service concluded from a conversation, in whichever shape it says so.

use serde_json::Value;
use state::exit::Exit;
use state::out;

use crate::args::GetInsights;
use crate::context::Context;
use crate::service;

pub(crate) fn insights(context: &Context, args: &GetInsights) -> anyhow::Result<Exit> {
    let answer = service::insights::get(&context.api()?, &args.conversation_id)?;
    let found = service::insights::read(answer.value());
    if !found.is_complete {
        out::progress(&format!("not complete yet: {}; ask again in 10 s", found.status));
    }
    let text = || {
        if found.results.is_empty() {
            return format!("Status: {}", found.status);
        }
        let line = |result: &Value| match result {
            Value::String(text) => format!("Insight: {text}\n"),
            other => format!("Insight: {}\n", out::pretty(other)),
        };
        found.results.iter().map(line).collect()
    };
    context.printer.document(answer.value(), text)?;
    Ok(Exit::Done)
}
