//! What every command needs: the configuration, the output, the state file, the clock, and the service once it is asked.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use state::api::Client;
use state::clock::{Clock, Moment};
use state::config::Config;
use state::exit::{self, Exit, Fault};
use state::intents::IntentStore;
use state::lock::Lock;
use state::out::{self, Printer};

use crate::args::Options;
use crate::service::ServiceApi;
use crate::store::{MissionMut, StateFile};

/// How long a workflow waits for another one to end.
const WORKFLOW_WAIT: Duration = Duration::from_secs(30);

/// The pauses before each check for something that the service may show late: its lists lag behind.
pub(crate) const LAG_PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(2)];

/// The error of a command that did something at the service and cannot store it here, as on a full disk: exit 8, since it
/// is not true that nothing was done.
pub(crate) fn not_recorded(done: &str, err: &anyhow::Error) -> anyhow::Error {
    let text = format!("{done}, but that could not be stored here: {}", exit::one_line(err));
    Fault::new(Exit::Unconfirmed, text)
        .hint("fix that, then run the same command again: it goes on from here")
        .into()
}

/// What one command works with.
#[derive(Debug)]
pub(crate) struct CommandContext {
    pub(crate) config: Config,
    pub(crate) printer: Printer,
    pub(crate) store: StateFile,
    pub(crate) clock: Clock,
    deadline: Duration,
}

impl CommandContext {
    /// Reads the configuration; sends nothing.
    pub(crate) fn new(options: &Options) -> anyhow::Result<Self> {
        let printer = Printer::new(&options.common);
        let config = Config::load(&options.common)?;
        let store = StateFile::find(options.state.as_deref(), &config)?;
        let clock = config.clock();
        Ok(Self { config, printer, store, clock, deadline: options.common.request_deadline() })
    }

    /// The service. Fails (exit 3) if no key is configured.
    pub(crate) fn api(&self) -> anyhow::Result<ServiceApi> {
        Ok(ServiceApi::new(Client::from_config(&self.config, self.deadline)?))
    }

    /// How long one request may take.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The requests that schedule something: stored before they leave, until their outcome is known.
    pub(crate) fn intents(&self) -> IntentStore {
        IntentStore::new(self.config.skill_dir(), self.clock)
    }

    /// Changes the stored mission with these ids, after something was changed at the service by them. It is no error if
    /// no mission has them, and only a warning if the state file cannot be used: what was done is done.
    pub(crate) fn update_stored(
        &self,
        mission_id: &str,
        run_id: Option<&str>,
        change: impl FnOnce(&mut MissionMut),
    ) {
        let stored = self.store.read().and_then(|missions| {
            let Some(slug) = missions.slug_of(mission_id, run_id) else { return Ok(()) };
            self.store.change_mission(slug, |mission| {
                change(mission);
                Ok(())
            })
        });
        if let Err(err) = stored {
            out::warning(&format!("done, but not stored here: {}", exit::one_line(&err)));
        }
    }

    /// Ends a command that has changed something: prints what it did, and fails with `fault` if there is one.
    ///
    /// Fails with exit 8 if that cannot be printed, unless there is a fault: its code stays.
    pub(crate) fn end(
        &self,
        value: &Value,
        text: impl FnOnce() -> String,
        fault: Option<Fault>,
    ) -> anyhow::Result<Exit> {
        if let Some(fault) = fault {
            self.printer.print_with_failure(value, text);
            return Err(fault.into());
        }
        self.printer.print_after_change(value, text)?;
        Ok(Exit::Done)
    }

    /// Prints, in text mode, that a stage of a workflow was done. Fails with exit 8 if that cannot be printed.
    pub(crate) fn print_stage(&self, text: &str) -> anyhow::Result<()> {
        let again = "run the same command again: it goes on from here";
        Ok(self
            .printer
            .print_in_text_mode(text)
            .map_err(|err| out::output_failed(&err).hint(again))?)
    }

    /// The lock of workflows of several stages: two at once would create everything twice.
    ///
    /// Fails (exit 5) if another one runs for longer than half a minute.
    pub(crate) fn lock_workflow(&self) -> anyhow::Result<Lock> {
        Lock::acquire(&self.store.lock_beside("workflow")?, WORKFLOW_WAIT)
    }

    /// Checks for something after each of the pauses, until it is there. `None` if it never was.
    pub(crate) fn check_after<T>(
        &self,
        pauses: &[Duration],
        mut check: impl FnMut() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<Option<T>> {
        for pause in pauses {
            self.clock.sleep(self.clock.scale_period(*pause));
            let found = check()?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// This machine's time; the [service's](ServiceApi::now) is another (see [`clock`](crate::service::clock)).
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// This machine's time with its uptime, from which it is known later how long ago that was.
    pub(crate) fn moment(&self) -> Moment {
        self.clock.moment()
    }
}
