//! One file per theme of commands; each function is one command, from its arguments to its exit code.

pub(crate) mod assistants;
pub(crate) mod cancel;
pub(crate) mod check_key;
pub(crate) mod conversation;
pub(crate) mod cron;
pub(crate) mod do_not_call;
pub(crate) mod ending;
pub(crate) mod init;
pub(crate) mod kept;
pub(crate) mod links;
pub(crate) mod log;
pub(crate) mod memory;
pub(crate) mod missions;
pub(crate) mod numbers;
pub(crate) mod plan;
pub(crate) mod recover;
pub(crate) mod resolve;
pub(crate) mod runs;
pub(crate) mod scheduled;
pub(crate) mod setup_agent;
pub(crate) mod tick;
pub(crate) mod watch;

use crate::args::{OfRun, Paging};
use crate::service::{Pages, RunRef};

impl<'a> From<&'a OfRun> for RunRef<'a> {
    fn from(of: &'a OfRun) -> Self {
        Self { mission: &of.mission_id, run: &of.run_id }
    }
}

impl From<Paging> for Pages {
    fn from(paging: Paging) -> Self {
        if paging.all { Self::All(paging.size) } else { Self::One(paging.page, paging.size) }
    }
}
