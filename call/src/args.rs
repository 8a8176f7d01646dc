//! The command line of `call`.

use std::time::Duration;

use clap::{Parser, Subcommand};
use state::args::Common;
use state::exit::Fault;
use state::parse_time;

/// Place a phone call, follow it, end it.
///
/// Without a command it dials: your own phone, or --to somebody else's (needs a paid plan and a dedicated
/// number). A call is never placed twice by a retry: exit 8 says that it may have been placed, and the same line
/// does not dial again for 10 minutes. 1 refused, 3 not configured, 4 not reachable: nothing was dialled. The number
/// dialled is stored: only whoever answers your own phone is treated as you.
#[derive(Debug, Parser)]
#[command(name = "call", version, after_help = EXAMPLES, disable_help_subcommand = true)]
#[command(subcommand_value_name = "COMMAND")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// What the other side hears first; several words are one greeting, "" is none; a number is no greeting
    #[arg(value_name = "GREETING")]
    pub(crate) greeting: Vec<String>,

    /// Number to call, in E.164 form [default: your own phone]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) to: Option<String>,

    /// What the call is for, given to the agent that speaks; a typed \n is a line break
    #[arg(long, visible_alias = "context", value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) purpose: Option<String>,

    /// Leave a typed \n in purpose and greeting as these two characters
    #[arg(long)]
    pub(crate) raw: bool,

    /// Follow the call until it ends: exit 0 if somebody answered, 1 if nobody or a machine did
    #[arg(long)]
    pub(crate) wait: bool,

    /// Dial although the same line may have dialled in the last 10 minutes
    #[arg(long)]
    pub(crate) again: bool,
}

/// What else can be done with a call.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show where a call stands
    #[command(after_help = "Examples:\n  call status call_1\n  call status call_1 | jq -r .status")]
    Status {
        /// Id of the call
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Hang up
    #[command(after_help = "Examples:\n  call end call_1\n  call end call_1 \"wrong person\"")]
    End {
        /// Id of the call
        #[arg(value_name = "ID")]
        id: String,
        /// Why, for the record
        #[arg(value_name = "REASON", default_value = "user_ended", allow_hyphen_values = true)]
        reason: String,
    },
    /// Follow a call until it ends: a line per change; exit 0 somebody answered, 1 nobody or a machine did, 6 still going
    #[command(after_help = "Examples:\n  call wait call_1\n  call wait call_1 --timeout 5m")]
    Wait {
        /// Id of the call
        #[arg(value_name = "ID")]
        id: String,
        /// Give up waiting after this time; the call goes on
        #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_time::duration, allow_negative_numbers = true)]
        timeout: Duration,
    },
}

impl Args {
    /// Refuses (exit 2) what places a call beside a command: `call --to N status ID` must not dial, nor ignore the option.
    pub(crate) fn refuse_dialling_options_beside_a_command(&self) -> Result<(), Fault> {
        let given = [
            ("--to", self.to.is_some()),
            ("--purpose", self.purpose.is_some()),
            ("--raw", self.raw),
            ("--wait", self.wait),
            ("--again", self.again),
            ("a greeting", !self.greeting.is_empty()),
        ];
        match given.iter().find(|(_, given)| *given && self.command.is_some()) {
            Some((option, _)) => Err(Fault::usage(format!(
                "{option} places a call and cannot stand beside a command; nothing was dialled"
            ))
            .hint("leave it out, or quote the whole greeting: call --to NUMBER \"status update\"")),
            None => Ok(()),
        }
    }
}

const EXAMPLES: &str = "Examples:
  call \"Your build is done\"
  call --to +15551234567 --purpose \"Book a table for two at eight\" --wait";
