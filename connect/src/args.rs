//! The command line of `connect`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use state::args::Common;

/// Keeps the phone line to your agent open: calls, push-to-talk and texts become turns of your agent.
#[derive(Parser, Debug)]
#[command(
    name = "connect",
    version,
    disable_help_subcommand = true,
    after_help = "Examples:\n  connect start\n  connect simulate 'what is on my calendar?'"
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Stay connected, in the foreground (for systemd and containers)
    #[command(
        after_help = "Examples:\n  connect run\n  DEBUG=1 connect run --server http://127.0.0.1:8080"
    )]
    Run(RunArgs),
    /// Start in the background; ends when the service has accepted the key
    #[command(after_help = "Examples:\n  connect start\n  connect start --quiet && echo connected")]
    Start,
    /// Stop; turns in flight have 10 seconds to end
    #[command(after_help = "Examples:\n  connect stop\n  connect stop --quiet")]
    Stop,
    /// Stop and start again
    #[command(after_help = "Examples:\n  connect restart\n  DEBUG=1 connect restart")]
    Restart,
    /// Tell whether it is connected, and what it does; exit 0 only if it is
    #[command(after_help = "Examples:\n  connect status\n  connect status | jq .state")]
    Status,
    /// Start it if it died or hangs (for cron); silent unless it acts
    #[command(
        after_help = "Examples:\n  connect watchdog\n  * * * * * /path/to/skill/bin/connect watchdog"
    )]
    Watchdog,
    /// Print the log
    #[command(after_help = "Examples:\n  connect logs\n  connect logs --lines 200 --follow")]
    Logs(LogsArgs),
    /// Play one event through to your real gateway, without the service, and print what would be sent
    #[command(
        after_help = "Examples:\n  connect simulate 'what is on my calendar?'\n  connect simulate --sms +15551234567 'are you there?'"
    )]
    Simulate(SimulateArgs),
}

/// Options of `run`.
#[derive(ClapArgs, Debug)]
pub(crate) struct RunArgs {
    /// Detach from the terminal and log to the file only: how `start` runs it
    #[arg(long, hide = true)]
    pub(crate) detached: bool,
}

/// Options of `logs`.
#[derive(ClapArgs, Debug)]
pub(crate) struct LogsArgs {
    /// Go on printing what is added
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// How many lines to begin with
    #[arg(long, short = 'n', default_value_t = 50, value_name = "N")]
    pub(crate) lines: usize,
}

/// Options of `simulate`.
#[derive(ClapArgs, Debug)]
pub(crate) struct SimulateArgs {
    /// What is said
    #[arg(value_name = "TEXT", required_unless_present = "event", allow_hyphen_values = true)]
    pub(crate) words: Option<String>,
    /// It comes as a text message from this number; no text is sent back
    #[arg(long, value_name = "FROM", conflicts_with = "walkie")]
    pub(crate) sms: Option<String>,
    /// It comes by push-to-talk
    #[arg(long)]
    pub(crate) walkie: bool,
    /// Play the event in this file, a JSON object as the service sends it; a caller in it counts as a stranger
    #[arg(long, value_name = "FILE", conflicts_with_all = ["words", "sms", "walkie"])]
    pub(crate) event: Option<PathBuf>,
}
