//! `missions`: an errand of several steps that goes on by itself, hours of it on a fast clock.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use harness::ServiceTable;
use jiff::civil::Weekday;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::stage::{DemoStage, says, shows};

/// By its last digits, the simulated service lets a call to it be busy first, and answered the second time.
const PLUMBER: &str = "+13125550109";
const NEIGHBOUR: &str = "+13125550142";
const SLUG: &str = "find-a-plumber";
const STEPS: &str = r#"[{"step_id": "quote", "description": "Ask for the hourly rate"}, {"step_id": "tell", "description": "Tell the neighbour"}]"#;

const FIVE_MINUTES: Duration = Duration::from_secs(300);

/// More than one busy line and one text can need.
const MOST_TICKS: usize = 12;

/// Starts a mission, gives it an assistant, schedules a call and a text, and leaves the rest to `tick`: the line is
/// busy, so it is tried again; the second call ends the first step, the text the second, and both the mission. What is
/// run twice happens once.
pub(super) fn from_start_to_end(stage: &mut DemoStage) -> Result<Value> {
    let noon = business_noon(stage.service.clock().now())?;
    let wait = noon.duration_since(stage.service.clock().now());
    stage.service.advance(Duration::try_from(wait).context("noon is still to come")?);
    says("the clock", &format!("it is {noon}, noon of a business day in Chicago"));
    let init = ["init", "Find a plumber", "Ask a plumber for a rate", "A tap drips", STEPS];
    let mission = stage.json("missions", &init, 0)?;
    shows(&mission, &["slug", "status", "resumed"]);
    let again = stage.json("missions", &init, 0)?;
    ensure!(
        mission["mission_id"] == again["mission_id"],
        "the same line began a second mission: {again}"
    );
    let agent = ["setup-agent", SLUG, "Caller", "You ask for the hourly rate.", "--caller-id-only"];
    let agent = stage.json("missions", &agent, 0)?;
    shows(&agent, &["agent_phone", "linked", "inbound_line"]);
    let to = |step| ["--mission", SLUG, "--step", step];
    let call = ["schedule-call", PLUMBER, "in 5m", "--recipient", "automated"];
    let event = stage.json("missions", &[&call[..], &to("quote")].concat(), 0)?;
    shows(&event, &["to_number", "scheduled_at", "status"]);
    let text = ["schedule-sms", NEIGHBOUR, "in 30m", "The plumber is found."];
    let event = stage.json("missions", &[&text[..], &to("tell")].concat(), 0)?;
    shows(&event, &["to_number", "scheduled_at", "status"]);

    let turns_before = stage.turns().len();
    let (retries, ended) = keeps_itself(stage)?;
    ensure!(retries == 1, "wanted one try again of the busy line, found {retries}");
    let dialled = stage.service.dialled().into_iter().filter(|to| to == PLUMBER).count();
    ensure!(dialled == 2, "wanted two calls to {PLUMBER}, found {dialled}");
    let texts = stage.service.texted().into_iter().filter(|(to, _)| to == NEIGHBOUR).count();
    ensure!(texts == 1, "wanted one text to {NEIGHBOUR}, found {texts}");
    let stored = stage.json("missions", &["get-state", SLUG], 0)?;
    ensure!(stored["status"] == "succeeded", "the mission has not ended here: {stored}");
    let runs = stage.service.rows(ServiceTable::Runs);
    let run = runs.iter().find(|run| run["run_id"] == stored["run_id"]).context("no such run")?;
    ensure!(run["status"] == "succeeded", "the run has not ended: {run}");
    let messages: Vec<String> =
        stage.turns().into_iter().skip(turns_before).map(|turn| turn.message).collect();
    ensure!(!messages.is_empty(), "the agent's main session was not notified");
    for words in &messages {
        says("to the agent", words);
    }
    let missions = stage.service.rows(ServiceTable::Missions).len();
    ensure!(missions == 1, "wanted one mission, found {missions}");
    Ok(json!({
        "slug": SLUG, "calls": dialled, "retries": retries, "status": run["status"],
        "summary": run["result_summary"], "ticks": ended,
    }))
}

/// The next noon at which a plumber in Chicago may be called, whatever day it is here.
fn business_noon(now: Timestamp) -> Result<Timestamp> {
    let zone = TimeZone::get("America/Chicago").unwrap_or(TimeZone::fixed(Offset::constant(-6)));
    let mut noon = now.to_zoned(zone).start_of_day()?.checked_add(36.hours())?;
    while noon.weekday() != Weekday::Wednesday {
        noon = noon.checked_add(1.day())?;
    }
    Ok(noon.timestamp())
}

/// Ticks as often as a line of cron would, until nothing is left to do: how often a call was tried again, and how many
/// ticks it took.
fn keeps_itself(stage: &DemoStage) -> Result<(usize, usize)> {
    let mut retries = 0;
    for n in 1..=MOST_TICKS {
        says("the clock", "five minutes pass");
        stage.service.advance(FIVE_MINUTES);
        let report = stage.json("missions", &["tick", SLUG], 0)?;
        let mission = &report["missions"][0];
        retries += mission["retries"].as_array().map_or(0, Vec::len);
        if mission["ended"].as_array().is_some_and(|ended| !ended.is_empty()) {
            shows(mission, &["decision", "ended", "retries"]);
        }
        if mission["settled"] == true {
            return Ok((retries, n));
        }
    }
    bail!("after {MOST_TICKS} ticks the mission goes on")
}
