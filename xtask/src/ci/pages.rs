//! The skill's own pages are true: every command line in them is run against the simulated service and gateway.
//!
//! A line in a fenced `sh` block must end with exit 0, or as `# exit N` behind it says. Words such as CALL_ID stand for what
//! an earlier line printed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness::{Gateway, KEY, Output, Owner, Sandbox, Service, TOKEN, Table};
use serde_json::Value;
use state::out;

use crate::verdict::Verdict;
use crate::workspace::{Profile, Workspace};

/// Where the skill's pages are.
const SKILL: &str = "setup/src/skill";

const PAGES: [&str; 4] = ["SKILL.md", "MISSIONS.md", "SETUP.md", "README.md"];

const PROGRAMS: [&str; 8] =
    ["connect", "call", "sms", "approval", "missions", "setup", "uninstall", "status"];

/// A call takes half a minute of the service's time; nobody waits for it in full.
const SPEED: u32 = 20;

/// Runs every page on a machine of its own.
pub(super) fn run(workspace: &Workspace) -> Result<Verdict> {
    let programs = workspace.build(Profile::Dev)?;
    let mut n_lines = 0;
    for page in PAGES {
        let folder = if page == "README.md" { "" } else { SKILL };
        let path = workspace.root().join(folder).join(page);
        let text =
            fs::read_to_string(&path).with_context(|| format!("reading `{}`", path.display()))?;
        let mut lines = lines(&text);
        // Chores of the checkout are checks of their own.
        lines.retain(|line| !line.text.starts_with("cargo "));
        ensure!(!lines.is_empty(), "`{page}` shows no command");
        let mut reader = Reader::new(&programs, page == "SETUP.md")?;
        for line in &lines {
            if let Err(why) = reader.follow(line) {
                return Ok(Verdict::Failed(format!("{page}: `{}`: {why:#}", line.text)));
            }
        }
        n_lines += lines.len();
    }
    Ok(Verdict::Passed(format!("{n_lines} command lines of {} pages", PAGES.len())))
}

/// A command line of a page and the exit code it shall end with.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    text: String,
    exit: i32,
}

/// Those in the fenced `sh` blocks; one whose quotes are open goes on in the next line.
fn lines(page: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut inside, mut open) = (false, String::new());
    for row in page.lines() {
        if row.starts_with("```") {
            inside = row == "```sh";
            continue;
        }
        if !inside || (open.is_empty() && row.trim().is_empty()) {
            continue;
        }
        open.push_str(row);
        if has_open_quote(&open) {
            open.push('\n');
            continue;
        }
        let (text, exit) = match open.rsplit_once(" # exit ") {
            Some((text, exit)) => (text.to_owned(), exit.trim().parse().unwrap_or(-1)),
            None => (open.clone(), 0),
        };
        lines.push(Line { text, exit });
        open.clear();
    }
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

/// Somebody who follows a page on a machine with a gateway.
struct Reader {
    service: Service,
    _gateway: Gateway,
    sandbox: Sandbox,
    known: BTreeMap<&'static str, String>,
}

impl Reader {
    /// `is_new`: nothing is set up yet.
    fn new(programs: &Path, is_new: bool) -> Result<Self> {
        let (service, gateway) = (Service::start(), Gateway::start());
        service.speed(SPEED);
        service.owner(Owner::Approves(Duration::from_secs(1)));
        let mut sandbox = Sandbox::for_both(&service, &gateway);
        if is_new {
            fs::remove_file(sandbox.path("skill/skill-config.json"))?;
            let own = format!(
                "{{gateway: {{port: {}, auth: {{token: '{TOKEN}'}}, tools: {{allow: ['sessions_send']}}}}}}",
                gateway.port()
            );
            sandbox.write("home/.openclaw/openclaw.json", &own);
            // What a page cannot name: the simulated service, and the owner's key.
            sandbox.env("CLAWDTALK_API_URL", &service.url()).env("CLAWDTALK_API_KEY", KEY);
        }
        let bin = sandbox.path("skill/bin");
        fs::create_dir_all(&bin)?;
        for name in PROGRAMS {
            symlink(programs.join(name), bin.join(name))?;
        }
        // A crontab that is not the one of whoever runs this, and what readers pipe to or do after a yes.
        let file = sandbox.path("work/crontab").display().to_string();
        sandbox.write("work/crontab", "");
        let crontab = format!("case \"$1\" in -l) cat '{file}';; -) cat > '{file}';; esac");
        for (name, script) in [("crontab", crontab.as_str()), ("jq", "exec cat"), ("gh", "exit 0")]
        {
            let path = format!("work/bin/{name}");
            sandbox.write(&path, &format!("#!/bin/sh\n{script}\n"));
            fs::set_permissions(sandbox.path(&path), fs::Permissions::from_mode(0o755))?;
        }
        let found = [sandbox.path("work/bin"), bin].map(|folder| folder.display().to_string());
        sandbox.env("PATH", &format!("{}:{}:/usr/bin:/bin", found[0], found[1]));
        Ok(Self { service, _gateway: gateway, sandbox, known: BTreeMap::new() })
    }

    fn follow(&mut self, line: &Line) -> Result<()> {
        let mut text = line.text.replace("{baseDir}", &self.sandbox.skill().display().to_string());
        if text.contains("CONVERSATION_ID") {
            self.a_call_has_ended()?;
        }
        for (word, value) in &self.known {
            text = text.replace(word, value);
        }
        out::progress(&format!("  $ {text}"));
        let output =
            self.sandbox.prepare("/bin/sh", ["-c", &text]).limit(Duration::from_secs(60)).run();
        // A pipe tells the exit code of its end alone.
        let has_failed = line.exit == 0 && output.err().contains("error: ");
        ensure!(output.code() == line.exit && !has_failed, "wanted exit {}\n{output}", line.exit);
        self.learn(&line.text, &output);
        Ok(())
    }

    /// Time passes until a scheduled call has been held.
    fn a_call_has_ended(&mut self) -> Result<()> {
        self.service.advance(Duration::from_secs(3600));
        let rows = self.service.rows(Table::Scheduled);
        let conversation = rows.iter().find_map(|row| row["conversation_id"].as_str());
        let conversation = conversation.context("no call of the page was held")?.to_owned();
        self.known.insert("CONVERSATION_ID", conversation);
        Ok(())
    }

    /// Remembers the ids that a line printed, under the words that pages use for them.
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

#[cfg(test)]
mod tests {
    use super::{Line, lines};

    #[test]
    fn command_lines_are_those_in_sh_blocks() {
        let page = "text\n```json\n{}\n```\n```sh\na \"it's\"\nb '[\n  1]' # exit 6\n```\nc\n";
        let wanted = [("a \"it's\"", 0), ("b '[\n  1]'", 6)];
        let wanted = wanted.map(|(text, exit)| Line { text: text.to_owned(), exit });
        assert_eq!(lines(page), wanted);
    }
}
