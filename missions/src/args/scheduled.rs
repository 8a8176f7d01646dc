//! Arguments of the commands about scheduled calls and texts and what came of them.

use clap::Args;

use super::{Paging, Positionals};

/// Schedule a phone call
#[derive(Debug, Args)]
#[command(
    override_usage = "missions schedule-call [OPTIONS] ASSISTANT_ID TO FROM WHEN [MISSION_ID RUN_ID [STEP_ID]]
       missions schedule-call [OPTIONS] --mission SLUG TO WHEN",
    after_help = "WHEN is RFC 3339 with an offset, or `in 15m`; at least a minute ahead. With --mission the assistant, the caller's
number, the mission and its run come from the state file, and the call is recorded and logged in the same
command. The same line is one call for 24 hours unless --again is given. Outside the window of the recipient
(9 to 5, Monday to Friday, where the number rings) it is refused with the next allowed time. A number that may
ring in several time zones is called when it is inside the window in all of them. Public holidays are not known.
Prints the scheduled event; exit 8 if the answer was lost and the event was not found: see `missions resolve`.

Examples:
  missions schedule-call --mission find-plumbers +13125550142 2027-12-01T10:30:00-06:00 --step calls
  missions schedule-call ast_1 +13125550142 +15559990000 \"in 15m\" mis_1 run_1 --any-time"
)]
pub(crate) struct ScheduleCall {
    #[command(flatten)]
    pub(crate) words: Positionals,
    #[command(flatten)]
    pub(crate) more: ScheduleOptions,
    /// Hours of the day in which calls may begin, as in 09:00-17:00
    #[arg(long, value_name = "HOURS")]
    pub(crate) window: Option<String>,
    /// Days on which calls may begin, as in mon-fri
    #[arg(long, value_name = "DAYS")]
    pub(crate) days: Option<String>,
    /// Time zone of the recipient, as in America/Chicago [default: where the number rings]
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,
    /// Call outside the window as well
    #[arg(long)]
    pub(crate) any_time: bool,
}

/// Schedule a text message
#[derive(Debug, Args)]
#[command(
    override_usage = "missions schedule-sms [OPTIONS] ASSISTANT_ID TO FROM WHEN TEXT [MISSION_ID RUN_ID [STEP_ID]]
       missions schedule-sms [OPTIONS] --mission SLUG TO WHEN TEXT",
    after_help = "WHEN is RFC 3339 with an offset, or `in 15m`; at least a minute ahead. With --mission the assistant, the sender's
number, the mission and its run come from the state file, and the text is recorded and logged in the same
command. The same line is one text for 24 hours unless --again is given. A typed \\n in TEXT is a line break.
Prints the scheduled event; exit 8 if the answer was lost and the event was not found: see `missions resolve`.

Examples:
  missions schedule-sms --mission sms-test-003 +13322200013 \"in 5m\" \"Are you open today?\" --step sms
  missions schedule-sms ast_1 +13322200013 +15559990000 2027-12-01T14:30:00Z \"Hello\" mis_1 run_1 sms"
)]
pub(crate) struct ScheduleSms {
    #[command(flatten)]
    pub(crate) words: Positionals,
    #[command(flatten)]
    pub(crate) more: ScheduleOptions,
    /// Send a typed \n as these two characters
    #[arg(long)]
    pub(crate) raw: bool,
}

/// What both kinds of scheduling share.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ScheduleOptions {
    /// Slug of the mission it belongs to: schedules, records and logs
    #[arg(long, value_name = "SLUG")]
    pub(crate) mission: Option<String>,
    /// Plan step that it belongs to
    #[arg(long, value_name = "STEP_ID")]
    pub(crate) step: Option<String>,
    /// Plan step that stands for the end of the mission's last event; stored with the event
    #[arg(long, value_name = "STEP_ID")]
    pub(crate) verify_step: Option<String>,
    /// Kind of recipient, for retries: automated, service or professional [default: no retries]
    #[arg(long, value_name = "KIND")]
    pub(crate) recipient: Option<String>,
    /// Schedule although the same line may have done so in the last 24 hours
    #[arg(long)]
    pub(crate) again: bool,
}

/// Show where a scheduled call or text stands
#[derive(Debug, Args)]
#[command(
    after_help = "Prints the event. Statuses: pending, in_progress, completed, failed; a call has a call_status too.

Examples:
  missions get-event ast_1 sev_1
  missions get-event ast_1 sev_1 | jq -r .call_status"
)]
pub(crate) struct GetEvent {
    /// Id of the assistant
    #[arg(value_name = "ASSISTANT_ID")]
    pub(crate) assistant_id: String,
    /// Id of the event
    #[arg(value_name = "EVENT_ID")]
    pub(crate) event_id: String,
}

/// Delete a scheduled call or text; one that has begun goes on
#[derive(Debug, Args)]
#[command(after_help = "Prints {\"id\", \"deleted\": true}.

Examples:
  missions cancel-scheduled-event ast_1 sev_1
  missions cancel-scheduled-event ast_1 sev_1 --text")]
pub(crate) struct CancelScheduledEvent {
    /// Id of the assistant
    #[arg(value_name = "ASSISTANT_ID")]
    pub(crate) assistant_id: String,
    /// Id of the event
    #[arg(value_name = "EVENT_ID")]
    pub(crate) event_id: String,
}

/// List the scheduled calls and texts of an assistant
#[derive(Debug, Args)]
#[command(after_help = "Prints {\"events\": […]}.

Examples:
  missions list-events-assistant ast_1
  missions list-events-assistant ast_1 --all | jq -r '.events[] | .id + \" \" + .status'")]
pub(crate) struct ListEventsAssistant {
    /// Id of the assistant
    #[arg(value_name = "ASSISTANT_ID")]
    pub(crate) assistant_id: String,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Show what the service concluded from a conversation
#[derive(Debug, Args)]
#[command(
    after_help = "Prints {\"data\": …} as the service sends it; its status is completed when the insights are there.

Examples:
  missions get-insights conv_7
  missions get-insights \"$(missions get-event ast_1 sev_1 | jq -r .conversation_id)\" --text"
)]
pub(crate) struct GetInsights {
    /// Id of the conversation
    #[arg(value_name = "CONVERSATION_ID")]
    pub(crate) conversation_id: String,
}
