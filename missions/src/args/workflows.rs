//! Arguments of the commands that do several steps at once, each stored before the next.

use clap::Args;

use super::{AssistantArgs, MissionOptions, Positionals};

/// Start a mission: mission, run, plan and status in one command; again, it resumes
#[derive(Debug, Args)]
#[command(
    after_help = "A step needs step_id and description. Run it again after any failure: it goes on where it stopped, and never makes
a second mission. Prints {\"slug\", \"mission_id\", \"run_id\", \"status\", \"resumed\", \"archived\", \"plan\"}.

Examples:
  missions init \"Find plumbers\" \"Call three plumbers in Chicago, compare rates\" \"User wants quotes\" '[{\"step_id\": \"calls\", \"description\": \"Call them\"}]'
  missions init \"SMS test\" \"Send one text\" \"Test\" | jq -r .slug"
)]
pub(crate) struct Init {
    /// Short name; the slug is made from it
    #[arg(value_name = "NAME", allow_hyphen_values = true)]
    pub(crate) name: String,
    /// What is to be done, in full
    #[arg(value_name = "INSTRUCTIONS", allow_hyphen_values = true)]
    pub(crate) instructions: String,
    /// What the user asked for, in their words
    #[arg(value_name = "REQUEST", allow_hyphen_values = true)]
    pub(crate) request: String,
    /// JSON list of plan steps
    #[arg(value_name = "STEPS_JSON", allow_hyphen_values = true)]
    pub(crate) steps: Option<String>,
    #[command(flatten)]
    pub(crate) more: MissionOptions,
}

/// Give a mission its assistant and number: create, link, verify, assign in one command; again, it resumes
#[derive(Debug, Args)]
#[command(
    after_help = "The number that is assigned rings the assistant from then on, no longer you (\"inbound_line\": \"moved\");
--caller-id-only calls from the number and leaves it where it is.
Prints {\"slug\", \"assistant_id\", \"agent_phone\", \"phone_number_id\", \"linked\", \"inbound_line\", \"existing\"}.

Examples:
  missions setup-agent find-plumbers \"Caller\" \"You ask for hourly rates. Be brief.\" \"Hi, do you have a moment?\"
  missions setup-agent find-plumbers \"Caller\" \"You ask for hourly rates.\" --caller-id-only | jq -r .agent_phone"
)]
pub(crate) struct SetupAgent {
    /// Slug of the mission, exactly as list-state prints it
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
    #[command(flatten)]
    pub(crate) assistant: AssistantArgs,
    /// Call from the number without assigning it: your inbound line stays yours
    #[arg(long)]
    pub(crate) caller_id_only: bool,
}

/// End a mission well: its run succeeded, the mission stays archived in the state file
#[derive(Debug, Args)]
#[command(
    override_usage = "missions complete [OPTIONS] SLUG [SUMMARY]
       missions complete [OPTIONS] SLUG MISSION_ID RUN_ID SUMMARY [PAYLOAD_JSON]",
    after_help = "Prints {\"slug\", \"status\", \"mission_id\", \"run_id\", \"run\"}.

Examples:
  missions complete find-plumbers \"ABC Co is cheapest at 40 an hour\"
  missions complete find-plumbers mis_1 run_1 \"ABC Co is cheapest\" '{\"best\": \"ABC Co\"}'"
)]
pub(crate) struct Complete {
    #[command(flatten)]
    pub(crate) words: Positionals,
}

/// Settle by hand what is unconfirmed: whether it happened; without an id: search again, and list what is left
#[derive(Debug, Args)]
#[command(
    after_help = "Look first (get-event, list-events-assistant, the portal), then say what you saw.
Prints {\"settled\": […], \"unsettled\": [{\"id\", \"what\", \"begun\", …}]}; exit 8 while something is unconfirmed.

Examples:
  missions resolve
  missions resolve 9f3c5a1e00d4b2aa --happened sev_1"
)]
pub(crate) struct Resolve {
    /// Id of what is unconfirmed, as listed without one
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    /// It happened: the id of what it made
    #[arg(long, value_name = "ID", requires = "id", conflicts_with = "nothing_happened")]
    pub(crate) happened: Option<String>,
    /// Nothing happened: the same command may do it again
    #[arg(long, requires = "id")]
    pub(crate) nothing_happened: bool,
}
