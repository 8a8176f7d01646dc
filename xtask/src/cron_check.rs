//! `cargo xtask cron-check`: what `setup --service cron` and `missions cron add` write works under real cron.

mod client;
mod crontab;
mod daemon;
mod mission;
mod scene;

use std::os::unix::fs::symlink;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use harness::{Sandbox, SimulatedGateway, SimulatedService};
use serde_json::json;
use state::exit;
use state::interrupt;
use state::out::Printer;

use crate::check_result::CheckResult;
use crate::workspace::{Profile, Workspace};
use crontab::Crontab;
use daemon::Daemon;
use scene::{CronScene, FOLDER, OTHERS};

/// Runs it by itself.
pub(crate) fn run(workspace: &Workspace, printer: Printer) -> Result<CheckResult> {
    let result = check(workspace)?;
    let (word, detail) = result.word_and_detail();
    let document = json!({ "result": word, "detail": detail });
    printer.print(&document, || format!("{word}: {detail}"))?;
    Ok(result)
}

/// Installs cron if need be, runs the scene, and leaves the crontab and the machine as they were.
pub(crate) fn check(workspace: &Workspace) -> Result<CheckResult> {
    if let Err(reason) = daemon::installed() {
        return Ok(CheckResult::Skipped(exit::one_line(&reason)));
    }
    let programs = workspace.build(Profile::Dev)?;
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let mut sandbox = Sandbox::for_both(&service, &gateway);
    let skill = sandbox.path(FOLDER);
    symlink(sandbox.skill(), &skill).context("giving the skill folder a name")?;
    sandbox.env("CLAWDTALK_SKILL_DIR", &skill.display().to_string());
    let crontab = Crontab::borrow(OTHERS)?;
    let scene = Arc::new(CronScene {
        programs,
        service,
        gateway,
        sandbox,
        skill,
        crontab,
        daemon: Mutex::default(),
    });
    let running = Arc::clone(&scene);
    let ended = interrupt::run_until_signal(move || run_scene(&running));
    // Programs that cron started know nothing of the sandbox, and would outlive it.
    let undone = client::undo(&scene);
    drop(scene.daemon().take());
    scene.crontab.give_back()?;
    let Some(ended) = ended? else {
        return Ok(CheckResult::Failed("interrupted; the crontab is as it was".to_owned()));
    };
    Ok(match ended.and_then(|detail| undone.map(|()| detail)) {
        Ok(detail) => CheckResult::Passed(detail),
        Err(fault) => CheckResult::Failed(exit::one_line(&fault)),
    })
}

fn run_scene(scene: &CronScene) -> Result<String> {
    client::set_up(scene)?;
    let mission = mission::begin(scene)?;
    client::crashes(scene)?;
    let daemon = Daemon::running()?;
    let boots = daemon.runs_reboot_lines;
    *scene.daemon() = Some(daemon);
    let began = client::comes_back(scene, boots)?;
    let ended = mission.ends(scene)?;
    Ok(format!("{began}; {ended}; the other lines are as they were"))
}
