//! Arguments of the commands that keep a mission going and end it.

use clap::Args;

/// Poll what is due, record how it ended, retry, notify the agent, end what is over
#[derive(Debug, Args)]
#[command(
    after_help = "For cron: safe to run at any time, any number of times, two at once, and to kill. Polls a scheduled call or
text two minutes after its time, or as soon as an event of it is pushed to connect, and then every half minute (a
minute and a half while it rings, two and a half while somebody talks); where nothing is due nothing is sent. A step
ends with its last event; the mission is completed when all steps are done, failed when one failed for good.
A target scheduled with --recipient is retried; a lost answer never leads to a second call.
Prints {\"at\", \"busy\", \"missions\": [{\"slug\", \"decision\", \"command\", \"looked\", \"ended\", \"retries\", \"done\",
\"refused\", \"unsettled\", \"failed\", \"next\", \"settled\"}], \"next\"}; exit 4 if something is left for the next tick,
8 if a call or text may have been scheduled.

Examples:
  missions tick
  missions tick find-plumbers | jq '.missions[].decision'"
)]
pub(crate) struct Tick {
    /// Slug of the only mission to process [default: all that are running]
    #[arg(value_name = "SLUG")]
    pub(crate) slug: Option<String>,
}

/// Print what the mission needs now, as a command line
#[derive(Debug, Args)]
#[command(
    after_help = "All steps done: complete. A step failed for good: fail. Else: the next step, or a wait. Changes nothing.
Prints {\"decision\": \"complete\" | \"continue\" | \"retry\" | \"fail\" | \"wait\" | \"over\", \"slug\", \"command\",
…}; with --text the command alone.

Examples:
  missions next find-plumbers
  missions next find-plumbers | jq -r .command"
)]
pub(crate) struct ShowNext {
    /// Slug of the mission
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
}

/// End a mission badly: its step and run failed, what is scheduled deleted, the cron line removed
#[derive(Debug, Args)]
#[command(
    after_help = "Does in order: the step failed, an error in the log, memories `error_STEP` and `result`, the run failed, no more
polling. Interrupted, the same command or a tick goes on. The mission stays archived in the state file.
Prints {\"slug\", \"status\", \"step\", \"reason\", \"done\", \"failed\", \"settled\", …}.

Examples:
  missions fail find-plumbers \"None of the three plumbers could be reached\"
  missions fail find-plumbers \"Wrong numbers\" --step calls | jq .settled"
)]
pub(crate) struct Fail {
    /// Slug of the mission
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
    /// Why, in a sentence
    #[arg(value_name = "REASON", allow_hyphen_values = true)]
    pub(crate) reason: String,
    /// The step that failed [default: the one under way, else the next]
    #[arg(long, value_name = "STEP_ID")]
    pub(crate) step: Option<String>,
}

/// Cancel a mission: nothing of it happens any more, or it says what may
#[derive(Debug, Args)]
#[command(
    after_help = "Deletes every scheduled call and text, sets the run to cancelled, removes the cron line and archives the mission.
Exit 0 only if all of them were pending when read and were deleted at least 60 s before their time by the
service's clock; else 8, with the list of what may still be dialled.
Prints {\"slug\", \"status\", \"cancelled\": [{\"event_id\", \"to\", \"at\"}], \"may_still_happen\": [{…, \"why\"}], …};
with --all {\"missions\": […]}.

Examples:
  missions cancel find-plumbers | jq .may_still_happen
  missions cancel --all"
)]
pub(crate) struct Cancel {
    /// Slug of the mission
    #[arg(value_name = "SLUG", required_unless_present = "all", conflicts_with = "all")]
    pub(crate) slug: Option<String>,
    /// Every mission that has not ended
    #[arg(long)]
    pub(crate) all: bool,
    /// And whatever else is scheduled in the account
    #[arg(long, requires = "all")]
    pub(crate) account: bool,
}

/// Run ticks for a mission in the foreground until it ends; on a terminal, show the state of each target
#[derive(Debug, Args)]
#[command(
    after_help = "Does what tick does, at the moments at which something is due. Prints one JSON line, tick's, for each tick that
had something to do; on a terminal a table instead. Interrupted it ends with 6, and the mission goes on.

Examples:
  missions watch find-plumbers
  missions watch find-plumbers | jq -r '.missions[].decision'"
)]
pub(crate) struct Watch {
    /// Slug of the mission
    #[arg(value_name = "SLUG")]
    pub(crate) slug: String,
}
