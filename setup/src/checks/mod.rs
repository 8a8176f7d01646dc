//! The checks of `status`: each part of an installation, all at the same time and within a deadline.
//!
//! A check reads and asks; it changes nothing, and no turn, call or text comes of it.

mod account;
mod client;
mod config_fix;
mod exposure;
mod finding;
mod fix;
mod folder;
mod gate;
mod gateway;
mod gateway_config;
mod git;
mod inbound_line;
mod installation;
mod mission_ticks;
mod number_data;
mod old_client;
mod program_files;
mod report;
mod storage;
mod supervisor;

pub use finding::{Check, Finding};
pub use fix::{Fix, FixKind};
pub use installation::Installation;
pub use report::{as_table, open_rows, summary};

use finding::Found;

use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// When a check without a finding counts as failed: later than any request can be answered, and soon enough that `status`
/// ends within the 10 s that its `--help` promises.
const CHECK_TIMEOUT: Duration = Duration::from_secs(9);

/// Checks that are made together, in the order in which they are printed.
struct Group {
    ids: &'static [&'static str],
    run: fn(&Installation) -> Vec<Found>,
}

const GROUPS: [Group; 13] = [
    Group { ids: &["folder", "config"], run: folder::check },
    Group { ids: &["key", "quota", "clock"], run: account::check },
    Group { ids: &["service"], run: account::check_doctor },
    Group { ids: &["client"], run: client::check },
    Group { ids: &["gateway", "token", "sessions_send", "agent"], run: gateway::check },
    Group { ids: &["gate"], run: gate::check },
    Group { ids: &["background"], run: supervisor::check },
    Group { ids: &["numbers"], run: number_data::check },
    Group { ids: &["programs"], run: program_files::check },
    Group { ids: &["old_client"], run: old_client::check },
    Group { ids: &["exposure"], run: exposure::check },
    Group { ids: &["inbound_line"], run: inbound_line::check },
    Group { ids: &["state", "disk"], run: storage::check },
];

/// Runs every check, all at the same time, and gives their findings in a fixed order after at most 9 s.
pub fn run(installation: Installation) -> Vec<Check> {
    let has_gate = gate::is_wanted(&installation);
    let installation = Arc::new(installation);
    let (sender, receiver) = mpsc::channel();
    for (number, group) in GROUPS.iter().enumerate() {
        let (installation, sender) = (Arc::clone(&installation), sender.clone());
        std::thread::spawn(move || {
            // The receiver is gone once the time is over.
            let _ = sender.send((number, (group.run)(&installation)));
        });
    }
    drop(sender);
    let mut found: [Option<Vec<Found>>; GROUPS.len()] = Default::default();
    let until = Instant::now() + CHECK_TIMEOUT;
    let left = || until.saturating_duration_since(Instant::now());
    while let Ok((number, findings)) = receiver.recv_timeout(left()) {
        found[number] = Some(findings);
    }
    let late = || {
        let text = format!("no answer within {} s", CHECK_TIMEOUT.as_secs());
        Found::from(Finding::fail(text, Fix::CheckAgain))
    };
    let group = |(group, findings): (&Group, Option<Vec<Found>>)| {
        let mut findings = findings.unwrap_or_default().into_iter();
        let check = |id: &&'static str| {
            let Found { finding, because } = findings.next().unwrap_or_else(late);
            Check { id, finding, because }
        };
        group.ids.iter().map(check).collect::<Vec<_>>()
    };
    let checks = GROUPS.iter().zip(found).flat_map(group);
    let mut checks: Vec<Check> = checks.filter(|check| has_gate || check.id != "gate").collect();
    let passed: Vec<_> =
        checks.iter().filter(|check| check.finding.is_pass()).map(|check| check.id).collect();
    let has_key = passed.contains(&"key");
    let is_set_up = |check: &Check| {
        let needs_setup = check.because.is_none() && check.finding.fix() == Some(&Fix::Setup);
        check.id != "config" || !needs_setup
    };
    let is_set_up = checks.iter().all(is_set_up);
    for check in &mut checks {
        // Neither can be mended before the key is.
        if !has_key && matches!(check.finding.fix(), Some(Fix::StartClient | Fix::KeepRunning(_))) {
            check.because = Some("key");
        }
        if !is_set_up && check.id != "config" && check.finding.fix() == Some(&Fix::Setup) {
            check.because = check.because.or(Some("config"));
        }
        // What comes of a part that works has a cause of its own.
        check.because = check.because.filter(|cause| !passed.contains(cause));
    }
    checks
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
