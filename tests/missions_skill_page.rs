//! `missions` on every command line that the manual of telnyx_api.py shows, through a shell as agents run them.

use std::time::Duration;

use harness::{NUMBER, Output, Sandbox, ServiceSettings, ServiceTable, SimulatedService};
use jiff::civil::Weekday;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");
/// A line each; `\n` stands for a new line within quotes. The texts are ours.
const PAGE: &str = include_str!("contract/skill-page.txt");
const SLUG: &str = "find-window-washing-contractors";
const TO: &str = "+13322200013";

/// The request that a command sends to do what it says; none for what concerns this machine alone.
const DOES: &[(&str, Option<(&str, &str)>)] = &[
    ("check-key", Some(("GET", "/v1/me"))),
    ("create-mission", Some(("POST", "/v1/missions"))),
    ("get-mission", Some(("GET", "/v1/missions/:m"))),
    ("list-missions", Some(("GET", "/v1/missions"))),
    ("create-run", Some(("POST", "/v1/missions/:m/runs"))),
    ("get-run", Some(("GET", "/v1/missions/:m/runs/:r"))),
    ("update-run", Some(("PATCH", "/v1/missions/:m/runs/:r"))),
    ("list-runs", Some(("GET", "/v1/missions/:m/runs"))),
    ("create-plan", Some(("POST", "/v1/missions/:m/runs/:r/plan"))),
    ("get-plan", Some(("GET", "/v1/missions/:m/runs/:r/plan"))),
    ("update-step", Some(("PATCH", "/v1/missions/:m/runs/:r/plan/steps/:s"))),
    ("log-event", Some(("POST", "/v1/missions/:m/runs/:r/events"))),
    ("list-events", Some(("GET", "/v1/missions/:m/runs/:r/events"))),
    ("create-assistant", Some(("POST", "/v1/assistants"))),
    ("list-assistants", Some(("GET", "/v1/assistants"))),
    ("get-assistant", Some(("GET", "/v1/assistants/:a"))),
    ("update-assistant", Some(("PATCH", "/v1/assistants/:a"))),
    ("get-connection-id", Some(("GET", "/v1/assistants/:a/connection-id"))),
    ("list-phones", Some(("GET", "/v1/numbers/account-phones/available"))),
    ("get-available-phone", Some(("GET", "/v1/numbers/account-phones/available"))),
    ("assign-phone", Some(("PATCH", "/v1/numbers/account-phones/:p"))),
    ("schedule-call", Some(("POST", "/v1/assistants/:a/events"))),
    ("schedule-sms", Some(("POST", "/v1/assistants/:a/events"))),
    ("get-event", Some(("GET", "/v1/assistants/:a/events/:e"))),
    ("cancel-scheduled-event", Some(("DELETE", "/v1/assistants/:a/events/:e"))),
    ("list-events-assistant", Some(("GET", "/v1/assistants/:a/events"))),
    ("get-insights", Some(("GET", "/v1/missions/conversations/:c/insights"))),
    ("link-agent", Some(("POST", "/v1/missions/:m/runs/:r/agents"))),
    ("list-linked-agents", Some(("GET", "/v1/missions/:m/runs/:r/agents"))),
    ("unlink-agent", Some(("DELETE", "/v1/missions/:m/runs/:r/agents/:a"))),
    ("setup-agent", Some(("PATCH", "/v1/numbers/account-phones/:p"))),
    ("complete", Some(("PATCH", "/v1/missions/:m/runs/:r"))),
    ("init", None),
    ("list-state", None),
    ("get-state", None),
    ("remove-state", None),
    ("save-memory", None),
    ("append-memory", None),
    ("get-memory", None),
];

/// A place where the page's lines make sense: two missions, an assistant with an event, a number to spare.
struct Page {
    service: SimulatedService,
    sandbox: Sandbox,
    fillings: Vec<(String, String)>,
}

impl Page {
    fn open(command: &str) -> Self {
        let service = SimulatedService::with(ServiceSettings {
            lag: Duration::ZERO,
            ..ServiceSettings::default()
        });
        let sandbox = Sandbox::for_service(&service);
        let spare = json!({"id": "2911183098009880239", "phone_number": "+15559990002", "status": "active"});
        service.seed(ServiceTable::Phones, "2911183098009880239", "", spare);
        let talk = json!({"id": "conv_7", "status": "completed", "summary": "Spoke."});
        service.seed(ServiceTable::Conversations, "conv_7", "", talk);
        let run = |args: &[&str]| sandbox.run(MISSIONS, args).ok().json();
        let id = |json: &Value, key: &str| json[key].as_str().unwrap_or_default().to_owned();
        let steps: Vec<Value> = ["research", "setup", "calls", "analyze", "sms", "verify"]
            .iter()
            .map(|step| json!({"step_id": step, "description": step}))
            .collect();
        let init =
            run(&["init", "Find window washing contractors", "I", "R", &json!(steps).to_string()]);
        run(&["init", "SMS Test 003", "I", "R"]);
        let (mission, mut of_run) = (id(&init, "mission_id"), id(&init, "run_id"));
        if command == "create-plan" {
            of_run = id(&run(&["create-run", &mission, "{}"]), "run_id");
        }
        let (mut assistant, mut event) = (String::new(), String::new());
        if command != "setup-agent" {
            assistant = id(&run(&["setup-agent", SLUG, "A", "I"]), "assistant_id");
            event = id(&run(&["schedule-sms", &assistant, TO, NUMBER, "in 3h", "Hi"]), "id");
        }
        let connection = || run(&["get-connection-id", &assistant]);
        let connection =
            if assistant.is_empty() { String::new() } else { id(&connection(), "connection_id") };
        let status = if command == "update-step" { "completed" } else { "running" };
        let json_object = r#"'{"instructions": "new"}'"#.to_owned();
        let fillings = [
            (&["<mission_id>", "$MISSION_ID", "$MID"][..], mission),
            (&["<run_id>", "$RUN_ID", "$RID"], of_run),
            (&["<assistant_id>", "<telnyx_agent_id>", "$ASSISTANT_ID", "$AID"], assistant),
            (&["<event_id>", "<id>"], event),
            (&["<conversation_id>"], "conv_7".to_owned()),
            (&["<phone_number_id>", "<phone_id>"], "2911183098009880239".to_owned()),
            (&["<connection_id>"], connection),
            (&["<slug>", "$SLUG"], SLUG.to_owned()),
            (&["<step_id>", "$STEP_ID", "<step>"], "research".to_owned()),
            (&["<to>", "$TO", "+15551234567"], TO.to_owned()),
            (&["<from>", "$FROM", "$PHONE", "+15559876543"], NUMBER.to_owned()),
            (
                &[
                    "<datetime>",
                    "$DATETIME",
                    "<dt>",
                    "2024-12-01T14:30:00Z",
                    "2026-02-19T18:43:00Z",
                ],
                business_hour(),
            ),
            (&["<type>"], "custom".to_owned()),
            (&["<status>"], status.to_owned()),
            (
                &[
                    "'[payload_json]'",
                    "[payload_json]",
                    "<input_json>",
                    "<updates_json>",
                    "<value_json>",
                    "<item_json>",
                    "[options_json]",
                ],
                json_object,
            ),
            (
                &["[steps_json]", "<steps_json>"],
                r#"'[{"step_id": "s", "description": "S"}]'"#.to_owned(),
            ),
            (&["[--name=<filter>]"], "--name=A".to_owned()),
            (&["[--page=<n>]"], "--page=1".to_owned()),
            (&["[--size=<n>]"], "--size=10".to_owned()),
            (&["[telephony|messaging]"], "messaging".to_owned()),
            (&["[--available]"], "--available".to_owned()),
            (&["[voice|sms]"], "sms".to_owned()),
            (&["<relevant>", "<key>", "[key]", "$MESSAGE", "<msg>"], "word".to_owned()),
            (
                &["<name>", "<instructions>", "<request>", "<greeting>", "<summary>", "<text>"],
                "'some words'".to_owned(),
            ),
        ];
        let fillings = fillings.into_iter().flat_map(|(names, filling)| {
            names.iter().map(move |name| ((*name).to_owned(), filling.clone())).collect::<Vec<_>>()
        });
        let fillings = fillings.collect();
        Self { service, sandbox, fillings }
    }

    fn filled(&self, line: &str) -> String {
        let fill = |line: String, (name, filling): &(String, String)| line.replace(name, filling);
        self.fillings.iter().fold(line.to_owned(), fill)
    }

    fn run(&self, line: &str) -> Output {
        let script = format!("\"$0\" {}", line.replace("\\n", "\n"));
        self.sandbox.run("/bin/sh", ["-c", &script, MISSIONS])
    }
}

/// Noon in New York on a Wednesday.
fn business_hour() -> String {
    let mut day = Timestamp::now().to_zoned(TimeZone::UTC).date() + 2.days();
    while day.weekday() != Weekday::Wednesday {
        day = day.tomorrow().expect("there are days enough");
    }
    format!("{day}T16:30:00Z")
}

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    PAGE.lines().map(|line| (line.split(' ').next().unwrap_or_default(), line))
}

#[test]
fn every_line_of_the_page_does_what_it_says() {
    let lines: Vec<_> = lines().collect();
    // Each line has a service of its own, so they need not wait for one another.
    std::thread::scope(|scope| {
        for some in lines.chunks(lines.len().div_ceil(8)) {
            scope.spawn(move || {
                for (command, line) in some {
                    does_what_it_says(command, line);
                }
            });
        }
    });
}

fn does_what_it_says(command: &str, line: &str) {
    let page = Page::open(command);
    let before = page.service.seen().len();
    let line = page.filled(line);
    page.run(&line).ok();
    let does = DOES.iter().find(|(name, _)| *name == command);
    let (_, does) = does.unwrap_or_else(|| panic!("`{command}` is not in the table"));
    let seen = &page.service.seen()[before..];
    match does {
        Some((method, path)) => {
            let sent = seen.iter().any(|request| request.is(method, path));
            assert!(sent, "`{line}` did not send {method} {path}, but {seen:?}");
        }
        None => assert!(command == "init" || seen.is_empty(), "`{line}` sent {seen:?}"),
    }
}

#[test]
fn the_times_of_the_page_are_past_and_refused() {
    let mut n = 0;
    for (command, line) in lines().filter(|(_, line)| line.contains("\"20")) {
        let page = Page::open(command);
        let time = line.split('"').find(|part| part.starts_with("20")).unwrap();
        let line = page.filled(&line.replace(time, "THEN")).replace("THEN", time);
        let before = page.service.seen_at("POST", "/v1/*").len();
        page.run(&line).fails(2).silent().stderr_has("is in the past");
        assert_eq!(page.service.seen_at("POST", "/v1/*").len(), before, "{line}");
        n += 1;
    }
    assert_eq!(n, 3);
}

/// The page's own list of commands, so that none of them goes missing.
#[test]
fn every_command_of_the_script_is_there() {
    let sandbox = Sandbox::new();
    for (command, _) in DOES {
        sandbox
            .run(MISSIONS, [command, "--help"])
            .ok()
            .quiet()
            .stdout_has("Examples:\n  missions ");
    }
    let help = sandbox.run(MISSIONS, ["--help"]);
    for (command, _) in DOES {
        help.ok().stdout_has(&format!("\n  {command}"));
    }
    sandbox.run(MISSIONS, ["lst-state"]).fails(2).silent().stderr_has("list-state");
    sandbox.run(MISSIONS, [""; 0]).fails(2).silent().stderr_has("needs a command");
}
