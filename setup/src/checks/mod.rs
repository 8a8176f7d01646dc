//! The checks of `status`: each part of an installation, judged side by side and within a deadline.

mod account;
mod background;
mod client;
mod disk;
mod finding;
mod folder;
mod gateway;
mod missions;

pub use finding::{Check, Finding};

use serde_json::{Value, json};
use state::args::Common;
use state::config::Config;
use state::{exit, paths};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a check may take that has to ask somebody; 10 s is the promise of `status` (spec 5).
const ASK_WITHIN: Duration = Duration::from_secs(8);

/// When what has not answered counts as failed: later than any answer can come, earlier than the promise.
const GIVE_UP: Duration = Duration::from_secs(9);

/// What is checked.
#[derive(Debug)]
pub struct Subject {
    skill: PathBuf,
    /// The configuration, or why there is none and what helps.
    config: Result<Config, Finding>,
}

impl Subject {
    /// The installation that these options mean.
    ///
    /// Fails only if no folder is known. That the configuration is broken is a finding.
    pub fn new(common: &Common) -> anyhow::Result<Self> {
        let skill = paths::skill_dir(common.skill_dir.as_deref())?;
        Ok(Self { skill, config: Config::load(common).map_err(|err| failed(&err, "setup")) })
    }

    /// Takes the part of the configuration that a check needs; what is in the way is told by `config`, and so is
    /// what helps.
    fn need<T>(&self, take: impl FnOnce(&Config) -> anyhow::Result<T>) -> Result<T, Finding> {
        let config =
            self.config.as_ref().map_err(|broken| broken.keeps("not checked: see `config`"))?;
        take(config).map_err(|err| failed(&err, "setup").keeps("not checked: see `config`"))
    }
}

/// A group of checks that are found out together, in the order in which they are printed.
struct Group {
    ids: &'static [&'static str],
    run: fn(&Subject) -> Vec<Finding>,
}

const GROUPS: [Group; 7] = [
    Group { ids: &["folder", "config"], run: folder::look },
    Group { ids: &["key", "quota", "clock"], run: account::look },
    Group { ids: &["service"], run: account::doctor },
    Group { ids: &["client"], run: client::look },
    Group { ids: &["gateway", "token", "sessions_send", "agent"], run: gateway::look },
    Group { ids: &["background"], run: background::look },
    Group { ids: &["state", "disk"], run: disk::look },
];

/// Runs every check, all at the same time, and gives their findings in a fixed order after at most 9 s.
pub fn run(subject: Subject) -> Vec<Check> {
    let subject = Arc::new(subject);
    let (sender, receiver) = mpsc::channel();
    for (number, group) in GROUPS.iter().enumerate() {
        let (subject, sender) = (Arc::clone(&subject), sender.clone());
        std::thread::spawn(move || {
            // Whoever collects may have given up.
            let _ = sender.send((number, (group.run)(&subject)));
        });
    }
    drop(sender);
    let mut found: [Option<Vec<Finding>>; GROUPS.len()] = Default::default();
    let until = Instant::now() + GIVE_UP;
    let left = || until.saturating_duration_since(Instant::now());
    while let Ok((number, findings)) = receiver.recv_timeout(left()) {
        found[number] = Some(findings);
    }
    let late = || Finding::fail(format!("no answer within {} s", GIVE_UP.as_secs()), "status");
    let group = |(group, findings): (&Group, Option<Vec<Finding>>)| {
        let mut findings = findings.unwrap_or_default().into_iter();
        let check = |id: &&'static str| Check { id, finding: findings.next().unwrap_or_else(late) };
        group.ids.iter().map(check).collect::<Vec<_>>()
    };
    GROUPS.iter().zip(found).flat_map(group).collect()
}

/// Whether the client of this folder says that it is connected; for waiting, not for telling.
pub fn client_is_connected(skill: &Path) -> bool {
    client::said(skill).get("state").and_then(Value::as_str) == Some("connected")
}

/// Whether nothing failed; warnings are allowed.
pub fn are_healthy(checks: &[Check]) -> bool {
    checks.iter().all(|check| !check.finding.is_failure())
}

/// The findings as JSON.
pub fn as_json(checks: &[Check]) -> Value {
    let checks: Vec<_> = checks.iter().map(Check::as_json).collect();
    json!(checks)
}

/// The findings as a table for people, the fix below what needs one.
pub fn as_table(checks: &[Check]) -> String {
    checks.iter().map(Check::as_rows).collect()
}

/// An error as a finding: its words, and its hint or else `fix`.
fn failed(err: &anyhow::Error, fix: &str) -> Finding {
    Finding::fail(exit::told(err), exit::hint_of(err).unwrap_or_else(|| fix.to_owned()))
}
