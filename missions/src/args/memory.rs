//! Arguments of the commands about the state file and the memory of a mission.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use state::parse_time;

/// List the missions of the state file: copy slugs from here
#[derive(Debug, Args)]
#[command(
    after_help = "Prints {\"missions\": [{\"slug\", \"name\", \"status\", \"mission_id\", \"run_id\", \"assistant_id\",
\"agent_phone\", \"created_at\", \"last_updated\"}]}.

Examples:
  missions list-state --text
  missions list-state | jq -r '.missions[].slug'"
)]
pub(crate) struct ListState {}

/// Show all that is stored of a mission
#[derive(Debug, Args)]
#[command(
    after_help = "Prints the mission's object in the state file; {} and a warning where there is none.

Examples:
  missions get-state find-plumbers
  missions get-state find-plumbers | jq -r .run_id"
)]
pub(crate) struct GetState {
    /// Slug of the mission
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
}

/// Forget a mission: its memory goes too
#[derive(Debug, Args)]
#[command(after_help = "Prints {\"slug\", \"removed\": true}. Nothing changes at the service.

Examples:
  missions remove-state find-plumbers
  missions get-state find-plumbers > find-plumbers.json && missions remove-state find-plumbers")]
pub(crate) struct RemoveState {
    /// Slug of the mission
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
}

/// Save what can be read of a broken state file; a copy of the broken one stays beside it
#[derive(Debug, Args)]
#[command(
    after_help = "Prints {\"state\", \"broken\", \"kept\", \"whole\": [slugs], \"cut\": [slugs], \"lost_bytes\"}. A file that is not broken
is left alone.

Examples:
  missions recover
  missions recover --state /tmp/copy.json"
)]
pub(crate) struct Recover {}

/// Take over the missions of another state file, such as one of telnyx_api.py, or one that get-state printed
#[derive(Debug, Args)]
#[command(
    after_help = "Prints {\"added\", \"merged\", \"renamed\", \"left_out\"}. What is here already is never changed; the other file stays
as it is. Missions are taken over and no machinery: what runs their ticks is left out, and `missions cron add SLUG` sets it
up here. Give a file of your own: its missions go on with the calls and texts that they plan.

Examples:
  missions import ./.missions_state.json
  missions import ~/old-skill/.missions_state.json | jq .added"
)]
pub(crate) struct Import {
    /// The file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Numbers that nobody may call or text: neither missions, call and sms nor automatic replies
///
/// Who texts STOP comes to the list by itself, and goes from it by texting START; CANCEL, END and QUIT end texts only.
#[derive(Debug, Args)]
#[command(
    subcommand_value_name = "WHAT",
    disable_help_subcommand = true,
    after_help = "Prints {\"number\", \"listed\", \"changed\"}, of add also \"withdrawn\" and \"not_withdrawn\", and for list {\"numbers\": {\"+1…\": when it was added},
\"details\": {\"+1…\": {\"why\", \"covers\"}}}. why: by hand, opt-out (by a text of theirs), carrier (it refuses texts to them);
covers: texts, or texts and calls.

Examples:
  missions dnc add +13125550142
  missions dnc list | jq -r '.numbers | keys[]'"
)]
pub(crate) struct Dnc {
    #[command(subcommand)]
    pub(crate) what: DncCommand,
}

/// What is done with the do-not-call list.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum DncCommand {
    /// Put a number on the list
    #[command(
        after_help = "Examples:\n  missions dnc add +13125550142\n  missions dnc add '+1 (312) 555-0142' | jq .changed"
    )]
    Add {
        /// Number in E.164 form
        #[arg(value_name = "NUMBER")]
        number: String,
    },
    /// Take a number off the list, once the owner's phone has approved it
    #[command(
        after_help = "Asks with `approval`: without its yes nothing changes, and the exit code is its own (1 denied, 6 not decided,
7 nobody could be asked). START or UNSTOP in a text of theirs lifts what an opt-out of theirs put on the list.

Examples:
  missions dnc remove +13125550142
  missions dnc remove +13125550142 --timeout 2m | jq .changed"
    )]
    Remove {
        /// Number in E.164 form
        #[arg(value_name = "NUMBER")]
        number: String,
        /// How long the owner has to decide
        #[arg(long, value_name = "TIME", default_value = "300", value_parser = parse_time::duration, allow_negative_numbers = true)]
        timeout: Duration,
    },
    /// Show the list: when each number came to it, why, and what that covers
    #[command(
        after_help = "Examples:\n  missions dnc list\n  missions dnc list | jq -r '.numbers | keys[]'"
    )]
    List,
}

/// How the value of a memory command is read.
#[derive(Clone, Debug, Args)]
pub(crate) struct ValueOptions {
    /// The value is JSON, such as 42 or true or "text"
    #[arg(long, conflicts_with = "string")]
    pub(crate) json: bool,
    /// The value is a text, even if it begins with { or [
    #[arg(long)]
    pub(crate) string: bool,
    /// Make the mission in the state file if there is none of that slug
    #[arg(long)]
    pub(crate) create: bool,
}

/// Remember a value under a key
#[derive(Debug, Args)]
#[command(
    after_help = "A value that begins with { or [ is JSON, any other a text: --json and --string say otherwise.
Prints {\"slug\", \"key\", \"value\"}.

Examples:
  missions save-memory find-plumbers best '{\"name\": \"ABC Co\", \"rate\": 40}'
  missions save-memory find-plumbers count 3 --json"
)]
pub(crate) struct SaveMemory {
    /// Slug of the mission
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
    /// Key
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// Value
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) value: String,
    #[command(flatten)]
    pub(crate) read: ValueOptions,
}

/// Add an item to the list under a key
#[derive(Debug, Args)]
#[command(
    after_help = "An item that begins with { or [ is JSON, any other a text: --json and --string say otherwise.
Prints {\"slug\", \"key\", \"items\"}.

Examples:
  missions append-memory find-plumbers contractors '{\"name\": \"ABC Co\", \"phone\": \"+13125550142\"}'
  missions append-memory find-plumbers notes \"closed on Mondays\""
)]
pub(crate) struct AppendMemory {
    /// Slug of the mission
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
    /// Key
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// Item
    #[arg(value_name = "ITEM", allow_hyphen_values = true)]
    pub(crate) item: String,
    #[command(flatten)]
    pub(crate) read: ValueOptions,
}

/// Show the memory of a mission, all of it or one key
#[derive(Debug, Args)]
#[command(
    after_help = "Prints the value; null (in text mode: No memory found) where there is none.

Examples:
  missions get-memory find-plumbers
  missions get-memory find-plumbers contractors | jq length"
)]
pub(crate) struct GetMemory {
    /// Slug of the mission
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
    /// Key
    #[arg(value_name = "KEY")]
    pub(crate) key: Option<String>,
}
