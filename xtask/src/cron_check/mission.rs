//! The skill page's "Complete Example: SMS Mission with Cron Polling", up to the line that cron runs, and its end.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use harness::{RecordedTurn, ServiceTable};
use jiff::{SignedDuration, Unit};
use serde_json::Value;
use state::crontab;

use super::crontab::Crontab;
use super::scene::{CRON_MINUTE, CronScene};

const SLUG: &str = "sms-test-003";
const TO: &str = "+13322200013";
const TEXT: &str = "What do you call a bear with no teeth? A gummy bear!";
const STEPS: &str = r#"[{"step_id": "setup", "description": "Create SMS agent", "sequence": 1},
    {"step_id": "sms", "description": "Schedule SMS", "sequence": 2},
    {"step_id": "verify", "description": "Verify delivery", "sequence": 3}]"#;

/// How long ago it is dated: nothing may be scheduled less than a minute ahead, and a tick checks two minutes
/// after. Cron's environment has no fast clock, so the past has a slow one.
const AGO: Duration = Duration::from_secs(300);

/// The mission that cron is to end.
pub(super) struct CronMission {
    /// The crontab before its line came.
    without_it: String,
}

/// Plays everything that an agent does, five minutes ago.
pub(super) fn begin(scene: &CronScene) -> Result<CronMission> {
    scene.service.clock().jump(-SignedDuration::try_from(AGO).context("five minutes fit")?);
    let mission = schedule(scene);
    scene.service.advance(AGO);
    mission?;
    let without_it = Crontab::now()?;
    let added = scene.json("missions", &["cron", "add", SLUG, "--step", "verify"])?;
    ensure!(added["changed"] == true, "`cron add` changed nothing: {added}");
    let line = line(scene)?.context("`cron add` added no line")?;
    ensure!(Crontab::now()? == format!("{without_it}{line}\n"), "other lines were changed");
    Ok(CronMission { without_it })
}

fn schedule(scene: &CronScene) -> Result<()> {
    let missions = |args: &[&str]| scene.json("missions", args);
    let request = ["Send a test SMS to +13322200013", "SMS test with full tracking", STEPS];
    let mission = missions(&[&["init", "SMS Test 003"], &request[..]].concat())?;
    ensure!(mission["slug"] == SLUG, "wanted the slug {SLUG}: {mission}");
    let (mission, run) = (text(&mission, "mission_id")?, text(&mission, "run_id")?);
    let step = |step: &str, status: &str, event: &str, words: &str| -> Result<()> {
        missions(&["update-step", &mission, &run, step, status])?;
        missions(&["log-event", &mission, &run, event, words, step])?;
        Ok(())
    };
    step("setup", "in_progress", "step_started", "Starting: Create SMS agent")?;
    let agent =
        missions(&["setup-agent", SLUG, "SMS Agent", "Send test messages", "Test from bot"])?;
    let (assistant, from) = (text(&agent, "assistant_id")?, text(&agent, "agent_phone")?);
    step("setup", "completed", "step_completed", "Completed: Created assistant")?;
    step("sms", "in_progress", "step_started", "Starting: Schedule SMS")?;
    let when = scene.service.clock().now() + SignedDuration::from_secs(75);
    let when = when.round(Unit::Second)?.to_string();
    missions(&["schedule-sms", &assistant, TO, &from, &when, TEXT, &mission, &run, "sms"])?;
    step("sms", "completed", "step_completed", "Completed: SMS scheduled")?;
    step("verify", "in_progress", "step_started", "Starting: Poll for delivery")
}

impl CronMission {
    /// Waits until cron's tick has found the delivery, and checks everything that this has led to.
    pub(super) fn ends(&self, scene: &CronScene) -> Result<String> {
        let until = Instant::now() + CRON_MINUTE;
        while line(scene)?.is_some() {
            ensure!(
                Instant::now() < until,
                "after {CRON_MINUTE:?} its line is still in the crontab"
            );
            std::thread::sleep(Duration::from_millis(200));
        }
        ensure!(Crontab::now()? == self.without_it, "the tick changed other lines");
        let texts = scene.service.texted().into_iter().filter(|(to, _)| to == TO).count();
        ensure!(texts == 1, "wanted one text to {TO}, found {texts}");
        let stored = scene.json("missions", &["get-state", SLUG])?;
        ensure!(stored["status"] == "succeeded", "the mission has not ended here: {stored}");
        let (mission, run) = (text(&stored, "mission_id")?, text(&stored, "run_id")?);
        let steps = scene.service.rows(ServiceTable::Steps);
        let completed = steps.iter().filter(|step| step["status"] == "completed").count();
        ensure!((steps.len(), completed) == (3, 3), "not all steps are completed: {steps:?}");
        let run = scene.json("missions", &["get-run", &mission, &run])?;
        ensure!(run["status"] == "succeeded", "the run has not ended: {run}");
        let is_about =
            |turn: &RecordedTurn| turn.message.contains(SLUG) || turn.message.contains("SMS Test");
        ensure!(scene.gateway.turns().iter().any(is_about), "the main session was not notified");
        Ok("a tick of cron's found the delivery, ended the mission and took its line away"
            .to_owned())
    }
}

fn line(scene: &CronScene) -> Result<Option<String>> {
    let table = Crontab::now()?;
    let ours = |line: &&str| crontab::mission_slug(line, &scene.skill).as_deref() == Some(SLUG);
    Ok(table.lines().find(ours).map(str::to_owned))
}

fn text(document: &Value, key: &str) -> Result<String> {
    let text = document[key].as_str().with_context(|| format!("no `{key}` in {document}"))?;
    Ok(text.to_owned())
}
