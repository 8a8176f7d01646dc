//! `tick`: one tick over all missions, or over one.

use serde_json::json;
use state::exit::Exit;

use crate::args::Tick;
use crate::context::CommandContext;
use crate::engine;

pub(crate) fn run(context: &CommandContext, args: &Tick) -> anyhow::Result<Exit> {
    let Some(summary) = engine::run_tick(context, args.slug.as_deref())? else {
        let document = json!({ "at": context.now().to_string(), "busy": true, "missions": [] });
        context.printer.print(&document, || "Another tick is at work".to_owned())?;
        return Ok(Exit::Done);
    };
    let document = summary.json(context);
    if summary.reports.is_empty() {
        context.printer.print(&document, || summary.text())?;
        return Ok(Exit::Done);
    }
    context.end(&document, || summary.text(), summary.fault())
}
