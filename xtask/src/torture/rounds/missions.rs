//! Missions from init to their end: the service has one of everything, and the state file agrees.

use harness::ServiceTable;
use serde_json::{Value, json};

use super::operator;
use super::reaching_line::ReachingLine;
use crate::torture::stage::Stage;

/// The last two digits of a number decide how a call to it ends: answered, busy, not answered, failed.
const ENDS: [&str; 4] = ["01", "02", "04", "06"];
const STEPS: &str = r#"[{"step_id":"s","description":"S"}]"#;

/// One mission in the making, by its number.
struct MadeMission {
    n: usize,
    slug: String,
    to: String,
    text: String,
}

/// A mission with all that it may have, whose events are called off, or which is ended by hand.
pub(in crate::torture) fn by_hand(stage: &mut Stage, n: usize) {
    let Some(mission) = started(stage, n) else { return };
    remember(stage, &mission);
    step(stage, &mission);
    end(stage, &mission.slug);
    let rows = stage.service.rows(ServiceTable::Scheduled);
    let is_waiting = |row: &&Value| row["to_number"] == *mission.to && row["status"] == "pending";
    let (n, status) =
        (rows.iter().filter(is_waiting).count(), &stage.state()[&mission.slug]["status"]);
    if n > 0 && *status == "cancelled" {
        stage.tally.lose(&format!("{n} events of {} still wait", mission.slug));
    }
}

/// A mission that has nothing but a plan is ended by hand.
pub(in crate::torture) fn at_once(stage: &mut Stage, n: usize) {
    let (name, slug) = (format!("End {n}"), format!("end-{n}"));
    stage.ok("missions", &["init", &name, "I", &format!("Request {n}"), STEPS]);
    end(stage, &slug);
}

/// In the end the service and the state file agree.
fn end(stage: &mut Stage, slug: &str) {
    let (line, wanted) = match stage.rng.below(3) {
        0 => (vec!["cancel", slug], "cancelled"),
        1 => (vec!["fail", slug, "Nobody there"], "failed"),
        _ => (vec!["complete", slug, "All done"], "succeeded"),
    };
    if stage.run_until_done("missions", &line) {
        agree(stage, slug, Some(wanted));
    }
}

/// Checks that the service and the state file agree on the end of a mission, and that it is this.
pub(super) fn agree(stage: &mut Stage, slug: &str, wanted: Option<&str>) {
    let stored = stage.state()[slug].clone();
    let runs = stage.service.rows(ServiceTable::Runs);
    let run = runs.iter().find(|row| row["run_id"] == stored["run_id"]).cloned();
    let (here, there) = (&stored["status"], &run.unwrap_or_default()["status"]);
    if here != there || wanted.is_some_and(|wanted| here != wanted) {
        stage.tally.lose(&format!("the end of {slug}: {here} here, {there} at the service"));
    }
}

/// A number of the account that the service gives to the mission's assistant.
pub(super) fn add_phone(stage: &Stage, n: usize) {
    let id = format!("29{n:017}");
    let phone = format!("+1555888{:04}", n % 10_000);
    let row = json!({"id": id, "phone_number": phone, "status": "active"});
    stage.service.seed(ServiceTable::Phones, &id, "", row);
}

/// From init to what is scheduled.
fn started(stage: &mut Stage, n: usize) -> Option<MadeMission> {
    add_phone(stage, n);
    let (name, slug) = (format!("Mission {n}"), format!("mission-{n}"));
    let end = ENDS[stage.rng.index(ENDS.len())];
    let (to, text) = (format!("+13322{:04}{end}", n % 10_000), format!("Scheduled {n}."));
    let (request, agent) = (format!("Request {n}"), format!("Agent {n}"));
    let mission = MadeMission { n, slug: slug.clone(), to: to.clone(), text: text.clone() };
    for line in
        [vec!["init", &name, "I", &request, STEPS], vec!["setup-agent", &slug, &agent, "I", "Hi"]]
    {
        if !begin(stage, &mission, &line) {
            return None;
        }
    }
    let sms = vec!["schedule-sms", "--mission", &slug, &to, "in 3h", &text, "--step", "s"];
    let call = ["schedule-call", "--mission", &slug, &to, "in 3h", "--step", "s", "--any-time"];
    let call = [&call[..], &["--recipient", "automated"]].concat();
    for (args, marks) in [(sms, vec![&*text]), (call, vec![&*to, r#""channel":"call""#])] {
        let line = ReachingLine {
            program: "missions",
            args,
            path: "/v1/assistants/:id/events",
            marks,
            listed: Some(ServiceTable::Scheduled),
            is_same: true,
        };
        line.send(stage)?;
    }
    check(stage, &mission);
    Some(mission)
}

/// Runs a command of stages until it is done. One that says that nothing was done has left no stage unconfirmed.
fn begin(stage: &mut Stage, mission: &MadeMission, line: &[&str]) -> bool {
    for _ in 0..60 {
        let before = stage.state()[&mission.slug]["open"].clone();
        let Some(end) = stage.run_disturbed("missions", line) else { continue };
        let open = stage.state()[&mission.slug]["open"].clone();
        match end.code() {
            0 => {
                stage.tally.count("acknowledged");
                return true;
            }
            8 => {
                stage.tally.count("unconfirmed");
                // Half of the time it is simply tried again: the program must not repeat what it sent.
                if stage.disk.is_none() && stage.rng.chance(50) {
                    operator::resolve_all(stage);
                }
            }
            code if stage.is_undone(code) && (open.is_null() || open == before) => {}
            _ => stage.tally.fault(format!("{line:?} left `{open}` open: {end}")),
        }
    }
    operator::resolve_all(stage);
    let end = stage.run("missions", line);
    if end.code() != 0 {
        stage.tally.lose(&format!("{line:?} does not go on after all is well: {end}"));
    }
    end.code() == 0
}

/// Appends and saves: what was acknowledged is there once, what was not done is not there.
fn remember(stage: &mut Stage, mission: &MadeMission) {
    let slug = &*mission.slug;
    for item in 0..8 {
        let item = format!("{}-{item}", mission.n);
        for line in [["append-memory", slug, "l", &item], ["save-memory", slug, &item, "v"]] {
            let end = stage.run_disturbed("missions", &line);
            let memory = stage.state()[slug]["memory"].clone();
            let n = if line[0] == "save-memory" {
                usize::from(!memory[&item].is_null())
            } else {
                let items = memory["l"].as_array().into_iter().flatten();
                items.filter(|stored| **stored == *item).count()
            };
            match (end.as_ref().map(harness::Output::code), n) {
                (Some(0), 1) => stage.tally.count("acknowledged"),
                (None, 0 | 1) | (Some(4 | 5), 0) => {}
                (Some(0), 0) => stage.tally.lose(&format!("{line:?}: {end:?}")),
                _ => stage.tally.double(&format!("{line:?}, there {n} times: {end:?}")),
            }
        }
    }
}

/// A step of the plan is started: at the service, whatever becomes of it here.
fn step(stage: &mut Stage, mission: &MadeMission) {
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
fn check(stage: &mut Stage, mission: &MadeMission) {
    let (n, stored) = (mission.n, stage.state()[&mission.slug].clone());
    let count = |table, key: &str, wanted: &Value| {
        stage.service.rows(table).iter().filter(|row| row[key] == *wanted).count()
    };
    let input = json!({"original_request": format!("Request {n}")});
    let events = stage.service.rows(ServiceTable::Scheduled);
    let is_call = |row: &&Value| row["to_number"] == *mission.to && row["channel"] == "call";
    let made = [
        ("mission", count(ServiceTable::Missions, "name", &json!(format!("Mission {n}")))),
        ("run", count(ServiceTable::Runs, "input", &input)),
        ("plan step", count(ServiceTable::Steps, "run_id", &stored["run_id"])),
        ("assistant", count(ServiceTable::Assistants, "name", &json!(format!("Agent {n}")))),
        ("link", count(ServiceTable::Links, "run_id", &stored["run_id"])),
        ("text", count(ServiceTable::Scheduled, "text_body", &json!(mission.text))),
        ("call", events.iter().filter(is_call).count()),
    ];
    let remembered = stored["memory"]["scheduled_events"].as_array().map_or(0, Vec::len);
    let tracked = stored["events"].as_object().map_or(0, serde_json::Map::len);
    if (remembered, tracked) != (2, 2) {
        let slug = &mission.slug;
        stage.tally.lose(&format!("{slug} remembers {remembered} events and tracks {tracked}"));
    }
    for (what, n_made) in made {
        match n_made {
            0 => stage.tally.lose(&format!("the {what} of {}", mission.slug)),
            1 => {}
            n => stage.tally.double(&format!("{n} × {what} of {}", mission.slug)),
        }
    }
}
