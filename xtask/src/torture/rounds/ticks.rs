//! `missions tick` from the first tick of a mission to its end: it comes to its end, and no number is dialled oftener than
//! the retries allow.

use std::collections::BTreeMap;
use std::time::Duration;

use harness::ServiceTable;
use serde_json::{Value, json};

use super::missions::{add_phone, agree};
use crate::torture::stage::{HANG_LIMIT, Stage};

/// The last two digits of a number decide how a call to it ends.
const ENDS: [&str; 6] = ["01", "02", "04", "06", "07", "08"];
/// The first attempt and three more.
const MAX_ATTEMPTS: usize = 4;
/// A mission that has not ended after so many ticks never will: five days of ten minutes each, since one that begins
/// on a Friday may try somebody again on Monday.
const MAX_TICKS: usize = 720;
/// Ten in the morning in New York.
const MORNING: i8 = 15;

/// One mission of two steps and three calls.
pub(in crate::torture) fn mission(stage: &mut Stage, n: usize) {
    stage.go_to_hour(MORNING);
    add_phone(stage, n);
    let (name, slug) = (format!("Ticks {n}"), format!("ticks-{n}"));
    let steps = r#"[{"step_id":"a","description":"A"},{"step_id":"b","description":"B"}]"#;
    stage.ok("missions", &["init", &name, "I", "R", steps]);
    stage.ok("missions", &["setup-agent", &slug, "A", "I", "Hi", "--caller-id-only"]);
    let first = stage.service.rows(ServiceTable::Scheduled).len();
    for call in 0..3 {
        let end = ENDS[stage.rng.index(ENDS.len())];
        let to = format!("+1332220{:02}{end}", 10 + call);
        let (step, kind) = if call == 0 { ("a", "service") } else { ("b", "automated") };
        let line = ["schedule-call", "--mission", &slug, &to, "in 5m", "--step", step];
        stage.ok("missions", &[&line[..], &["--recipient", kind]].concat());
    }
    for _ in 0..MAX_TICKS {
        let by = stage.rng.below(20 * 60);
        stage.service.advance(Duration::from_secs(by));
        tick(stage, &slug);
        let done = &stage.state()[&slug]["lifecycle"]["done"];
        if done.as_array().is_some_and(|done| done.contains(&json!("mission/cron"))) {
            return check(stage, &slug, first);
        }
    }
    stage.tally.fault(format!("{slug} never ended: {:#}", stage.state()[&slug]));
}

/// One tick or two at once. Only one that says that nothing was done can have scheduled nothing.
fn tick(stage: &mut Stage, slug: &str) {
    let count = |stage: &Stage| stage.service.rows(ServiceTable::Scheduled).len();
    let before = count(stage);
    stage.tally.count("ticks");
    let has_rival = stage.disk.is_none() && stage.rng.chance(30);
    let rival = has_rival.then(|| stage.prepare("missions", &["tick"]).spawn());
    let end = stage.run_disturbed("missions", &["tick", slug, "--deadline", "5"]);
    let rival = rival.map(|rival| rival.finish(HANG_LIMIT));
    let made = count(stage) - before;
    for end in end.iter().chain(&rival) {
        match end.code() {
            0 => stage.tally.count("acknowledged"),
            8 => stage.tally.count("unconfirmed"),
            4 if has_rival || made == 0 => {}
            // A front refused what it wanted.
            1 | 3 if stage.is_undone(end.code()) => {}
            _ => stage.tally.fault(format!("a tick, {made} scheduled: {end}")),
        }
    }
}

/// Checks a mission that has ended, at the service and in the state file.
fn check(stage: &mut Stage, slug: &str, first: usize) {
    let stored = stage.state()[slug].clone();
    let rows = stage.service.rows(ServiceTable::Scheduled).split_off(first);
    let mut tries: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in &rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        // By the service's clock, whatever the machine's showed: both are written in one form.
        if text("scheduled_at") <= text("created_at") {
            stage.tally.fault(format!("{slug} was tried again in the past: {row}"));
        }
        tries.entry(text("to_number")).or_default().push(text("scheduled_at"));
    }
    for (to, times) in &tries {
        let mut once = times.clone();
        once.dedup();
        let chains = stored["events"].as_object().into_iter().flatten();
        let chains = chains.filter(|(_, one)| one["to"] == **to && one["retry_of"].is_null());
        if once.len() < times.len() || times.len() > MAX_ATTEMPTS * chains.count() {
            stage.tally.double(&format!("{slug}: {to} was scheduled for {times:?}"));
        }
    }
    let tracked = stored["events"].as_object().map_or(0, serde_json::Map::len);
    stage.tally.add_up("scheduled", rows.len() as u64);
    stage.tally.add_up("untracked", rows.len().abs_diff(tracked) as u64);
    let waiting = rows.iter().filter(|row: &&Value| row["status"] == "pending").count();
    if waiting > 0 {
        stage.tally.lose(&format!("{waiting} events of {slug} still wait"));
    }
    agree(stage, slug, None);
    let about = format!("mission `{slug}`");
    if !stage.gateway.turns().iter().any(|turn| turn.message.contains(&about)) {
        stage.tally.lose(&format!("no turn of the agent mentions {slug}"));
    }
}
