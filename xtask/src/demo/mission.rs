//! `missions`: an errand of several steps, from its start to its end, hours of it on a fast clock.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use harness::Table;
use serde_json::{Value, json};

use super::stage::{Stage, shows};

const PLUMBER: &str = "+13125550142";
const SLUG: &str = "find-a-plumber";
const STEPS: &str = r#"[{"step_id": "quote", "description": "Ask for the hourly rate"}]"#;

/// Starts a mission, gives it an assistant, schedules a call, sees that it was made, and completes the mission. What
/// is said twice happens once.
pub(super) fn from_start_to_end(stage: &mut Stage) -> Result<Value> {
    let init = ["init", "Find a plumber", "Ask one plumber for a rate", "A tap drips", STEPS];
    let begun = stage.json("missions", &init, 0)?;
    shows(&begun, &["slug", "status", "resumed"]);
    let again = stage.json("missions", &init, 0)?;
    ensure!(
        begun["mission_id"] == again["mission_id"],
        "the same line began a second mission: {again}"
    );
    let agent = ["setup-agent", SLUG, "Caller", "You ask for the hourly rate.", "--caller-id-only"];
    let agent = stage.json("missions", &agent, 0)?;
    shows(&agent, &["agent_phone", "linked", "inbound_line"]);
    let call =
        ["schedule-call", "--mission", SLUG, PLUMBER, "in 5m", "--step", "quote", "--any-time"];
    let event = stage.json("missions", &call, 0)?;
    shows(&event, &["to_number", "scheduled_at", "status"]);
    // Ten minutes pass at once, and the call is made meanwhile.
    stage.service.advance(Duration::from_secs(600));
    let (assistant, id) = (text(&agent, "assistant_id"), text(&event, "id"));
    let until = Instant::now() + Duration::from_secs(5);
    let done = loop {
        let event = stage.json("missions", &["get-event", &assistant, &id], 0)?;
        if event["status"] == "completed" {
            break event;
        }
        ensure!(Instant::now() < until, "the call was not made: {event}");
    };
    shows(&done, &["status", "call_status"]);
    let dialled = stage.service.dialled().into_iter().filter(|to| to == PLUMBER).count();
    ensure!(dialled == 1, "wanted one call to {PLUMBER}, found {dialled}");
    let ended =
        stage.json("missions", &["complete", SLUG, "The plumber takes 90 dollars an hour."], 0)?;
    shows(&ended, &["slug", "status"]);
    let missions = stage.service.rows(Table::Missions).len();
    ensure!(missions == 1, "wanted one mission, found {missions}");
    Ok(json!({"slug": SLUG, "call": done["call_status"], "status": ended["status"]}))
}

fn text(document: &Value, key: &str) -> String {
    document[key].as_str().unwrap_or_default().to_owned()
}
