//! `get-insights`: what the service concluded from a conversation.

use serde_json::Value;
use state::exit::Exit;
use state::out;

use crate::args::GetInsights;
use crate::context::CommandContext;
use crate::service;

pub(crate) fn get(context: &CommandContext, args: &GetInsights) -> anyhow::Result<Exit> {
    let answer = service::insights::get(&context.api()?, &args.conversation_id)?;
    let insights = service::insights::read(answer.value());
    if !insights.is_complete {
        out::progress(&format!("not complete yet: {}; ask again in 10 s", insights.status));
    }
    let text = || {
        if insights.results.is_empty() {
            return format!("Status: {}", insights.status);
        }
        let line = |result: &Value| match result {
            Value::String(text) => format!("Insight: {text}\n"),
            other => format!("Insight: {}\n", out::pretty_json(other)),
        };
        insights.results.iter().map(line).collect()
    };
    context.printer.print(answer.value(), text)?;
    Ok(Exit::Done)
}
