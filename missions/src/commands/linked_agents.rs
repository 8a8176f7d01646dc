//! `link-agent`, `list-linked-agents`, `unlink-agent`.

use serde_json::json;
use state::exit::Exit;

use crate::args::{LinkAgent, ListLinkedAgents, UnlinkAgent};
use crate::context::CommandContext;
use crate::service::{self, RunRef, ServiceRow};

pub(crate) fn link(context: &CommandContext, args: &LinkAgent) -> anyhow::Result<Exit> {
    let run = RunRef::from(&args.run);
    let link = service::linked_agents::link(&context.api()?, run, &args.assistant_id)?;
    let text = || format!("Linked agent {} to run {}", args.assistant_id, run.run);
    context.printer.print_after_change(link.value(), text)?;
    Ok(Exit::Done)
}

pub(crate) fn list(context: &CommandContext, args: &ListLinkedAgents) -> anyhow::Result<Exit> {
    let agents =
        service::linked_agents::list(&context.api()?, (&args.run).into(), args.paging.into())?;
    let line = |row: ServiceRow| {
        format!(
            "Agent: {}\n",
            row.id(&["telnyx_agent_id", "assistant_id", "id"]).unwrap_or_default()
        )
    };
    context.printer.print(agents.body(), || agents.rows().into_iter().map(line).collect())?;
    Ok(Exit::Done)
}

pub(crate) fn unlink(context: &CommandContext, args: &UnlinkAgent) -> anyhow::Result<Exit> {
    let (run, id) = (RunRef::from(&args.run), &args.assistant_id);
    service::linked_agents::unlink(&context.api()?, run, id)?;
    let document = json!({ "telnyx_agent_id": id, "unlinked": true });
    context
        .printer
        .print_after_change(&document, || format!("Unlinked agent {id} from run {}", run.run))?;
    Ok(Exit::Done)
}
