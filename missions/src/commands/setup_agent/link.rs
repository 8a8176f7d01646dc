//! Links an assistant to a run, and checks that the link shows in the run's list.

use std::time::Duration;

use state::exit::{self, Exit, Fault};
use state::{failure, out};

use crate::context::CommandContext;
use crate::service::{self, Pages, RunRef, ServiceApi};

/// The pauses before each check whether the link shows.
const LINK_PAUSES: [Duration; 3] =
    [Duration::ZERO, Duration::from_millis(250), Duration::from_secs(1)];

/// Links the assistant to the run. To link it again makes no second link, so a lost answer, or a link that does not show,
/// is repaired by linking again.
///
/// Fails with exit 8 if the link does not show after that.
pub(super) fn link(
    context: &CommandContext,
    api: &ServiceApi,
    run: RunRef,
    assistant: &str,
    may_be_linked: bool,
) -> anyhow::Result<()> {
    if may_be_linked && shows(context, api, run, &[assistant.to_owned()], &LINK_PAUSES[..1])? {
        return Ok(());
    }
    for attempt in 0..2 {
        let mut ids = vec![assistant.to_owned()];
        match service::linked_agents::link(api, run, assistant) {
            Ok(row) => {
                ids.extend(row.id(&["telnyx_agent_id"]));
                if attempt == 0 {
                    context.print_stage(&format!("Linked agent {assistant} to run {}", run.run))?;
                }
            }
            Err(err) if failure::exit_of(&err) == Exit::Unconfirmed => {
                out::warning(&format!("{}; checking whether it is linked", exit::one_line(&err)));
            }
            Err(err) => return Err(err),
        }
        if shows(context, api, run, &ids, &LINK_PAUSES)? {
            return Ok(());
        }
    }
    let text =
        format!("assistant {assistant} was linked to run {}, but is not listed there", run.run);
    Err(Fault::new(Exit::Unconfirmed, text)
        .hint("run the same command again in a minute: it goes on from here")
        .into())
}

/// Whether the list of the run has an assistant with one of these ids, after one of the pauses.
fn shows(
    context: &CommandContext,
    api: &ServiceApi,
    run: RunRef,
    ids: &[String],
    pauses: &[Duration],
) -> anyhow::Result<bool> {
    let mut ids = ids.to_vec();
    let shown = context.check_after(pauses, || {
        let rows = service::linked_agents::list(api, run, Pages::One(None, None))?.rows();
        if !rows.is_empty() && ids.len() == 1 {
            // The list has the carrier's id of the assistant.
            let assistant = service::assistants::get(api, &ids[0]).ok();
            ids.extend(assistant.and_then(|row| row.id(&["telnyx_assistant_id"])));
        }
        let is_it = |id: String| ids.contains(&id);
        let keys = ["telnyx_agent_id", "assistant_id"];
        Ok(rows.iter().any(|row| row.id(&keys).is_some_and(is_it)).then_some(()))
    })?;
    Ok(shown.is_some())
}
