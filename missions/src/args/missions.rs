//! Arguments of the commands about missions, runs, plans and the log of a run.

use clap::Args;

use super::{Paging, RunIds};

/// Ask the service whether the API key works
#[derive(Debug, Args)]
#[command(
    after_help = "Prints {\"key\", \"server\", \"verified\", \"account\"}; exit 3 if the key is refused.

Examples:
  missions check-key
  missions check-key | jq .account.quota"
)]
pub(crate) struct CheckKey {}

/// Create a mission (init does this and all that follows)
#[derive(Debug, Args)]
#[command(after_help = "Prints the mission as the service keeps it.

Examples:
  missions create-mission \"Find plumbers\" \"Find three plumbers in Chicago and compare their rates\"
  missions create-mission \"Remind tenants\" \"Text every tenant\" --channel sms | jq -r .id")]
pub(crate) struct CreateMission {
    /// Short name; its slug is made from it
    #[arg(value_name = "NAME", allow_hyphen_values = true)]
    pub(crate) name: String,
    /// What is to be done, in full
    #[arg(value_name = "INSTRUCTIONS", allow_hyphen_values = true)]
    pub(crate) instructions: String,
    #[command(flatten)]
    pub(crate) more: MissionOptions,
}

/// Options of a new mission that `telnyx_api.py` does not have.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct MissionOptions {
    /// voice, sms or both [default: the service's, voice]
    #[arg(long, value_name = "CHANNEL")]
    pub(crate) channel: Option<String>,
    /// JSON object that the service keeps with the mission
    #[arg(long, value_name = "JSON")]
    pub(crate) metadata: Option<String>,
}

/// Show a mission with its plan and linked assistants
#[derive(Debug, Args)]
#[command(after_help = "Prints the mission as the service keeps it.

Examples:
  missions get-mission 1fa2ec3c-6fd5-4695-b3c6-9ad45db492ff
  missions get-mission 1fa2ec3c-6fd5-4695-b3c6-9ad45db492ff | jq .plan.steps")]
pub(crate) struct GetMission {
    /// Id of the mission
    #[arg(value_name = "MISSION_ID")]
    pub(crate) mission_id: String,
}

/// List the account's missions, newest first
#[derive(Debug, Args)]
#[command(after_help = "Prints {\"missions\": […]}.

Examples:
  missions list-missions --status pending
  missions list-missions --all | jq -r '.missions[] | .id + \" \" + .name'")]
pub(crate) struct ListMissions {
    /// Only those with this status: pending, running, succeeded, failed or cancelled
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Option<String>,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Call a mission off at the service; what is scheduled stays scheduled
#[derive(Debug, Args)]
#[command(after_help = "Prints the mission as the service keeps it.

Examples:
  missions cancel-mission 1fa2ec3c-6fd5-4695-b3c6-9ad45db492ff
  missions cancel-mission \"$(missions get-state find-plumbers | jq -r .mission_id)\"")]
pub(crate) struct CancelMission {
    /// Id of the mission
    #[arg(value_name = "MISSION_ID")]
    pub(crate) mission_id: String,
}

/// Start a run of a mission
#[derive(Debug, Args)]
#[command(after_help = "Prints the run.

Examples:
  missions create-run mis_1 '{\"original_request\": \"User wants quotes\"}'
  missions create-run mis_1 '{\"original_request\": \"User wants quotes\", \"context\": \"Three floors\"}' | jq -r .run_id")]
pub(crate) struct CreateRun {
    /// Id of the mission
    #[arg(value_name = "MISSION_ID")]
    pub(crate) mission_id: String,
    /// JSON object with the request that it serves
    #[arg(value_name = "INPUT_JSON", allow_hyphen_values = true)]
    pub(crate) input: String,
}

/// Show a run
#[derive(Debug, Args)]
#[command(after_help = "Prints the run.

Examples:
  missions get-run mis_1 run_1
  missions get-run mis_1 run_1 | jq -r .status")]
pub(crate) struct GetRun {
    #[command(flatten)]
    pub(crate) run: RunIds,
}

/// Set the status of a run, and its result
#[derive(Debug, Args)]
#[command(
    after_help = "Statuses: pending, running, paused, succeeded, failed, cancelled. Prints the run.

Examples:
  missions update-run mis_1 run_1 running
  missions update-run mis_1 run_1 succeeded --summary \"ABC is cheapest\" --payload '{\"best\": \"ABC\"}'"
)]
pub(crate) struct UpdateRun {
    #[command(flatten)]
    pub(crate) run: RunIds,
    /// New status
    #[arg(value_name = "STATUS")]
    pub(crate) status: String,
    /// What came of it, in words
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) summary: Option<String>,
    /// What came of it, as JSON
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    pub(crate) payload: Option<String>,
}

/// List the runs of a mission, newest first
#[derive(Debug, Args)]
#[command(after_help = "Prints {\"data\": […], \"meta\": {…}}.

Examples:
  missions list-runs mis_1
  missions list-runs mis_1 --all | jq -r '.data[] | .run_id + \" \" + .status'")]
pub(crate) struct ListRuns {
    /// Id of the mission
    #[arg(value_name = "MISSION_ID")]
    pub(crate) mission_id: String,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Write the plan of a run, once
#[derive(Debug, Args)]
#[command(
    after_help = "A step needs step_id and description; sequence is filled in where it is missing. Prints {\"data\": […]}.

Examples:
  missions create-plan mis_1 run_1 '[{\"step_id\": \"research\", \"description\": \"Find contractors\"}, {\"step_id\": \"calls\", \"description\": \"Call them\"}]'
  missions create-plan mis_1 run_1 \"$(cat plan.json)\""
)]
pub(crate) struct CreatePlan {
    #[command(flatten)]
    pub(crate) run: RunIds,
    /// JSON list of steps
    #[arg(value_name = "STEPS_JSON", allow_hyphen_values = true)]
    pub(crate) steps: String,
}

/// Show the plan of a run with the status of each step
#[derive(Debug, Args)]
#[command(after_help = "Prints {\"data\": […]}, or {\"data\": []} where there is no plan.

Examples:
  missions get-plan mis_1 run_1
  missions get-plan mis_1 run_1 | jq -r '.data[] | .step_id + \" \" + .status'")]
pub(crate) struct GetPlan {
    #[command(flatten)]
    pub(crate) run: RunIds,
}

/// Set the status of a plan step
#[derive(Debug, Args)]
#[command(
    after_help = "Statuses: pending, in_progress, completed, skipped, failed. Prints the step.

Examples:
  missions update-step mis_1 run_1 research in_progress
  missions update-step mis_1 run_1 research completed"
)]
pub(crate) struct UpdateStep {
    #[command(flatten)]
    pub(crate) run: RunIds,
    /// The step_id of the plan
    #[arg(value_name = "STEP_ID")]
    pub(crate) step_id: String,
    /// New status
    #[arg(value_name = "STATUS")]
    pub(crate) status: String,
}

/// Write an event into the log of a run
#[derive(Debug, Args)]
#[command(
    after_help = "Types: status_change, step_started, step_completed, step_failed, tool_call, tool_result, message, error, custom.
STEP_ID is `-` for an event that belongs to no step. Prints the event.

Examples:
  missions log-event mis_1 run_1 step_started \"Starting: Research\" research
  missions log-event mis_1 run_1 custom \"Found 3 contractors\" - '{\"count\": 3}'"
)]
pub(crate) struct LogEvent {
    #[command(flatten)]
    pub(crate) run: RunIds,
    /// Kind of event
    #[arg(value_name = "TYPE")]
    pub(crate) kind: String,
    /// What happened, in a sentence
    #[arg(value_name = "SUMMARY", allow_hyphen_values = true)]
    pub(crate) summary: String,
    /// The step_id of the plan, or `-`
    #[arg(value_name = "STEP_ID", allow_hyphen_values = true)]
    pub(crate) step_id: String,
    /// Details as JSON
    #[arg(value_name = "PAYLOAD_JSON", allow_hyphen_values = true)]
    pub(crate) payload: Option<String>,
    /// Who logs it
    #[arg(long, value_name = "NAME", default_value = "claude-code")]
    pub(crate) agent_id: String,
    /// Key by which the service knows a repeated event
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
}

/// List the log of a run
#[derive(Debug, Args)]
#[command(after_help = "Prints {\"data\": […], \"meta\": {…}}.

Examples:
  missions list-events mis_1 run_1
  missions list-events mis_1 run_1 --all | jq -r '.data[] | .type + \": \" + .summary'")]
pub(crate) struct ListEvents {
    #[command(flatten)]
    pub(crate) run: RunIds,
    #[command(flatten)]
    pub(crate) paging: Paging,
}
