//! `cron`: the line that runs `tick` for a mission.

use clap::Args;

/// Have `tick` run for a mission by the user's cron until the mission ends
#[derive(Debug, Args)]
#[command(
    subcommand_value_name = "WHAT",
    disable_help_subcommand = true,
    after_help = "The line goes by itself when the mission ends. add and remove may be repeated.
Prints {\"slug\", \"changed\", …}, of add also \"scheduler\", and for list {\"missions\": [{\"slug\", \"scheduler\", …}]}.

Examples:
  missions cron add find-plumbers --step verify
  missions cron list | jq -r '.missions[].slug'"
)]
pub(crate) struct Cron {
    #[command(subcommand)]
    pub(crate) what: CronCommand,
}

/// What is done with the lines.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum CronCommand {
    /// Try the key with cron's empty environment, then let cron run the ticks
    #[command(
        after_help = "Examples:\n  missions cron add find-plumbers\n  missions cron add find-plumbers --every 5 --step verify"
    )]
    Add(AddCron),
    /// Take the line or the gateway's job out again
    #[command(
        after_help = "Examples:\n  missions cron remove find-plumbers\n  missions cron remove find-plumbers | jq .changed"
    )]
    Remove {
        /// Slug of the mission
        #[arg(value_name = "SLUG")]
        slug: String,
    },
    /// Show what runs the ticks for the missions of this folder
    #[command(
        after_help = "Examples:\n  missions cron list\n  missions cron list find-plumbers | jq -r '.missions[].line'"
    )]
    List {
        /// Only this mission
        #[arg(value_name = "SLUG")]
        slug: Option<String>,
    },
}

/// What is wanted of a new line.
#[derive(Debug, Args)]
pub(crate) struct AddCron {
    /// Slug of the mission
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
    /// Minutes between two ticks: 1 to 30, or 60, 120, … 720 (a tick asks only about what is due)
    #[arg(long, value_name = "MINUTES", default_value_t = 1)]
    pub(crate) every: u32,
    /// Step of the plan that ends with the mission's last event, as --verify-step of schedule-call
    #[arg(long, value_name = "STEP_ID")]
    pub(crate) step: Option<String>,
    /// Use the gateway's own scheduler, by its program `openclaw`
    #[arg(long)]
    pub(crate) openclaw: bool,
}
