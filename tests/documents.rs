//! The pages work as written: every command line of theirs is run in an installed folder, against the
//! simulated service and gateway.
//!
//! A line in a fenced `sh` block must end with exit 0, or as `# exit N` behind it says. Words such as CALL_ID stand for what
//! an earlier line printed.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "installed/folder.rs"]
mod folder;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use harness::{
    KEY, Output, Sandbox, ServiceTable, SimulatedGateway, SimulatedOwner, SimulatedService, TOKEN,
};
use jiff::civil::Weekday;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::Value;

const PROGRAMS: [&str; 8] =
    ["connect", "call", "sms", "approval", "missions", "setup", "uninstall", "status"];

/// A call takes half a minute of the service's time; nobody waits for it in full.
const SPEED: u32 = 20;

#[test]
fn the_skills_page_runs() {
    follow("setup/src/skill/SKILL.md", Machine::SetUp);
}

#[test]
fn the_page_on_missions_runs() {
    follow("setup/src/skill/MISSIONS.md", Machine::SetUp);
}

#[test]
fn the_page_on_setting_up_runs() {
    follow("setup/src/skill/SETUP.md", Machine::Fresh);
}

#[test]
fn the_readme_runs() {
    follow("README.md", Machine::Fresh);
}

#[test]
fn the_programs_pages_run() {
    for page in ["connect/README.md", "missions/README.md", "setup/MOVING.md"] {
        follow(page, Machine::SetUp);
    }
}

/// An agent reads these pages in full before each use.
#[test]
fn the_skills_pages_are_short() {
    for name in ["SKILL.md", "MISSIONS.md"] {
        let page = page(&format!("setup/src/skill/{name}"));
        assert!(page.len() <= 9 * 1024, "{name}: {} bytes", page.len());
    }
}

#[test]
fn command_lines_are_those_in_sh_blocks() {
    let page =
        "text\n```json\n{}\n```\n```sh\na \"it's\"\nb '[\n  1]' # exit 6\nc \\\n d\n```\ne\n";
    let wanted = [("a \"it's\"", 0), ("b '[\n  1]'", 6), ("c \\\n d", 0)];
    let wanted = wanted.map(|(text, exit)| Line { text: text.to_owned(), exit });
    assert_eq!(lines(page), wanted);
}

fn page(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(root.join(path)).unwrap()
}

/// Runs every line of a page, one after the other.
#[track_caller]
fn follow(path: &str, machine: Machine) {
    let lines = lines(&page(path));
    assert!(!lines.is_empty(), "`{path}` shows no command");
    let mut reader = Reader::new(machine);
    for line in &lines {
        reader.follow(line);
    }
}

/// A command line of a page and the exit code it shall end with.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    text: String,
    exit: i32,
}

/// Those in the fenced `sh` and `bash` blocks; one that is not whole goes on in the next row.
fn lines(page: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut inside, mut open) = (false, String::new());
    for row in page.lines() {
        if row.starts_with("```") {
            inside = ["```sh", "```bash"].contains(&row.trim_end());
            continue;
        }
        if !inside || (open.is_empty() && (row.trim().is_empty() || row.starts_with('#'))) {
            continue;
        }
        open.push_str(row);
        if row.ends_with('\\') || has_open_quote(&open) {
            open.push('\n');
            continue;
        }
        let (text, exit) = match open.rsplit_once(" # exit ") {
            Some((text, exit)) => (text, exit.trim().parse().expect("a number")),
            None => (open.as_str(), 0),
        };
        lines.push(Line { text: text.to_owned(), exit });
        open.clear();
    }
    assert!(open.is_empty(), "a line without an end: {open}");
    lines
}

fn has_open_quote(text: &str) -> bool {
    let mut open = None;
    for letter in text.chars().filter(|letter| matches!(letter, '\'' | '"')) {
        match open {
            None => open = Some(letter),
            Some(quote) if quote == letter => open = None,
            Some(_) => {}
        }
    }
    open.is_some()
}

/// The next Wednesday at noon in Chicago.
fn business_noon() -> Timestamp {
    let mut day = Timestamp::now().to_zoned(TimeZone::UTC).date() + 1.day();
    while day.weekday() != Weekday::Wednesday {
        day = day.tomorrow().unwrap();
    }
    let zone = TimeZone::get("America/Chicago").unwrap();
    day.at(12, 0, 0, 0).to_zoned(zone).unwrap().timestamp()
}

/// What a page presupposes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Machine {
    /// The skill is configured.
    SetUp,
    /// There is a gateway and a key, and nothing else.
    Fresh,
}

/// Somebody who follows a page in an installed folder, on a machine with a gateway.
struct Reader {
    service: SimulatedService,
    _gateway: SimulatedGateway,
    sandbox: Sandbox,
    /// What the placeholders of the pages stand for by now.
    known: BTreeMap<&'static str, String>,
}

impl Reader {
    fn new(machine: Machine) -> Self {
        let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
        service.speed(SPEED);
        service.owner(SimulatedOwner::Approves(Duration::from_secs(1)));
        // People are called in business hours only.
        service.clock().jump(business_noon().duration_since(service.clock().now()));
        Sandbox::all_on_disk();
        let mut sandbox = Sandbox::for_both(&service, &gateway);
        folder::furnish(&mut sandbox);
        let skill = folder::skill(&sandbox);
        // By this the sandbox finds the client that a page starts, and ends it.
        sandbox.env("CLAWDTALK_SKILL_DIR", &skill);
        if machine == Machine::Fresh {
            fs::remove_file(sandbox.path("skill/skill-config.json")).unwrap();
            let own = format!(
                "{{gateway: {{port: {}, auth: {{token: '{TOKEN}'}}, tools: {{allow: ['sessions_send']}}}}}}",
                gateway.port()
            );
            sandbox.write("home/.openclaw/openclaw.json", &own);
            // What a page cannot name: the simulated service, and the owner's key.
            sandbox.env("CLAWDTALK_API_URL", &service.url()).env("CLAWDTALK_API_KEY", KEY);
        }
        // Neither the crontab nor the systemd of whoever runs this, and what readers pipe to or do after a yes.
        let file = sandbox.path("work/crontab").display().to_string();
        sandbox.write("work/crontab", "");
        let crontab = format!("case \"$1\" in -l) cat '{file}';; -) cat > '{file}';; esac");
        let stand_ins = [
            ("crontab", crontab.as_str()),
            ("systemctl", "exit 1"),
            ("jq", "exec cat"),
            ("gh", "exit 0"),
            // The chores of the checkout are checks of their own; here they must only be spelt right.
            (
                "cargo",
                "test \"$1\" = test && exit; shift; exec \"$XTASK\" \"$@\" --help >/dev/null",
            ),
        ];
        for (name, script) in stand_ins {
            let path = format!("work/bin/{name}");
            sandbox.write(&path, &format!("#!/bin/sh\n{script}\n"));
            fs::set_permissions(sandbox.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
        }
        for name in PROGRAMS {
            let installed = sandbox.path(&format!("work/bin/clawdtalk-{name}"));
            symlink(format!("{skill}/bin/{name}"), installed).unwrap();
        }
        // The lists of the pages.
        for (name, list) in [
            ("plumbers.csv", "phone,name\n(312) 555-0142,ABC Co\n+13125550143,Bob\n"),
            ("friends.csv", "phone,name\n+13125550152,Ann\n+13125550153,Ben\n"),
        ] {
            sandbox.write(&format!("work/{name}"), list);
        }
        let path = format!("{}:{skill}/bin:/usr/bin:/bin", sandbox.path("work/bin").display());
        sandbox.env("PATH", &path).env("XTASK", env!("CARGO_BIN_EXE_xtask"));
        Self { service, _gateway: gateway, sandbox, known: BTreeMap::new() }
    }

    #[track_caller]
    fn follow(&mut self, line: &Line) {
        let mut text = line.text.replace("{baseDir}", &folder::skill(&self.sandbox));
        if text.contains("CONVERSATION_ID") {
            self.a_call_has_ended();
        }
        for (word, value) in &self.known {
            text = text.replace(word, value);
        }
        let run = self.sandbox.prepare("/bin/sh", ["-c", &text]);
        let output = run.limit(Duration::from_secs(60)).run();
        // A pipe has the exit code of its last program alone.
        let has_failed = line.exit == 0 && output.err().contains("error: ");
        assert!(output.code() == line.exit && !has_failed, "wanted exit {}\n{output}", line.exit);
        self.learn(&line.text, &output);
    }

    /// Time passes until a scheduled call has been held.
    fn a_call_has_ended(&mut self) {
        self.service.advance(Duration::from_secs(3600));
        let rows = self.service.rows(ServiceTable::Scheduled);
        let conversation = rows.iter().find_map(|row| row["conversation_id"].as_str());
        let conversation = conversation.expect("a call of the page was held").to_owned();
        self.known.insert("CONVERSATION_ID", conversation);
    }

    /// Stores the ids that a line printed, under the placeholders that pages use for them.
    fn learn(&mut self, line: &str, output: &Output) {
        let Ok(document) = serde_json::from_str::<Value>(output.out()) else { return };
        let mut keys = vec![
            ("call_id", "CALL_ID"),
            ("request_id", "REQUEST_ID"),
            ("mission_id", "MISSION_ID"),
            ("run_id", "RUN_ID"),
            ("assistant_id", "ASSISTANT_ID"),
            ("connection_id", "CONNECTION_ID"),
            ("phone_number", "PHONE_NUMBER"),
        ];
        let of = |command: &str| line.contains(command);
        if of(" create-assistant ") {
            keys.push(("id", "ASSISTANT_ID"));
        } else if of(" get-available-phone") {
            keys.push(("id", "PHONE_ID"));
        } else if of(" schedule-") {
            keys.push(("id", "EVENT_ID"));
        }
        for (key, word) in keys {
            if let Some(value) = document.get(key).and_then(Value::as_str) {
                self.known.insert(word, value.to_owned());
            }
        }
    }
}
