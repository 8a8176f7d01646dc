//! The command line of `missions`: what is declared here is all that it understands.

mod assistants;
mod cron;
mod groups;
mod lifecycle;
mod memory;
mod missions;
mod scheduled;
mod whole;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use state::args::Common;

pub(crate) use assistants::*;
pub(crate) use cron::*;
pub(crate) use lifecycle::*;
pub(crate) use memory::*;
pub(crate) use missions::*;
pub(crate) use scheduled::*;
pub(crate) use whole::*;

/// Multi-step outreach by phone and text: missions with a plan, a log, assistants, scheduled calls and texts,
/// and a memory that survives.
///
/// Prints one JSON document (`--text`: the words of telnyx_api.py). A mission is named by its slug: copy it
/// from list-state, never abbreviate it.
#[derive(Debug, Parser)]
#[command(name = "missions", version, disable_help_subcommand = true)]
#[command(help_template = groups::TEMPLATE, after_help = groups::COMMANDS, subcommand_value_name = "COMMAND")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,

    /// State file [default: $CLAWDTALK_STATE_FILE, else .missions_state.json in the skill folder]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Common options")]
    pub(crate) state: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Every command, in the reference's groups.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    CheckKey(CheckKey),

    CreateMission(CreateMission),
    GetMission(GetMission),
    ListMissions(ListMissions),
    CancelMission(CancelMission),

    CreateRun(CreateRun),
    GetRun(GetRun),
    UpdateRun(UpdateRun),
    ListRuns(ListRuns),

    CreatePlan(CreatePlan),
    GetPlan(GetPlan),
    UpdateStep(UpdateStep),

    LogEvent(LogEvent),
    ListEvents(ListEvents),

    CreateAssistant(CreateAssistant),
    ListAssistants(ListAssistants),
    GetAssistant(GetAssistant),
    UpdateAssistant(UpdateAssistant),
    DeleteAssistant(DeleteAssistant),
    GetConnectionId(GetConnectionId),

    ListPhones(ListPhones),
    GetAvailablePhone(GetAvailablePhone),
    AssignPhone(AssignPhone),

    ScheduleCall(ScheduleCall),
    ScheduleSms(ScheduleSms),
    GetEvent(GetEvent),
    CancelScheduledEvent(CancelScheduledEvent),
    ListEventsAssistant(ListEventsAssistant),

    GetInsights(GetInsights),

    LinkAgent(LinkAgent),
    ListLinkedAgents(ListLinkedAgents),
    UnlinkAgent(UnlinkAgent),

    ListState(ListState),
    GetState(GetState),
    RemoveState(RemoveState),
    Recover(Recover),
    Import(Import),
    Dnc(Dnc),
    Cron(Cron),

    SaveMemory(SaveMemory),
    GetMemory(GetMemory),
    AppendMemory(AppendMemory),

    Init(Init),
    SetupAgent(SetupAgent),
    Complete(Complete),
    Resolve(Resolve),
    Fail(Fail),
    Cancel(Cancel),
    Tick(Tick),
    Next(Next),
    Watch(Watch),
}

/// Which part of a list is asked for.
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

/// Words whose meaning depends on how many there are: the usage of the command tells it. They are arguments of
/// their own, since one argument of many values that may begin with `-` swallows every option after it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Words {
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

impl Words {
    /// The words that are there, in their order.
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
pub(crate) struct OfRun {
    /// Id of the mission
    #[arg(value_name = "MISSION_ID")]
    pub(crate) mission_id: String,
    /// Id of the run
    #[arg(value_name = "RUN_ID")]
    pub(crate) run_id: String,
}
