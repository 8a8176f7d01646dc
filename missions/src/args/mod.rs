//! The command line of `missions`: what is declared here is all that it understands.

mod assistants;
mod cron;
mod groups;
mod lifecycle;
mod memory;
mod missions;
mod outreach;
mod scheduled;
mod workflows;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args as _, Parser, Subcommand};
use state::args::Common;

pub(crate) use assistants::*;
pub(crate) use cron::*;
pub(crate) use lifecycle::*;
pub(crate) use memory::*;
pub(crate) use missions::*;
pub(crate) use outreach::*;
pub(crate) use scheduled::*;
pub(crate) use workflows::*;

/// The program's name.
const NAME: &str = "missions";

/// Multi-step outreach by phone and text: missions with a plan, a log, assistants, scheduled calls and texts,
/// and a memory that survives.
///
/// Prints one JSON document (`--text`: the words of telnyx_api.py). A mission is named by its slug: copy it
/// from list-state, never abbreviate it.
#[derive(Debug, Parser)]
#[command(name = NAME, version, disable_help_subcommand = true)]
#[command(help_template = groups::TEMPLATE, before_help = groups::COMMANDS, after_help = groups::EXAMPLES, subcommand_value_name = "COMMAND")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) options: Options,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,

    /// State file [default: $CLAWDTALK_STATE_FILE, else .missions_state.json in the skill folder]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Common options")]
    pub(crate) state: Option<PathBuf>,
}

macro_rules! commands {
    ($($name:ident = $word:literal,)*) => {
        /// Every command, in the groups of [`groups::COMMANDS`].
        #[derive(Debug, Subcommand)]
        pub(crate) enum Command {
            $(#[command(name = $word)] $name($name),)*
        }

        /// The definition of the command of that name.
        fn command(name: &str) -> Option<clap::Command> {
            match name {
                $($word => Some($name::augment_args(clap::Command::new($word))),)*
                _ => None,
            }
        }
    };
}

commands! {
    OutreachArgs = "outreach",
    Wait = "wait",
    ShowReport = "report",
    Ask = "ask",
    ShowReplies = "replies",
    Pause = "pause",
    Resume = "resume",

    CheckKey = "check-key",

    CreateMission = "create-mission",
    GetMission = "get-mission",
    ListMissions = "list-missions",
    CancelMission = "cancel-mission",

    CreateRun = "create-run",
    GetRun = "get-run",
    UpdateRun = "update-run",
    ListRuns = "list-runs",

    CreatePlan = "create-plan",
    GetPlan = "get-plan",
    UpdateStep = "update-step",

    LogEvent = "log-event",
    ListEvents = "list-events",

    CreateAssistant = "create-assistant",
    ListAssistants = "list-assistants",
    GetAssistant = "get-assistant",
    UpdateAssistant = "update-assistant",
    DeleteAssistant = "delete-assistant",
    GetConnectionId = "get-connection-id",

    ListPhones = "list-phones",
    GetAvailablePhone = "get-available-phone",
    AssignPhone = "assign-phone",

    ScheduleCall = "schedule-call",
    ScheduleSms = "schedule-sms",
    GetEvent = "get-event",
    CancelScheduledEvent = "cancel-scheduled-event",
    ListEventsAssistant = "list-events-assistant",

    GetInsights = "get-insights",

    LinkAgent = "link-agent",
    ListLinkedAgents = "list-linked-agents",
    UnlinkAgent = "unlink-agent",

    ListState = "list-state",
    GetState = "get-state",
    RemoveState = "remove-state",
    Recover = "recover",
    Import = "import",
    Dnc = "dnc",
    Cron = "cron",

    SaveMemory = "save-memory",
    GetMemory = "get-memory",
    AppendMemory = "append-memory",

    Init = "init",
    SetupAgent = "setup-agent",
    Complete = "complete",
    Resolve = "resolve",
    Fail = "fail",
    Cancel = "cancel",
    Tick = "tick",
    ShowNext = "next",
    Watch = "watch",
}

/// As much of the definition as a command line needs: the first command that it names, and no other. To build all of
/// them takes longer than most of them run (0.9 ms of the 2 ms that a local command may take). Only the message about a mistake needs the rest.
pub(crate) fn needed_commands(words: &[OsString]) -> clap::Command {
    let program = Options::augment_args(clap::Command::new(NAME))
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true);
    let named = words.iter().find_map(|word| command(word.to_str()?));
    named.into_iter().fold(program, clap::Command::subcommand)
}

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Paging {
    /// Page to show, from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) page: Option<u32>,
    /// Rows on a page
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) size: Option<u32>,
    /// All pages as one list
    #[arg(long, conflicts_with = "page")]
    pub(crate) all: bool,
}

/// Arguments whose meaning depends on how many there are: the usage of the command shows it. Each is declared by itself,
/// since one argument of many values that may begin with `-` swallows every option after it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Positionals {
    /// Arguments in the order of the usage above
    #[arg(value_name = "ARGUMENTS", required = true, allow_hyphen_values = true)]
    first: Option<String>,
    #[arg(hide = true, allow_hyphen_values = true)]
    second: Option<String>,
    #[arg(hide = true, allow_hyphen_values = true)]
    third: Option<String>,
    #[arg(hide = true, allow_hyphen_values = true)]
    fourth: Option<String>,
    #[arg(hide = true, allow_hyphen_values = true)]
    fifth: Option<String>,
    #[arg(hide = true, allow_hyphen_values = true)]
    sixth: Option<String>,
    #[arg(hide = true, allow_hyphen_values = true)]
    seventh: Option<String>,
    #[arg(hide = true, allow_hyphen_values = true)]
    eighth: Option<String>,
}

impl Positionals {
    /// The arguments that were given, in their order.
    pub(crate) fn list(&self) -> Vec<&str> {
        let words = [
            &self.first,
            &self.second,
            &self.third,
            &self.fourth,
            &self.fifth,
            &self.sixth,
            &self.seventh,
            &self.eighth,
        ];
        words.into_iter().flatten().map(String::as_str).collect()
    }
}

/// A mission of the service and one of its runs.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RunIds {
    /// Id of the mission
    #[arg(value_name = "MISSION_ID")]
    pub(crate) mission_id: String,
    /// Id of the run
    #[arg(value_name = "RUN_ID")]
    pub(crate) run_id: String,
}

#[cfg(test)]
mod tests {
    use super::{Args, needed_commands};
    use clap::{Command, CommandFactory as _};

    #[track_caller]
    fn same(part: &Command, full: &Command) {
        let of = |command: &Command| {
            let arguments: Vec<_> = command.get_arguments().map(|one| format!("{one:?}")).collect();
            (command.get_version().map(str::to_owned), arguments)
        };
        assert_eq!(of(part), of(full));
    }

    #[test]
    fn one_command_alone_reads_its_line_as_all_of_them_do() {
        let full = Args::command();
        for command in full.get_subcommands() {
            let part =
                needed_commands(&["--text".into(), command.get_name().into(), "cancel".into()]);
            same(&part, &full);
            let names: Vec<_> = part.get_subcommands().map(Command::get_name).collect();
            assert_eq!(names, [command.get_name()]);
            let part = part.find_subcommand(command.get_name()).unwrap();
            same(part, command);
            let below = part.get_subcommands().zip(command.get_subcommands());
            assert_eq!(part.get_subcommands().count(), command.get_subcommands().count());
            below.for_each(|(part, full)| same(part, full));
        }
    }

    #[test]
    fn a_line_that_names_no_command_needs_none() {
        same(&needed_commands(&["--version".into(), "tik".into()]), &Args::command());
        assert!(needed_commands(&["tik".into()]).get_subcommands().next().is_none());
    }
}
