//! The table of keys on the page of `missions` is true of every command of `missions`, and leaves none out.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use harness::{NUMBER, Sandbox, ServiceSettings, SimulatedGateway, SimulatedService};
use serde_json::{Value, json};

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");
const STEPS: &str = r#"[{"step_id":"s","description":"S"}]"#;
const TO: &str = "+13322200013";

/// What a row of the table says about a document.
#[derive(Clone, Debug)]
struct Promise {
    /// Its keys, each with those of the objects in its list where the row names them.
    keys: Vec<(String, Vec<String>)>,
    /// There are no others: the row names keys alone, and does not end with `…`.
    is_whole: bool,
}

impl Promise {
    fn read(cell: &str) -> Self {
        let sure = cell.split([';', ',']).next().unwrap_or_default();
        let keys = sure.split('`').skip(1).step_by(2).map(|span| {
            let (key, inner) = span.split_once(": [").unwrap_or((span, ""));
            let key = key.split(':').next().unwrap_or_default();
            let inner = inner.trim_end_matches(']').split(' ').filter(|word| !word.contains('…'));
            (key.to_owned(), inner.filter(|word| !word.is_empty()).map(str::to_owned).collect())
        });
        let is_whole = sure == cell && sure.split('`').step_by(2).all(|gap| gap.trim().is_empty());
        Self { keys: keys.collect(), is_whole }
    }

    #[track_caller]
    fn holds_of(&self, command: &str, document: &Value) {
        let mismatch =
            || format!("`missions {command}` printed {document}\nthe page says {self:?}");
        for (key, inner) in &self.keys {
            let value = document.get(key).unwrap_or_else(|| panic!("no `{key}`: {}", mismatch()));
            let first = value.get(0).unwrap_or(&Value::Null);
            let missing = inner.iter().find(|key| first.is_object() && first.get(key).is_none());
            assert_eq!(missing, None, "{}", mismatch());
        }
        let named: BTreeSet<&str> = self.keys.iter().map(|(key, _)| &**key).collect();
        let found: BTreeSet<&str> =
            document.as_object().into_iter().flat_map(|all| all.keys().map(|key| &**key)).collect();
        assert!(!self.is_whole || named == found, "{}", mismatch());
    }
}

/// The rows of the table, by command.
fn promises() -> BTreeMap<String, Promise> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = std::fs::read_to_string(page).unwrap();
    let table = page.split("## What is printed").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut promises = BTreeMap::new();
    for row in table.lines().filter(|row| row.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let names = cells[1].split('`').filter_map(|span| span.strip_prefix("missions "));
        for name in names {
            let before = promises.insert(name.to_owned(), Promise::read(cells[2]));
            assert!(before.is_none(), "two rows are about `{name}`");
        }
    }
    promises
}

/// The commands that `missions --help` lists, those with subcommands by them.
fn commands(sandbox: &Sandbox) -> BTreeSet<String> {
    let help = sandbox.run(MISSIONS, ["--help"]).ok().out().to_owned();
    let listed = help.split("\nExamples:").next().unwrap();
    let names = listed.lines().filter_map(|row| row.strip_prefix("  "));
    let names = names
        .filter_map(|row| row.split(' ').next())
        .filter(|name| name.starts_with(char::is_lowercase));
    let below = |name: &str| match name {
        "cron" | "dnc" => ["add", "remove", "list"].map(|verb| format!("{name} {verb}")).to_vec(),
        _ => vec![name.to_owned()],
    };
    names.flat_map(below).collect()
}

/// Runs commands, and compares what they print with the table.
struct Reader {
    sandbox: Sandbox,
    promises: BTreeMap<String, Promise>,
    seen: BTreeSet<String>,
}

impl Reader {
    #[track_caller]
    fn run(&mut self, args: &[&str]) -> Value {
        let n_words = if ["cron", "dnc"].contains(&args[0]) { 2 } else { 1 };
        let command = args[..n_words].join(" ");
        let document = self.sandbox.run(MISSIONS, args).ok().json();
        let promise = self.promises.get(&command);
        promise.unwrap_or_else(|| panic!("no row of `{command}`")).holds_of(&command, &document);
        self.seen.insert(command);
        document
    }

    #[track_caller]
    fn id(&mut self, key: &str, args: &[&str]) -> String {
        self.run(args)[key].as_str().expect("an id").to_owned()
    }
}

fn reader(service: &SimulatedService, gateway: &SimulatedGateway) -> Reader {
    let mut sandbox = Sandbox::for_both(service, gateway);
    let file = sandbox.path("work/crontab").display().to_string();
    let script = format!("#!/bin/sh\ncase $1 in -l) cat '{file}';; -) cat > '{file}';; esac\n");
    sandbox.write("work/crontab", "");
    sandbox.write("work/bin/crontab", &script);
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(sandbox.path("work/bin/crontab"), mode).unwrap();
    sandbox.env("PATH", &format!("{}:/usr/bin:/bin", sandbox.path("work/bin").display()));
    Reader { sandbox, promises: promises(), seen: BTreeSet::new() }
}

#[test]
fn every_command_prints_the_keys_of_its_row() {
    let service = SimulatedService::with(ServiceSettings {
        lag: Duration::ZERO,
        ..ServiceSettings::default()
    });
    let gateway = SimulatedGateway::start();
    let mut reader = reader(&service, &gateway);
    at_the_service(&mut reader, &service);
    of_the_state_file(&mut reader);
    lives_and_ends(&mut reader);
    reaches_people(&mut reader, &service);
    assert_eq!(reader.seen, commands(&reader.sandbox), "left out by the table, or by this test");
    let rows: BTreeSet<String> = reader.promises.keys().cloned().collect();
    assert_eq!(rows, reader.seen, "rows of commands that there are not");
}

/// Missions, runs, plans, logs, assistants, numbers and events at the service.
fn at_the_service(reader: &mut Reader, service: &SimulatedService) {
    reader.run(&["check-key"]);
    let m = &reader.id("id", &["create-mission", "N", "I"]);
    let r = &reader.id("run_id", &["create-run", m, "{}"]);
    reader.run(&["create-plan", m, r, STEPS]);
    for args in [&["get-mission", m][..], &["list-missions"], &["list-runs", m], &["get-run", m, r]]
    {
        reader.run(args);
    }
    reader.run(&["update-run", m, r, "running"]);
    reader.run(&["get-plan", m, r]);
    reader.run(&["update-step", m, r, "s", "completed"]);
    reader.run(&["log-event", m, r, "custom", "x", "-"]);
    reader.run(&["list-events", m, r]);

    let a = &reader.id("id", &["create-assistant", "A", "I"]);
    reader.run(&["list-assistants"]);
    reader.run(&["get-assistant", a]);
    reader.run(&["update-assistant", a, r#"{"greeting":"Hi"}"#]);
    let connection = reader.id("connection_id", &["get-connection-id", a]);
    reader.run(&["list-phones"]);
    let phone = reader.id("id", &["get-available-phone"]);
    reader.run(&["assign-phone", &phone, &connection]);
    reader.run(&["link-agent", m, r, a]);
    reader.run(&["list-linked-agents", m, r]);
    reader.run(&["unlink-agent", m, r, a]);

    let event = &reader.id("id", &["schedule-call", a, TO, NUMBER, "in 2h", "--any-time"]);
    reader.run(&["get-event", a, event]);
    reader.run(&["list-events-assistant", a]);
    reader.run(&["cancel-scheduled-event", a, event]);
    service.on("GET", "/v1/missions/conversations/c/insights", 200, json!({"data": []}));
    reader.run(&["get-insights", "c"]);
    reader.run(&["resolve"]);
    reader.run(&["delete-assistant", a]);
    reader.run(&["cancel-mission", m]);
}

/// What is stored on this machine.
fn of_the_state_file(reader: &mut Reader) {
    reader.run(&["init", "Outreach", "I", "R", STEPS]);
    reader.run(&["save-memory", "outreach", "k", "v"]);
    reader.run(&["append-memory", "outreach", "l", "x"]);
    assert_eq!(reader.run(&["get-memory", "outreach"]), json!({"k": "v", "l": ["x"]}));
    reader.run(&["list-state"]);
    reader.run(&["recover"]);
    reader.sandbox.write("other.json", r#"{"x": {"mission_name": "X"}}"#);
    let other = reader.sandbox.path("other.json").display().to_string();
    reader.run(&["import", &other]);
    reader.run(&["remove-state", "x"]);
    reader.run(&["dnc", "add", "+15550100009"]);
    reader.run(&["dnc", "list"]);
    // One that is not listed: nobody is asked.
    reader.run(&["dnc", "remove", "+15550100008"]);
}

/// An outreach that is paused and goes on, and one question.
fn reaches_people(reader: &mut Reader, service: &SimulatedService) {
    let line = ["outreach", "Plumbers", "--ask", "What is your rate?", "--as", "Ada", "--to", TO];
    reader.run(&[&line[..], &["--when", "in 3h", "--any-time"]].concat());
    assert_eq!(reader.run(&["pause", "plumbers"])["withdrawn"].as_array().map(Vec::len), Some(1));
    reader.run(&["wait", "plumbers"]);
    reader.run(&["resume", "plumbers"]);
    reader.run(&["report", "plumbers"]);
    reader.run(&["replies", "plumbers"]);
    service.speed(600);
    reader.run(&["ask", "+13322200014", "Open?", "--as", "Ada", "--any-time"]);
}

/// One mission that has something scheduled and is cancelled, and others that end otherwise.
fn lives_and_ends(reader: &mut Reader) {
    let agent = ["setup-agent", "outreach", "C", "I", "Hi", "--caller-id-only"];
    // The number was assigned before, to an assistant that was deleted since.
    reader.run(&agent);
    let text = ["schedule-sms", "--mission", "outreach", TO, "in 2h", "Hello", "--step", "s"];
    // By night there is a warning, which is no part of the document.
    reader.run(&text);
    reader.run(&["get-state", "outreach"]);
    reader.run(&["cron", "add", "outreach"]);
    reader.run(&["cron", "list"]);
    reader.run(&["cron", "remove", "outreach"]);
    reader.run(&["next", "outreach"]);
    reader.run(&["tick"]);
    assert_eq!(reader.run(&["cancel", "outreach"])["cancelled"].as_array().map(Vec::len), Some(1));
    reader.run(&["init", "Done", "I", "R", STEPS]);
    reader.run(&["complete", "done", "it went well"]);
    reader.run(&["init", "Lost", "I", "R", STEPS]);
    reader.run(&["fail", "lost", "it did not"]);
    let watched = reader.run(&["init", "Watched", "I", "R", STEPS]);
    let id = |key: &str| watched[key].as_str().expect("an id");
    let step = ["update-step", id("mission_id"), id("run_id"), "s", "completed"];
    reader.run(&step);
    // All steps are done: one tick ends it, and one line is printed.
    let line = reader.run(&["watch", "watched"]);
    assert_eq!(line["missions"][0]["decision"], "over", "{line}");
}
