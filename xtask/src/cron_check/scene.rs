//! The machine on which the check runs: the simulated service, an agent, and the owner's real crontab.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use harness::{Output, Sandbox, SimulatedGateway, SimulatedService};
use serde_json::Value;
use state::out;

use super::crontab::Crontab;
use super::daemon::Daemon;

/// What the crontab holds besides our lines: nothing in it runs, and all of it could be mistaken for ours.
pub(super) const OTHERS: &str = "\
# * * * * * clawdtalk connect
CRON_CHECK=\"kept  as it is\"\t
0 0 30 2 * : it\\'s 100\\% # clawdtalk mission plumbers /elsewhere

59 23 31 2 *  :  # clawdtalk connect /elsewhere
";

/// What the skill folder is called.
pub(super) const FOLDER: &str = "it's 5% of a \"skill\" # folder $HOME";

/// The machine on which it runs: the simulated service, an agent, and the owner's real crontab.
pub(super) struct CronScene {
    pub(super) programs: PathBuf,
    pub(super) service: SimulatedService,
    pub(super) gateway: SimulatedGateway,
    pub(super) sandbox: Sandbox,
    /// The skill folder, by a name that both cron and the shell read in their own way.
    pub(super) skill: PathBuf,
    pub(super) crontab: Crontab,
    /// The cron that runs it all, once it does. It is ended from outside, should the check be interrupted.
    pub(super) daemon: Mutex<Option<Daemon>>,
}

/// Cron wakes at the full minute; what it starts then has a moment to begin.
pub(super) const CRON_MINUTE: Duration = Duration::from_secs(75);

impl CronScene {
    pub(super) fn daemon(&self) -> MutexGuard<'_, Option<Daemon>> {
        self.daemon.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn run(&self, program: &str, args: &[&str]) -> Output {
        out::progress(&format!("  $ {program} {}", args.join(" ")));
        self.sandbox.prepare(&self.programs.join(program).display().to_string(), args).run()
    }

    /// What a program prints that must end well.
    pub(super) fn json(&self, program: &str, args: &[&str]) -> Result<Value> {
        let output = self.run(program, args);
        ensure!(output.code() == 0, "wanted exit 0\n{output}");
        Ok(output.json())
    }
}
