//! Arguments of the commands that reach a list of people and say what came of it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use state::parse_time;

/// Call everybody on a list with one question, or text them all; again, it goes on
#[derive(Debug, Args)]
#[command(
    after_help = "LIST is CSV with a header (phone, name, other columns), a JSON array, or a number on each line; numbers may be
written as they are dialled in --country. All rows are checked before anything is sent. Calls ring 9 to 17 on
business days where the phone is, texts 9 to 20 any day; public holidays are not known (--skip). Everybody hears
first that an AI assistant calls, for whom, and that the call is transcribed; first texts say how to opt out. Over
10 targets the owner's phone is asked first. Two batches are scheduled ahead, ticks schedule the rest. The same line
again goes on and begins nobody twice; one that has ended prints its report (--again begins anew).
WHEN is \"tomorrow 09:00\" where each phone rings, `in 15m`, or RFC 3339.
Prints {\"slug\", \"dry_run\", \"plan\": [{\"to\", \"name\", \"channel\", \"at\", \"local\"}], \"refused\": [{\"line\", \"given\",
\"why\"}], \"totals\", \"quota\", \"ticker\", \"next\"}; exit 2 if nobody can be reached, 1 if the account's quota is not
enough or the owner denies it, 6 or 7 if the owner has not decided or cannot be asked: run the same line again.

Examples:
  missions outreach \"Plumbers\" --ask \"What is your hourly rate?\" --targets plumbers.csv --as Ada --recipient service
  missions outreach \"Party\" --message \"Hi {name}, do you come on Friday?\" --targets friends.csv --as Ada --dry-run | jq .plan"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(crate) struct OutreachArgs {
    /// Short name; the slug is made from it
    #[arg(value_name = "NAME", allow_hyphen_values = true)]
    pub(crate) name: String,
    /// Call, and find this out
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        required_unless_present = "message",
        conflicts_with = "message"
    )]
    pub(crate) ask: Option<String>,
    /// Text this; {column} is filled in from the list
    #[arg(long, value_name = "TEMPLATE", allow_hyphen_values = true)]
    pub(crate) message: Option<String>,
    /// The list of targets; - is stdin
    #[arg(long, value_name = "LIST", required_unless_present = "to", conflicts_with = "to")]
    pub(crate) targets: Option<PathBuf>,
    /// A target; may be repeated
    #[arg(long, value_name = "NUMBER")]
    pub(crate) to: Vec<String>,
    /// Country of numbers without a country code, as in US [default: that of the account's number]
    #[arg(long, value_name = "COUNTRY")]
    pub(crate) country: Option<String>,
    #[command(flatten)]
    pub(crate) speaking: Speaking,
    /// When it begins [default: at once, in the hours of each]
    #[arg(long, value_name = "WHEN")]
    pub(crate) when: Option<String>,
    /// How many begin at once
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) batch: u32,
    /// The time between two batches
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = parse_time::duration)]
    pub(crate) every: Duration,
    /// How long it may take; of texts, how long an answer is waited for [default: 10d; of texts, 48h]
    #[arg(long = "for", value_name = "TIME", value_parser = parse_time::duration)]
    pub(crate) lasts: Option<Duration>,
    /// Kind of recipient, for retries: automated, service or professional [default: no retries]
    #[arg(long, value_name = "KIND")]
    pub(crate) recipient: Option<String>,
    /// Calls or texts at most, retries included
    #[arg(long, value_name = "N")]
    pub(crate) max_calls: Option<usize>,
    /// Begin nothing more once so many minutes were talked
    #[arg(long, value_name = "N")]
    pub(crate) max_minutes: Option<u32>,
    /// A day on which nobody is called, as in 2027-12-24; may be repeated
    #[arg(long, value_name = "DATE")]
    pub(crate) skip: Vec<String>,
    /// Reach them at any hour
    #[arg(long)]
    pub(crate) any_time: bool,
    /// Begin nothing if one row is refused
    #[arg(long)]
    pub(crate) strict: bool,
    /// Only show the plan
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Begin anew although one of that name has ended or was denied
    #[arg(long)]
    pub(crate) again: bool,
    /// Let the number ring the assistant instead of you
    #[arg(long)]
    pub(crate) take_line: bool,
    /// Keep the assistant after the end
    #[arg(long)]
    pub(crate) keep: bool,
}

/// Who speaks to people, and how.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Speaking {
    /// For whom it calls; everybody is told [default: owner_name of the configuration]
    #[arg(long = "as", value_name = "WHO")]
    pub(crate) who: Option<String>,
    /// Language that is spoken, as in de
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) language: Option<String>,
    /// What is said behind the first sentence
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) greeting: Option<String>,
}

/// Wait for what comes of a mission; ticks meanwhile
#[derive(Debug, Args)]
#[command(
    after_help = "Prints the rows that are new since the last wait: {\"rows\": [{\"to\", \"name\", \"outcome\", \"tries\", \"at\", \"said\",
\"reply\"}], \"waiting\", \"needs\", \"next\"}. Outcomes: answered, voicemail, busy, no answer, failed, rejected, canceled,
opted out, unknown; of texts delivered, replied, silent, undelivered. What stands in said and reply are strangers'
words. Exit 6 when the time is up: the same line waits on.

Examples:
  missions wait plumbers
  missions wait party --until next --timeout 30m | jq '.rows[]'"
)]
pub(crate) struct Wait {
    /// Slug of the mission
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
    /// Until all is done, or until the next row
    #[arg(long, value_name = "WHAT", default_value = "done", value_parser = ["done", "next"])]
    pub(crate) until: String,
    /// How long at most
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_time::duration)]
    pub(crate) timeout: Duration,
    /// Print all rows, not only the new ones
    #[arg(long)]
    pub(crate) all: bool,
}

/// Show what came of a mission's targets so far
#[derive(Debug, Args)]
#[command(
    after_help = "Sends nothing. Prints {\"slug\", \"status\", \"totals\", \"minutes\", \"rows\", \"needs\"}; with a number its row, whole.

Examples:
  missions report plumbers | jq .totals
  missions report plumbers --csv > plumbers.csv"
)]
pub(crate) struct ShowReport {
    /// Slug of the mission
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
    /// The only number to show
    #[arg(value_name = "NUMBER")]
    pub(crate) to: Option<String>,
    /// As a table for a spreadsheet
    #[arg(long)]
    pub(crate) csv: bool,
}

/// Call somebody, ask one question, and print the answer
#[derive(Debug, Args)]
#[command(
    after_help = "Rings a minute ahead, between 8 and 21 where the phone is. Prints one row: {\"to\", \"outcome\", \"tries\", \"at\",
\"said\"}. Exit 0 answered, 1 not reached or a voicemail, 2 outside the hours, 6 not ended yet (the same line goes on),
8 not known. The same line is one call for 24 hours unless --again is given.

Examples:
  missions ask +13125550142 \"Is a table for two free at eight tonight?\" --as Ada
  missions ask +13125550142 \"When do you close today?\" --as Ada | jq -r .said"
)]
pub(crate) struct Ask {
    /// Number to call
    #[arg(value_name = "NUMBER")]
    pub(crate) to: String,
    /// What is to be found out
    #[arg(value_name = "QUESTION", allow_hyphen_values = true)]
    pub(crate) question: String,
    #[command(flatten)]
    pub(crate) speaking: Speaking,
    /// How long to wait for the answer
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_time::duration)]
    pub(crate) timeout: Duration,
    /// Call at any hour
    #[arg(long)]
    pub(crate) any_time: bool,
    /// Call although the same line did so in the last 24 hours
    #[arg(long)]
    pub(crate) again: bool,
}

/// List the texts that answered those of an outreach
#[derive(Debug, Args)]
#[command(
    after_help = "Prints {\"slug\", \"replies\": [{\"to\", \"name\", \"at\", \"text\"}]}; text is a stranger's words.

Examples:
  missions replies party
  missions replies party | jq -r '.replies[] | .name + \": \" + .text'"
)]
pub(crate) struct ShowReplies {
    /// Slug of the outreach
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
}

/// Stop an outreach for now: nothing more is begun, what is over a minute ahead is withdrawn
#[derive(Debug, Args)]
#[command(
    after_help = "Prints {\"slug\", \"paused\": true, \"withdrawn\": [{\"to\", \"at\"}], \"may_still_happen\": [{…, \"why\"}]}; exit 8
if something may still happen.

Examples:
  missions pause plumbers
  missions pause plumbers | jq .may_still_happen"
)]
pub(crate) struct Pause {
    /// Slug of the outreach
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
}

/// Let a paused outreach go on
#[derive(Debug, Args)]
#[command(after_help = "Prints {\"slug\", \"paused\": false, \"next\"}.

Examples:
  missions resume plumbers
  missions resume plumbers | jq -r .next")]
pub(crate) struct Resume {
    /// Slug of the outreach
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
}
