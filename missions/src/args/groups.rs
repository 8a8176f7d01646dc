//! The overview that `missions --help` prints: the commands in groups, as `telnyx_api.py` prints them.

/// The commands come before the options, and grouped: clap lists them in one heap.
pub(super) const TEMPLATE: &str = "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}Common options:\n{options}{after-help}";

/// The overview; a test compares it with the commands that exist.
pub(super) const COMMANDS: &str = "\
From a list to the answers:
  outreach                NAME (--ask TEXT | --message TEMPLATE) (--targets LIST | --to NUMBER …)
  wait                    SLUG
  report                  SLUG [NUMBER]
  ask                     NUMBER QUESTION
  replies                 SLUG
  pause                   SLUG
  resume                  SLUG

Whole workflows:
  init                    NAME INSTRUCTIONS REQUEST [STEPS_JSON]
  setup-agent             SLUG NAME INSTRUCTIONS [GREETING]
  complete                SLUG [MISSION_ID RUN_ID] [SUMMARY [PAYLOAD_JSON]]
  fail                    SLUG REASON
  cancel                  SLUG | --all
  resolve                 [ID]
  cron                    add SLUG | remove SLUG | list [SLUG]

What becomes of a mission:
  tick                    [SLUG]
  next                    SLUG
  watch                   SLUG

State and memory:
  list-state
  get-state               SLUG
  remove-state            SLUG
  recover
  import                  FILE
  dnc                     add NUMBER | remove NUMBER | list
  save-memory             SLUG KEY VALUE
  append-memory           SLUG KEY ITEM
  get-memory              SLUG [KEY]

Scheduled calls and texts:
  schedule-call           --mission SLUG TO WHEN, or
                          ASSISTANT_ID TO FROM WHEN [MISSION_ID RUN_ID [STEP_ID]]
  schedule-sms            --mission SLUG TO WHEN TEXT, or
                          ASSISTANT_ID TO FROM WHEN TEXT [MISSION_ID RUN_ID [STEP_ID]]
  get-event               ASSISTANT_ID EVENT_ID
  cancel-scheduled-event  ASSISTANT_ID EVENT_ID
  list-events-assistant   ASSISTANT_ID
  get-insights            CONVERSATION_ID

Missions, runs, plans and logs at the service:
  check-key
  create-mission          NAME INSTRUCTIONS
  get-mission             MISSION_ID
  list-missions
  cancel-mission          MISSION_ID
  create-run              MISSION_ID INPUT_JSON
  get-run                 MISSION_ID RUN_ID
  update-run              MISSION_ID RUN_ID STATUS
  list-runs               MISSION_ID
  create-plan             MISSION_ID RUN_ID STEPS_JSON
  get-plan                MISSION_ID RUN_ID
  update-step             MISSION_ID RUN_ID STEP_ID STATUS
  log-event               MISSION_ID RUN_ID TYPE SUMMARY STEP_ID [PAYLOAD_JSON]
  list-events             MISSION_ID RUN_ID

Assistants and phone numbers:
  create-assistant        NAME INSTRUCTIONS [GREETING] [OPTIONS_JSON]
  list-assistants
  get-assistant           ASSISTANT_ID
  update-assistant        ASSISTANT_ID UPDATES_JSON
  delete-assistant        ASSISTANT_ID
  get-connection-id       ASSISTANT_ID [telephony|messaging]
  list-phones
  get-available-phone
  assign-phone            PHONE_ID CONNECTION_ID [voice|sms]
  link-agent              MISSION_ID RUN_ID ASSISTANT_ID
  list-linked-agents      MISSION_ID RUN_ID
  unlink-agent            MISSION_ID RUN_ID ASSISTANT_ID

`missions COMMAND --help` shows the rest, with examples.";

/// The end of the page, as of every other.
pub(super) const EXAMPLES: &str = "\
Examples:
  missions init \"Find plumbers\" \"Call three plumbers in Chicago, compare rates\" \"User wants quotes\"
  missions schedule-call --mission find-plumbers +13125550142 \"in 15m\" --step calls";

#[cfg(test)]
mod tests {
    use super::COMMANDS;
    use clap::CommandFactory as _;

    #[test]
    fn the_overview_names_every_command_once_and_no_other() {
        let args = super::super::Args::command();
        let mut known: Vec<&str> = args.get_subcommands().map(clap::Command::get_name).collect();
        let listed = COMMANDS.lines().filter_map(|line| line.strip_prefix("  "));
        let listed = listed.filter(|line| !line.starts_with(' '));
        let mut listed: Vec<&str> = listed.filter_map(|line| line.split(' ').next()).collect();
        known.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, known);
    }

    #[test]
    fn the_help_of_every_command_ends_with_two_examples() {
        let args = super::super::Args::command();
        for command in args.get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let name = command.get_name();
            let examples = help.split_once("Examples:\n").map(|(_, examples)| examples);
            let lines: Vec<&str> = examples.unwrap_or_default().lines().collect();
            assert_eq!(lines.len(), 2, "{name}");
            let is_real = |line: &&str| line.starts_with("  missions ") && line.contains(name);
            assert!(lines.iter().all(is_real), "{name}: {lines:?}");
        }
    }
}
