//! The command line of `sms`.

use clap::{Parser, Subcommand, ValueEnum};
use state::args::{Common, whole_number};

/// Send, list and follow text messages.
///
/// A text is never sent twice by a retry: exit 8 says that it may have been sent, and the same line checks whether it
/// was, for 10 minutes, instead of sending it again. 1 refused, 3 not configured, 4 not reachable: nothing was sent.
#[derive(Debug, Parser)]
#[command(name = "sms", version, after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done with texts.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send a text, with pictures if wanted
    #[command(
        after_help = "Options may stand anywhere before a `--`; what follows it is text.\n\nExamples:
  sms send +15551234567 \"See you at eight\"
  sms send +15551234567 \"The plan\" --media https://example.com/plan.png --dry-run"
    )]
    Send(SendArgs),
    /// List texts, newest first
    #[command(after_help = "Examples:
  sms list --contact +15551234567 --limit 5
  sms list --direction inbound --all | jq -r '.messages[].body'")]
    List(ListArgs),
    /// List the people texted with, and the last text of each
    #[command(after_help = "Examples:
  sms conversations
  sms conversations | jq -r '.conversations[].contact'")]
    Conversations,
    /// Print each text as it comes or goes, from now on
    #[command(after_help = "Examples:
  sms tail
  sms tail --contact +15551234567 | jq -r .body")]
    Tail {
        /// Only texts with this number
        #[arg(long, value_name = "NUMBER")]
        contact: Option<String>,
    },
}

/// The text to send, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct SendArgs {
    /// Number to text, in E.164 form
    #[arg(value_name = "TO")]
    pub(crate) to: String,

    /// What to say; several words are one text, - reads stdin; a typed \n is a line break
    #[arg(value_name = "TEXT", required_unless_present = "media")]
    pub(crate) words: Vec<String>,

    /// Address of a picture or file to send along; may be given several times
    #[arg(long, value_name = "URL")]
    pub(crate) media: Vec<String>,

    /// Send a typed \n as these two characters
    #[arg(long)]
    pub(crate) raw: bool,

    /// Show what would be sent and what it counts as, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Send although the same line may have been sent in the last 10 minutes
    #[arg(long)]
    pub(crate) again: bool,
}

/// Which texts are listed.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// How many a page holds, from 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = |text: &str| whole_number(text, 1..=1000))]
    pub(crate) limit: u32,

    /// Only texts with this number
    #[arg(long, value_name = "NUMBER")]
    pub(crate) contact: Option<String>,

    /// Only texts that came in, or that went out
    #[arg(long, value_name = "WAY")]
    pub(crate) direction: Option<DirectionFilter>,

    /// Which page, from 1 to 1000000
    #[arg(long, value_name = "N", value_parser = |text: &str| whole_number(text, 1..=1_000_000))]
    pub(crate) page: Option<u32>,

    /// All pages
    #[arg(long, conflicts_with = "page")]
    pub(crate) all: bool,
}

/// Which way the listed texts went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DirectionFilter {
    /// To us
    Inbound,
    /// From us
    Outbound,
}

impl DirectionFilter {
    /// The service's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

const EXAMPLES: &str = "Examples:
  sms send +15551234567 \"See you at eight\"
  sms list --contact +15551234567";
