//! Arguments of the commands about assistants, phone numbers and the linking of assistants to runs.

use clap::Args;

use super::{Paging, RunIds};

/// Create an assistant that calls and texts
#[derive(Debug, Args)]
#[command(
    after_help = "OPTIONS_JSON: an object goes out as it is (voice, model, tools, answering-machine detection, …), a list is
the list of enabled features. Without --voice the account's own voice speaks. Prints the assistant.

Examples:
  missions create-assistant \"Caller\" \"You ask for quotes. Be brief.\" \"Hi, do you have a moment?\"
  missions create-assistant \"SMS agent\" \"You collect replies.\" \"\" '[\"messaging\"]' | jq -r .id"
)]
pub(crate) struct CreateAssistant {
    #[command(flatten)]
    pub(crate) assistant: AssistantArgs,
}

/// A new assistant.
#[derive(Clone, Debug, Args)]
pub(crate) struct AssistantArgs {
    /// Name, for the list
    #[arg(value_name = "NAME", allow_hyphen_values = true)]
    pub(crate) name: String,
    /// What it is to do and how
    #[arg(value_name = "INSTRUCTIONS", allow_hyphen_values = true)]
    pub(crate) instructions: String,
    /// What it says first; "" lets the other side begin
    #[arg(
        value_name = "GREETING",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub(crate) greeting: String,
    /// JSON object of further settings, or JSON list of features
    #[arg(value_name = "OPTIONS_JSON", allow_hyphen_values = true)]
    pub(crate) options: Option<String>,
    #[command(flatten)]
    pub(crate) more: AssistantOptions,
}

/// Options of a new assistant that `telnyx_api.py` does not have.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct AssistantOptions {
    /// Voice [default: the account's preference]
    #[arg(long, value_name = "VOICE")]
    pub(crate) voice: Option<String>,
    /// Language model [default: openai/gpt-4o]
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// Description, for the list
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) description: Option<String>,
    /// Feature to enable: telephony, messaging (may be repeated) [default: both]
    #[arg(long = "feature", value_name = "FEATURE")]
    pub(crate) features: Vec<String>,
    /// Tool as a JSON object (may be repeated) [default: hangup and send_dtmf]
    #[arg(long = "tool", value_name = "JSON")]
    pub(crate) tools: Vec<String>,
}

/// List the assistants
#[derive(Debug, Args)]
#[command(after_help = "Prints {\"assistants\": […]}.

Examples:
  missions list-assistants --name=Caller
  missions list-assistants --all | jq -r '.assistants[] | .id + \" \" + .name'")]
pub(crate) struct ListAssistants {
    /// Only those with this in their name, from all pages; with --text what the service sends for it
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Show an assistant
#[derive(Debug, Args)]
#[command(after_help = "Prints the assistant.

Examples:
  missions get-assistant ast_1
  missions get-assistant ast_1 | jq -r .phone_number")]
pub(crate) struct GetAssistant {
    /// Id of the assistant
    #[arg(value_name = "ASSISTANT_ID")]
    pub(crate) assistant_id: String,
}

/// Change an assistant, for example between the calls of a negotiation
#[derive(Debug, Args)]
#[command(after_help = "Prints the assistant.

Examples:
  missions update-assistant ast_1 '{\"instructions\": \"ABC offered 40 a window. Try for less.\"}'
  missions update-assistant ast_1 '{\"greeting\": \"Hi again\"}' | jq .config")]
pub(crate) struct UpdateAssistant {
    /// Id of the assistant
    #[arg(value_name = "ASSISTANT_ID")]
    pub(crate) assistant_id: String,
    /// JSON object of what changes
    #[arg(value_name = "UPDATES_JSON", allow_hyphen_values = true)]
    pub(crate) updates: String,
}

/// Delete an assistant
#[derive(Debug, Args)]
#[command(after_help = "Prints {\"id\", \"deleted\": true}.

Examples:
  missions delete-assistant ast_1
  missions delete-assistant ast_1 --text")]
pub(crate) struct DeleteAssistant {
    /// Id of the assistant
    #[arg(value_name = "ASSISTANT_ID")]
    pub(crate) assistant_id: String,
}

/// Show the connection that a number is assigned to, so that an assistant answers on it
#[derive(Debug, Args)]
#[command(after_help = "Prints {\"connection_id\": \"…\"}.

Examples:
  missions get-connection-id ast_1
  missions get-connection-id ast_1 messaging | jq -r .connection_id")]
pub(crate) struct GetConnectionId {
    /// Id of the assistant
    #[arg(value_name = "ASSISTANT_ID")]
    pub(crate) assistant_id: String,
    /// telephony or messaging
    #[arg(value_name = "FEATURE", default_value = "telephony")]
    pub(crate) feature: String,
}

/// List the account's phone numbers
#[derive(Debug, Args)]
#[command(
    after_help = "Prints {\"data\": […]}. --available asks for the first number that rings nobody.

Examples:
  missions list-phones
  missions list-phones --available | jq -r '.data[].phone_number'"
)]
pub(crate) struct ListPhones {
    /// Only a number that can be assigned
    #[arg(long)]
    pub(crate) available: bool,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Show the first phone number that can be assigned; exit 1 if there is none
#[derive(Debug, Args)]
#[command(after_help = "Prints the number.

Examples:
  missions get-available-phone
  missions get-available-phone | jq -r .id")]
pub(crate) struct GetAvailablePhone {}

/// Let a phone number ring an assistant: whoever had it loses it, your own inbound line too
#[derive(Debug, Args)]
#[command(after_help = "Prints the number.

Examples:
  missions assign-phone 2911183098009880238 2911927193066014629
  missions assign-phone 2911183098009880238 2911927193066014629 sms")]
pub(crate) struct AssignPhone {
    /// Id of the number (not the number itself)
    #[arg(value_name = "PHONE_ID")]
    pub(crate) phone_id: String,
    /// What get-connection-id prints
    #[arg(value_name = "CONNECTION_ID")]
    pub(crate) connection_id: String,
    /// voice or sms
    #[arg(value_name = "KIND", default_value = "voice")]
    pub(crate) kind: String,
}

/// Link an assistant to a run, so that its calls and texts show there
#[derive(Debug, Args)]
#[command(after_help = "Prints the link.

Examples:
  missions link-agent mis_1 run_1 ast_1
  missions link-agent mis_1 run_1 ast_1 && missions list-linked-agents mis_1 run_1")]
pub(crate) struct LinkAgent {
    #[command(flatten)]
    pub(crate) run: RunIds,
    /// Id of the assistant
    #[arg(value_name = "ASSISTANT_ID")]
    pub(crate) assistant_id: String,
}

/// List the assistants that are linked to a run
#[derive(Debug, Args)]
#[command(
    after_help = "Prints {\"data\": […]}; empty means that nothing scheduled shows on that run.

Examples:
  missions list-linked-agents mis_1 run_1
  missions list-linked-agents mis_1 run_1 | jq -r '.data[].telnyx_agent_id'"
)]
pub(crate) struct ListLinkedAgents {
    #[command(flatten)]
    pub(crate) run: RunIds,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Unlink an assistant from a run
#[derive(Debug, Args)]
#[command(after_help = "Prints {\"telnyx_agent_id\", \"unlinked\": true}.

Examples:
  missions unlink-agent mis_1 run_1 ast_1
  missions unlink-agent mis_1 run_1 ast_1 --text")]
pub(crate) struct UnlinkAgent {
    #[command(flatten)]
    pub(crate) run: RunIds,
    /// Id of the assistant
    #[arg(value_name = "ASSISTANT_ID")]
    pub(crate) assistant_id: String,
}
