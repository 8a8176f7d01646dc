//! Missions from init to their end on a bad disk: the service has one of everything, and the state file agrees.

use std::time::Duration;

use harness::ServiceTable;
use serde_json::{Value, json};

use super::reaching_line::ReachingLine;
use crate::torture::commands::mission_ends;
use crate::torture::commands::stage::CommandStage;

/// A mission that has not ended after so many ticks never will.
const PATIENCE: usize = 300;
/// The last two digits of a number decide how a call to it ends: answered, busy, not answered, failed.
const ENDS: [&str; 4] = ["01", "02", "04", "06"];

/// One mission in the making, by its number.
struct DiskMission {
    n: usize,
    slug: String,
    to: String,
    text: String,
}

/// A mission whose events are called off, or which is ended by hand.
pub(super) fn by_hand(stage: &mut CommandStage, n: usize) {
    let Some(mission) = started(stage, n) else { return };
    remember(stage, &mission);
    step(stage, &mission);
    let slug = &*mission.slug;
    let (line, word) = match stage.rng.below(3) {
        0 => (vec!["cancel", slug], "cancelled"),
        1 => (vec!["fail", slug, "Nobody there"], "failed"),
        _ => (vec!["complete", slug, "All done"], "succeeded"),
    };
    if stage.run_until_done("missions", &line) {
        mission_ends::agree(stage, &mission.slug, Some(word));
        if word == "cancelled" {
            none_waits(stage, &mission);
        }
    }
}

/// A mission that ticks go on with until its calls have ended.
pub(super) fn by_ticks(stage: &mut CommandStage, n: usize) {
    let Some(mission) = started(stage, n) else { return };
    let slug = mission.slug.clone();
    for _ in 0..PATIENCE {
        let by = stage.rng.below(60 * 60);
        stage.service.advance(Duration::from_secs(by));
        tick(stage, &mission);
        let done = &stage.state()[&slug]["lifecycle"]["done"];
        if done.as_array().is_some_and(|done| done.contains(&json!("mission/cron"))) {
            none_waits(stage, &mission);
            return mission_ends::agree(stage, &mission.slug, None);
        }
    }
    let stored = stage.state()[&slug].clone();
    stage.tally.fault(format!("{slug} never ended: {stored}"));
}

/// One pass. Only one that says that nothing was done can have scheduled nothing.
fn tick(stage: &mut CommandStage, mission: &DiskMission) {
    let before = scheduled(stage, mission);
    let Some(end) = stage.run_disturbed("missions", &["tick", &mission.slug]) else { return };
    let after = scheduled(stage, mission);
    match end.code() {
        0 => stage.tally.acknowledged += 1,
        8 => stage.tally.unconfirmed += 1,
        4 if after == before => {}
        _ => stage.tally.fault(format!("a tick, {} scheduled: {end}", after - before)),
    }
}

/// From init to what is scheduled.
fn started(stage: &mut CommandStage, n: usize) -> Option<DiskMission> {
    let (name, slug) = (format!("Mission {n}"), format!("mission-{n}"));
    let (phone, end) = (format!("+1555888{n:04}"), ENDS[stage.rng.index(ENDS.len())]);
    let (to, text) = (format!("+13322{:04}{end}", n % 10_000), format!("Scheduled {n}."));
    let row = json!({"id": format!("29{n:017}"), "phone_number": phone, "status": "active"});
    stage.service.seed(
        ServiceTable::Phones,
        row["id"].as_str().unwrap_or_default(),
        "",
        row.clone(),
    );
    let (request, agent) = (format!("Request {n}"), format!("Agent {n}"));
    let steps = r#"[{"step_id":"s","description":"S"}]"#;
    let mission = DiskMission { n, slug: slug.clone(), to: to.clone(), text: text.clone() };
    for line in
        [vec!["init", &name, "I", &request, steps], vec!["setup-agent", &slug, &agent, "I", "Hi"]]
    {
        if !begin(stage, &mission, &line) {
            return None;
        }
    }
    let listed = |channel: &'static str| {
        let to = to.clone();
        move |stage: &CommandStage| {
            let rows = stage.service.rows(ServiceTable::Scheduled).into_iter();
            rows.filter(|row| row["channel"] == channel && row["to_number"] == *to).count()
        }
    };
    let (calls, texts) = (listed("call"), listed("sms"));
    for (args, arrived, marks) in [
        (
            vec!["schedule-sms", "--mission", &slug, &to, "in 3h", &text, "--step", "s"],
            &texts as &dyn Fn(&CommandStage) -> usize,
            vec![&*text],
        ),
        (
            vec!["schedule-call", "--mission", &slug, &to, "in 3h", "--step", "s", "--any-time"]
                .into_iter()
                .chain(["--recipient", "automated"])
                .collect(),
            &calls as &dyn Fn(&CommandStage) -> usize,
            vec![&*to, r#""channel":"call""#],
        ),
    ] {
        let line = ReachingLine {
            program: "missions",
            args,
            arrived,
            marks,
            is_listed: true,
            is_same: true,
        };
        if !line.send(stage) {
            return None;
        }
    }
    // What could not be remembered is remembered by the same line on a good disk.
    check(stage, &mission);
    Some(mission)
}

/// Runs a command of stages until it is done. One that says that nothing was done has left no stage unconfirmed.
fn begin(stage: &mut CommandStage, mission: &DiskMission, line: &[&str]) -> bool {
    for _ in 0..40 {
        let before = stage.state()[&mission.slug]["open"].clone();
        let Some(end) = stage.run_disturbed("missions", line) else { continue };
        let open = stage.state()[&mission.slug]["open"].clone();
        match end.code() {
            0 => {
                stage.tally.acknowledged += 1;
                return true;
            }
            8 => stage.tally.unconfirmed += 1,
            4 if open.is_null() || open == before => {}
            _ => stage.tally.fault(format!("{line:?} left `{open}` open: {end}")),
        }
    }
    let end = stage.run("missions", line);
    if end.code() != 0 {
        stage.tally.lose(&format!("{line:?} does not go on after the disk was mended: {end}"));
    }
    end.code() == 0
}

/// Appends and saves: what was acknowledged is there once, what was not done is not there.
fn remember(stage: &mut CommandStage, mission: &DiskMission) {
    let slug = &*mission.slug;
    for item in 0..4 {
        let item = format!("{}-{item}", mission.n);
        for line in [["append-memory", slug, "l", &item], ["save-memory", slug, &item, "v"]] {
            let Some(end) = stage.run_disturbed("missions", &line) else { continue };
            let memory = stage.state()[slug]["memory"].clone();
            let n = if line[0] == "save-memory" {
                usize::from(!memory[&item].is_null())
            } else {
                let items = memory["l"].as_array().into_iter().flatten();
                items.filter(|stored| **stored == *item).count()
            };
            match (end.code(), n) {
                (0, 1) => stage.tally.acknowledged += 1,
                (4, 0) => {}
                (0, 0) => stage.tally.lose(&format!("{line:?}: {end}")),
                _ => stage.tally.fault(format!("{line:?}, there {n} times: {end}")),
            }
        }
    }
}

/// A step of the plan is started: at the service, whatever becomes of it here.
fn step(stage: &mut CommandStage, mission: &DiskMission) {
    let stored = stage.state()[&mission.slug].clone();
    let id = |key: &str| stored[key].as_str().unwrap_or_default().to_owned();
    let (mission_id, run) = (id("mission_id"), id("run_id"));
    if !stage.run_until_done("missions", &["update-step", &mission_id, &run, "s", "in_progress"]) {
        return;
    }
    let steps = stage.service.rows(ServiceTable::Steps);
    let step = steps.iter().find(|row| row["run_id"] == *run).cloned().unwrap_or_default();
    if step["status"] != "in_progress" {
        stage.tally.lose(&format!("the step of {}: {step}", mission.slug));
    }
}

/// Checks that the service has one of everything, and that the state file agrees with it.
fn check(stage: &mut CommandStage, mission: &DiskMission) {
    let (n, stored) = (mission.n, stage.state()[&mission.slug].clone());
    let count = |table, key: &str, wanted: &Value| {
        stage.service.rows(table).iter().filter(|row| row[key] == *wanted).count()
    };
    let input = json!({"original_request": format!("Request {n}")});
    let made = [
        ("mission", count(ServiceTable::Missions, "name", &json!(format!("Mission {n}")))),
        ("run", count(ServiceTable::Runs, "input", &input)),
        ("plan step", count(ServiceTable::Steps, "run_id", &stored["run_id"])),
        ("assistant", count(ServiceTable::Assistants, "name", &json!(format!("Agent {n}")))),
        ("link", count(ServiceTable::Links, "run_id", &stored["run_id"])),
        ("text", count(ServiceTable::Scheduled, "text_body", &json!(mission.text))),
    ];
    for (what, n_made) in made {
        match n_made {
            0 => stage.tally.lose(&format!("the {what} of {}", mission.slug)),
            1 => {}
            n => stage.tally.double(&format!("{n} × {what} of {}", mission.slug)),
        }
    }
    let remembered = stored["memory"]["scheduled_events"].as_array().map_or(0, Vec::len);
    let tracked = stored["events"].as_object().map_or(0, serde_json::Map::len);
    if (remembered, tracked) != (2, 2) {
        let slug = &mission.slug;
        stage.tally.lose(&format!("{slug} remembers {remembered} events and tracks {tracked}"));
    }
}

/// Events at the service that reach the mission's recipient.
fn scheduled(stage: &CommandStage, mission: &DiskMission) -> usize {
    let rows = stage.service.rows(ServiceTable::Scheduled);
    rows.iter().filter(|row| row["to_number"] == *mission.to).count()
}

/// Nothing of a mission that is called off waits for its time.
fn none_waits(stage: &mut CommandStage, mission: &DiskMission) {
    let rows = stage.service.rows(ServiceTable::Scheduled);
    let is_waiting = |row: &&Value| row["to_number"] == *mission.to && row["status"] == "pending";
    let n = rows.iter().filter(is_waiting).count();
    if n > 0 {
        stage.tally.lose(&format!("{n} events of {} still wait", mission.slug));
    }
}
