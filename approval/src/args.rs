//! The command line of `approval`.

use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use state::args::Common;
use state::exit::Fault;
use state::parse_time;

/// Ask the owner's phone before something irreversible.
///
/// Exit 0 of `request`, `status` and `wait` means approved, and nothing else does: `approval request "…" && do-it` is
/// safe. 1 denied, or refused by the service, such as an unknown id; 2 a mistake in the command, or a help or version
/// was printed in place of a decision; 3 not configured, or the key was refused; 4 not reachable, nothing was asked; 6 no
/// decision; 7 nobody could be asked; 8 it may have been asked. `approval --help`, alone, and `list` exit 0, and that is
/// no approval.
#[derive(Debug, Parser)]
#[command(name = "approval", version, after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done with approvals.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask, and wait for the answer
    #[command(after_help = EXAMPLES)]
    Request(RequestArgs),
    /// Show whether a request was approved
    #[command(
        after_help = "Examples:\n  approval status apr_1 && ./deploy.sh\n  approval status apr_1 --text"
    )]
    Status {
        /// Id of the request
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Wait for the answer to a request that was made before
    #[command(
        after_help = "Examples:\n  approval wait apr_1 && ./deploy.sh\n  approval wait apr_1 --timeout 2m"
    )]
    Wait {
        /// Id of the request
        #[arg(value_name = "ID")]
        id: String,
        /// Longest wait
        #[arg(long, value_name = "TIME", default_value = "300", value_parser = parse_time::duration, allow_negative_numbers = true)]
        timeout: Duration,
    },
    /// List requests; exits 0 whatever they say, which is no approval
    #[command(
        after_help = "Examples:\n  approval list\n  approval list denied | jq '.approvals[].action'"
    )]
    List {
        /// Which ones
        #[arg(value_name = "STATUS", value_enum, default_value = "pending")]
        status: StatusFilter,
    },
}

/// What the owner is to decide, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct RequestArgs {
    /// What is to be done, in one argument of at most 500 characters; shown in one line
    #[arg(value_name = "ACTION", required = true)]
    pub(crate) action: Vec<String>,

    /// More about it, shown below the action
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) details: Option<String>,

    /// Ask for a fingerprint or face as well; `wait` and `status` need it too
    #[arg(long)]
    pub(crate) biometric: bool,

    /// How long the owner has to decide, such as 300 or 5m
    #[arg(long, value_name = "TIME", default_value = "300", value_parser = parse_time::duration, allow_negative_numbers = true)]
    pub(crate) timeout: Duration,

    /// Print the id and leave (exit 6: not decided); `approval wait ID` goes on
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// The statuses that the service can list.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum StatusFilter {
    Pending,
    Approved,
    Denied,
    Expired,
}

impl StatusFilter {
    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
        }
    }
}

/// Refuses (exit 2) a time in which nobody can answer; the service counts in whole seconds.
pub(crate) fn require_a_second(timeout: Duration) -> Result<(), Fault> {
    if timeout < Duration::from_secs(1) {
        return Err(Fault::usage("`--timeout` must be at least 1 second")
            .hint("leave it out for 5 minutes, or give a time such as 2m"));
    }
    Ok(())
}

const EXAMPLES: &str = "Examples:
  approval request \"Delete the GitHub repo test-repo\" && gh repo delete test-repo --yes
  approval request \"Send 500 dollars to John\" --biometric --timeout 5m";
