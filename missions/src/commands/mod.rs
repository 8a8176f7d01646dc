//! One file for each command, or for the commands about one kind of thing; each function is one command, from its
//! arguments to its exit code.

pub(crate) mod ask;
pub(crate) mod assistants;
pub(crate) mod cancel;
pub(crate) mod check_key;
pub(crate) mod complete;
pub(crate) mod cron;
pub(crate) mod do_not_call;
pub(crate) mod fail;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod insights;
pub(crate) mod linked_agents;
pub(crate) mod local_state;
pub(crate) mod memory;
pub(crate) mod missions;
pub(crate) mod next;
pub(crate) mod outreach;
mod owner_approval;
pub(crate) mod pause;
pub(crate) mod phone_numbers;
pub(crate) mod plan;
mod python_print;
pub(crate) mod recover_state_file;
pub(crate) mod replies;
pub(crate) mod report;
pub(crate) mod resolve;
pub(crate) mod resume;
pub(crate) mod run_log;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod scheduled_events;
pub(crate) mod setup_agent;
pub(crate) mod tick;
pub(crate) mod wait;
pub(crate) mod watch;

use state::exit::Fault;
use state::shell;

use crate::args::{Paging, RunIds};
use crate::engine::MissionSnapshot;
use crate::lifecycle::RunEnd;
use crate::service::{Pages, RunRef};
use crate::store::Mission;

impl<'a> From<&'a RunIds> for RunRef<'a> {
    fn from(ids: &'a RunIds) -> Self {
        Self { mission: &ids.mission_id, run: &ids.run_id }
    }
}

impl From<Paging> for Pages {
    fn from(paging: Paging) -> Self {
        if paging.all { Self::All(paging.size) } else { Self::One(paging.page, paging.size) }
    }
}

/// Refuses (exit 2) to end a mission that has ended otherwise. To end it in the same way once more is harmless.
fn ensure_may_end(
    mission: &Mission,
    snapshot: &MissionSnapshot,
    wanted: RunEnd,
) -> Result<(), Fault> {
    let status = mission.status();
    let ending = snapshot.applied.ending.as_ref().map(|end| end.status.word());
    let ended = ending.or_else(|| status.is_over().then(|| status.word()));
    let Some(other) = ended.filter(|word| *word != wanted.word()) else { return Ok(()) };
    let slug = mission.slug();
    Err(Fault::usage(format!("mission `{slug}` has ended already: {other}"))
        .hint(format!("`missions get-state {}` shows what came of it", shell::quote(slug))))
}
