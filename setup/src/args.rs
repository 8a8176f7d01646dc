//! The command lines of `setup`, `uninstall` and `status`.

use clap::{ArgGroup, Parser, ValueEnum};
use state::args::Common;

/// Set up the skill: key, names, gateway, and what keeps the client running.
///
/// On a terminal it asks; without one, or with --yes, the options say everything. Nothing is lost that it
/// was not told to change, and repeating it changes nothing that is right. --server is stored.
#[derive(Debug, Parser)]
#[command(name = "setup", version, after_help = SETUP_EXAMPLES)]
#[command(group = ArgGroup::new("key").args(["api_key_stdin", "api_key_env"]))]
#[command(group = ArgGroup::new("where").args(["no_gateway", "gateway_url"]))]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Setup {
    /// Options of every tool.
    #[command(flatten)]
    pub common: Common,

    /// Read the API key from stdin
    #[arg(long)]
    pub api_key_stdin: bool,

    /// Name the variable that holds the API key, in the environment or the skill folder's .env; with --service it
    /// must stand in .env, since neither systemd nor cron knows this shell's. The key itself is not stored
    #[arg(long, value_name = "NAME")]
    pub api_key_env: Option<String>,

    /// Refused: other programs of this machine can read a key that stands here, and shells remember it
    #[arg(long, hide = true, value_name = "VALUE", num_args = 0..=1, aliases = ["key", "apikey"], allow_hyphen_values = true)]
    pub api_key: Option<Option<String>>,

    /// Your name, as the agent speaks of you
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub owner_name: Option<String>,

    /// The agent's name
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub agent_name: Option<String>,

    /// What a caller hears first
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub greeting: Option<String>,

    /// Address of a gateway elsewhere [default: found by the gateway's own configuration]
    #[arg(long, value_name = "URL")]
    pub gateway_url: Option<String>,

    /// Name the environment variable that holds the gateway's token
    #[arg(long, value_name = "NAME")]
    pub gateway_token_env: Option<String>,

    /// The agent that answers, where the gateway has several
    #[arg(long, value_name = "ID")]
    pub agent_id: Option<String>,

    /// Leave the gateway and its configuration alone
    #[arg(long)]
    pub no_gateway: bool,

    /// Switch on the gateway's chat endpoint too: one model call per request instead of more
    #[arg(long, conflicts_with = "no_gateway")]
    pub chat: bool,

    /// Have the gateway ask your phone before the agent acts in a turn by telephone: puts the gate into the gateway, once
    /// a test on your phone was approved
    #[arg(long, conflicts_with = "no_gateway")]
    pub gate: bool,

    /// Ask nothing: take names from the agent's pages, and allow sessions_send in the gateway's configuration
    #[arg(long, short)]
    pub yes: bool,

    /// What keeps the client running: a unit of your systemd, lines of your crontab, or nothing
    #[arg(long, value_name = "KIND")]
    pub service: Option<SupervisorChoice>,

    /// Only try whether the configuration resolves in this environment
    #[arg(long, hide = true)]
    pub try_config: bool,
}

/// What keeps the client running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SupervisorChoice {
    /// A unit of the user's systemd
    Systemd,
    /// Two lines of the user's crontab
    Cron,
    /// Nothing
    None,
}

/// Undo exactly what setup did.
///
/// Stops the client, removes its unit or crontab lines, takes back what setup added to the gateway's
/// configuration, and removes logs. It asks about skill-config.json on a terminal and keeps it elsewhere.
#[derive(Debug, Parser)]
#[command(name = "uninstall", version, after_help = UNINSTALL_EXAMPLES)]
#[command(group = ArgGroup::new("config").args(["delete_config", "keep_config"]))]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Uninstall {
    /// Options of every tool.
    #[command(flatten)]
    pub common: Common,

    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,

    /// Delete skill-config.json, which holds the key
    #[arg(long)]
    pub delete_config: bool,

    /// Keep skill-config.json without asking
    #[arg(long)]
    pub keep_config: bool,

    /// Delete what missions and calls have stored, too
    #[arg(long)]
    pub delete_state: bool,
}

/// Check every part, and say what helps.
///
/// Never dials, never texts, never prints a key; ends within 10 seconds. Exit 0 if nothing fails (warnings
/// are allowed), 1 otherwise.
#[derive(Debug, Parser)]
#[command(name = "status", version, after_help = STATUS_EXAMPLES)]
pub struct StatusArgs {
    /// Options of every tool.
    #[command(flatten)]
    pub common: Common,
}

const SETUP_EXAMPLES: &str = "Examples:
  setup
  echo \"$KEY\" | setup --yes --api-key-stdin --service systemd";

const UNINSTALL_EXAMPLES: &str = "Examples:
  uninstall --dry-run
  uninstall --delete-config --delete-state";

const STATUS_EXAMPLES: &str = "Examples:
  status --text
  status | jq -r '.checks[] | select(.status != \"pass\") | .fix'";
