//! `resume`: lets a paused outreach go on.

use serde_json::json;
use state::exit::Exit;
use state::shell;

use crate::args::Resume;
use crate::context::CommandContext;
use crate::outreach::ticker;
use crate::store::{outreach, progress};

pub(crate) fn run(context: &CommandContext, args: &Resume) -> anyhow::Result<Exit> {
    let slug = &args.slug;
    context.store.change_mission(slug, |mission| {
        outreach::change(mission, |outreach| outreach.paused = false)?;
        progress::set_tick_due(mission, Some(context.now()));
        Ok(())
    })?;
    ticker::ensure(context, slug)?;
    let next = format!("missions wait {}", shell::quote(slug));
    let document = json!({ "slug": slug, "paused": false, "next": next });
    context.printer.print_after_change(&document, || format!("'{slug}' goes on"))?;
    Ok(Exit::Done)
}
