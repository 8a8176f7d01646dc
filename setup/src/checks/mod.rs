//! The checks of `status`: each part of an installation, all at the same time and within a deadline.
//!
//! A check reads and asks; it changes nothing, and no turn, call or text comes of it.

mod account;
mod client;
mod finding;
mod folder;
mod gateway;
mod git;
mod installation;
mod mission_ticks;
mod number_data;
mod storage;
mod supervisor;

pub use finding::{Check, Finding};
pub use installation::Installation;

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
    run: fn(&Installation) -> Vec<Finding>,
}

const GROUPS: [Group; 8] = [
    Group { ids: &["folder", "config"], run: folder::check },
    Group { ids: &["key", "quota", "clock"], run: account::check },
    Group { ids: &["service"], run: account::check_doctor },
    Group { ids: &["client"], run: client::check },
    Group { ids: &["gateway", "token", "sessions_send", "agent"], run: gateway::check },
    Group { ids: &["background"], run: supervisor::check },
    Group { ids: &["numbers"], run: number_data::check },
    Group { ids: &["state", "disk"], run: storage::check },
];

/// Runs every check, all at the same time, and gives their findings in a fixed order after at most 9 s.
pub fn run(installation: Installation) -> Vec<Check> {
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
    let mut found: [Option<Vec<Finding>>; GROUPS.len()] = Default::default();
    let until = Instant::now() + CHECK_TIMEOUT;
    let left = || until.saturating_duration_since(Instant::now());
    while let Ok((number, findings)) = receiver.recv_timeout(left()) {
        found[number] = Some(findings);
    }
    let late =
        || Finding::fail(format!("no answer within {} s", CHECK_TIMEOUT.as_secs()), "status");
    let group = |(group, findings): (&Group, Option<Vec<Finding>>)| {
        let mut findings = findings.unwrap_or_default().into_iter();
        let check = |id: &&'static str| Check { id, finding: findings.next().unwrap_or_else(late) };
        group.ids.iter().map(check).collect::<Vec<_>>()
    };
    GROUPS.iter().zip(found).flat_map(group).collect()
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
