//! What every command needs: configuration, output, the state file, the clock, and the service when it is asked.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use state::api::Client;
use state::clock::Clock;
use state::config::Config;
use state::exit::{self, Exit, Fault};
use state::file;
use state::intents::Intents;
use state::lock::Lock;
use state::moment::Moment;
use state::out::{self, Printer};

use crate::args::Options;
use crate::service::ServiceApi;
use crate::state_file::{MissionMut, StateFile};

/// How long a workflow waits for another one to end.
const WORKFLOW_WAIT: Duration = Duration::from_secs(30);

/// The fault of a command that did something at the service and cannot keep it here, as on a full disk: exit 8, since
/// it is not so that nothing was done.
pub(crate) fn unkept(done: &str, err: &anyhow::Error) -> anyhow::Error {
    let text = format!("{done}, but that could not be kept here: {}", exit::told(err));
    Fault::new(Exit::Unknown, text)
        .hint("mend that, then run the same command again: it goes on from here")
        .into()
}

/// The surroundings of one command.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) printer: Printer,
    pub(crate) file: StateFile,
    pub(crate) clock: Clock,
    deadline: Duration,
}

impl Context {
    /// Reads the configuration; asks nobody.
    pub(crate) fn new(options: &Options) -> anyhow::Result<Self> {
        let printer = Printer::new(&options.common);
        let config = Config::load(&options.common)?;
        let file = StateFile::find(options.state.as_deref(), &config)?;
        let clock = config.clock();
        Ok(Self { config, printer, file, clock, deadline: options.common.request_deadline() })
    }

    /// The service. Fails (exit 3) if no key is configured.
    pub(crate) fn api(&self) -> anyhow::Result<ServiceApi> {
        Ok(ServiceApi::new(Client::new(&self.config.service()?, self.deadline)))
    }

    /// What was about to be scheduled and is remembered until it is settled.
    pub(crate) fn intents(&self) -> Intents {
        Intents::of(self.config.skill_dir(), self.clock)
    }

    /// Changes what is kept of a mission after the service was told something by its ids. A mission that is not
    /// kept here is no fault, and a state file that cannot be used does not undo what was done: it is told.
    pub(crate) fn keep_in_step(
        &self,
        mission_id: &str,
        run_id: Option<&str>,
        change: impl FnOnce(&mut MissionMut),
    ) {
        let kept = self.file.read().and_then(|missions| {
            let Some(slug) = missions.slug_of(mission_id, run_id) else { return Ok(()) };
            self.file.change_mission(slug, |mission| {
                change(mission);
                Ok(())
            })
        });
        if let Err(err) = kept {
            out::warning(&format!("done, but not kept here: {}", exit::told(&err)));
        }
    }

    /// Ends a command that has changed something: prints what it did, and fails with what was left.
    ///
    /// Fails with exit 8 if that cannot be printed, unless there is a fault: its code stays.
    pub(crate) fn end(
        &self,
        value: &Value,
        text: impl FnOnce() -> String,
        fault: Option<Fault>,
    ) -> anyhow::Result<Exit> {
        if let Some(fault) = fault {
            self.printer.beside(value, text);
            return Err(fault.into());
        }
        self.printer.done(value, text)?;
        Ok(Exit::Done)
    }

    /// Says in text mode that a stage of a workflow was done.
    ///
    /// Fails with exit 8 if that cannot be said.
    pub(crate) fn said(&self, text: &str) -> anyhow::Result<()> {
        let again = "run the same command again: it goes on from here";
        Ok(self.printer.words(text).map_err(|err| out::unsaid(&err).hint(again))?)
    }

    /// Held while a workflow of several stages runs: two at once would make everything twice.
    ///
    /// Fails (exit 5) if another one runs for longer than half a minute.
    pub(crate) fn one_workflow(&self) -> anyhow::Result<Lock> {
        let path = self.file.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(folder) = path.parent() {
            file::make_dir(folder)?;
        }
        Lock::hold(&path.with_file_name(format!("{name}.workflow.lock")), WORKFLOW_WAIT)
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The time in the form in which it is kept to tell later how long ago it was.
    pub(crate) fn moment(&self) -> Moment {
        self.clock.moment()
    }
}
