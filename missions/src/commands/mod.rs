//! One file for each command, or for the commands about one kind of thing; each function is one command, from its
//! arguments to its exit code.

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
mod owner_approval;
pub(crate) mod phone_numbers;
pub(crate) mod plan;
mod python_print;
pub(crate) mod recover_state_file;
pub(crate) mod resolve;
pub(crate) mod run_log;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod scheduled_events;
pub(crate) mod setup_agent;
pub(crate) mod tick;
pub(crate) mod watch;

use state::exit::Fault;
use state::shell;

use crate::args::{Paging, RunIds};
use crate::service::{Pages, RunRef};

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

/// The error of a command that would end a mission which has ended otherwise.
fn has_ended_already(slug: &str, status: &str) -> Fault {
    Fault::usage(format!("mission `{slug}` has ended already: {status}"))
        .hint(format!("`missions get-state {}` shows what came of it", shell::quote(slug)))
}
