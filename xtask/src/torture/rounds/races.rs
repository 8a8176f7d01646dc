//! `missions cancel` in a race with the clock, with ticks and with other programs that schedule: what it reports as certain
//! not to happen must not happen.

use std::ops::Range;
use std::thread;
use std::time::Duration;

use harness::{Child, Output, Signal};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::torture::stage::{HANG_LIMIT, Stage};

/// Calls to these go on for hours, so that one that was made is not taken for one that ended in time.
const NUMBERS: [&str; 3] = ["+13322200105", "+13322200205", "+13322200305"];
/// Scheduled while the mission is being cancelled.
const RIVAL: &str = "+13322200405";
/// Noon in New York.
const NOON: i8 = 17;
/// A `cancel` takes so long, in microseconds: a moment within that is one in the middle of it.
const TAKES: u64 = 25_000;

/// Cancels a mission with three calls about a minute before the first, the last moment at which that can be certain;
/// while `cancel` runs, the time of that call comes.
pub(in crate::torture) fn race(stage: &mut Stage, n: usize) {
    stage.tally.count("races");
    stage.go_to_hour(NOON);
    let (name, slug) = (format!("Race {n}"), format!("race-{n}"));
    let steps = r#"[{"step_id":"s","description":"S"}]"#;
    stage.ok("missions", &["init", &name, "I", "R", steps]);
    stage.ok("missions", &["setup-agent", &slug, "A", "I", "Hi", "--caller-id-only"]);
    let first = 80 + stage.rng.below(60);
    let later = [first, first + stage.rng.below(10), first + stage.rng.below(120)];
    let began = stage.service.clock().now();
    for (number, seconds) in NUMBERS.iter().zip(later) {
        let when = format!("in {seconds}s");
        let line = ["schedule-call", "--mission", &slug, number, &when, "--any-time"];
        stage.ok("missions", &[&line[..], &["--recipient", "automated"]].concat());
    }
    let before = stage.service.dialled().len();
    let due = began.saturating_add(Duration::from_secs(first)).unwrap_or(began);
    pass_until(stage, due, -80..-58);
    let rival = rival(stage, &slug);
    let mut cancel = stage.sandbox.spawn(&stage.program("missions"), ["cancel", &slug]);
    thread::sleep(Duration::from_micros(stage.rng.below(TAKES))); // the moment of the leap
    let is_met = cancel.running();
    pass_until(stage, due, 0..15);
    if is_met && stage.service.clock().now() >= due {
        stage.tally.count("met");
    }
    let is_killed = stage.rng.chance(20);
    if is_killed {
        cancel.signal(Signal::KILL);
        stage.tally.count("kills");
    }
    let mut end = cancel.finish(HANG_LIMIT);
    let rival = rival.map(|rival| rival.finish(HANG_LIMIT));
    if is_killed {
        end = stage.sandbox.run(&stage.program("missions"), ["cancel", &slug]);
    }
    if rival.is_some_and(|end| end.out().contains(RIVAL)) {
        stage.tally.count("rivals_scheduled");
    }
    // Whatever is still scheduled rings; ticks make up for what was left.
    for _ in 0..3 {
        stage.service.advance(Duration::from_secs(600));
        stage.sandbox.run(&stage.program("missions"), ["tick", &slug]);
    }
    let dialled = stage.service.dialled().split_off(before);
    check(stage, n, &end, &dialled);
}

/// Checks that each call that was made is among those that may still happen, of which exit 0 reports none.
fn check(stage: &mut Stage, n: usize, end: &Output, dialled: &[String]) {
    stage.tally.add_up("dialled", dialled.len() as u64);
    match end.code() {
        0 => stage.tally.count("certain"),
        8 => stage.tally.count("uncertain"),
        _ => return stage.tally.fault(format!("race {n}: {end}")),
    }
    let document: Value = serde_json::from_str(end.out()).unwrap_or_default();
    let possible = document["may_still_happen"].as_array().into_iter().flatten();
    let possible: Vec<&Value> = possible.collect();
    if (end.code() == 0) != possible.is_empty() {
        stage.tally.fault(format!("race {n} ended with {} and {possible:?}", end.code()));
    }
    let is_told = |number: &&String| possible.iter().any(|one| one["to"] == number.as_str());
    for number in dialled.iter().filter(|number| !is_told(number)) {
        stage.tally.fault(format!("race {n}: {number} was dialled; {}", end.out()));
    }
}

/// Another program at the same time, or none.
fn rival(stage: &mut Stage, slug: &str) -> Option<Child> {
    let line = ["schedule-call", "--mission", slug, RIVAL, "in 3m", "--any-time"];
    let line: &[&str] = match stage.rng.below(3) {
        0 => &line,
        1 => &["tick"],
        _ => return None,
    };
    let rival = stage.sandbox.spawn(&stage.program("missions"), line);
    thread::sleep(Duration::from_micros(stage.rng.below(15_000))); // the moment of the cancel
    Some(rival)
}

/// Time passes at once, to a moment within these seconds of a call's time, the negative ones before it.
fn pass_until(stage: &mut Stage, due: Timestamp, seconds: Range<i64>) {
    let within = stage.rng.below((seconds.end - seconds.start).unsigned_abs() * 1_000);
    let moment = seconds.start * 1_000 + i64::try_from(within).unwrap_or_default();
    let left = due.duration_since(stage.service.clock().now());
    let left = left + SignedDuration::from_millis(moment);
    stage.service.advance(Duration::try_from(left).unwrap_or_default());
}
