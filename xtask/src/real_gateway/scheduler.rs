//! `missions cron --openclaw`: the gateway's own scheduler, by the gateway's own program.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context as _, Result, ensure};
use harness::{Sandbox, SimulatedService};
use serde_json::{Value, json};

use super::process::RealGateway;

/// The slug has what a job's name and key must hold unchanged.
const SLUG: &str = "find 50% \"plumbers\"";

/// A job is declared once, listed, and removed; the gateway's own jobs stay.
pub(super) fn run(programs: &str, gateway: &RealGateway) -> Result<Value> {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("HOME", &gateway.home().display().to_string());
    let path = format!("{}:/usr/bin:/bin", sandbox.path("work/bin").display());
    sandbox.env("PATH", &path).env("OPENCLAW_OFFLINE", "1");
    sandbox.write("work/bin/openclaw", &gateway.program());
    let (program, mode) = (sandbox.path("work/bin/openclaw"), fs::Permissions::from_mode(0o700));
    fs::set_permissions(&program, mode).context("making `openclaw` a program")?;
    let mission = json!({"mission_id": "m", "run_id": "r", "status": "running"});
    sandbox.write("skill/.missions_state.json", &json!({ SLUG: mission }).to_string());

    let cron = |args: &[&str]| -> Result<Value> {
        let out = sandbox.run(&format!("{programs}/missions"), [&["cron"], args].concat());
        ensure!(out.code() == 0, "wanted exit 0\n{out}");
        Ok(out.json())
    };
    let add = ["add", SLUG, "--openclaw", "--every", "60"];
    let added = cron(&add)?;
    let id = added["written"].as_str().with_context(|| format!("no job was added: {added}"))?;
    ensure!(cron(&add)?["changed"] == false, "the same job was added twice");
    let listed = cron(&["list"])?;
    let wanted = json!([{"slug": SLUG, "scheduler": "openclaw", "job": id}]);
    ensure!(listed["missions"] == wanted, "wanted {wanted}, found {listed}");
    ensure!(cron(&["remove", SLUG])?["changed"] == true, "the job was not removed");
    ensure!(cron(&["remove", SLUG])?["changed"] == false, "the job was still there");
    Ok(json!({"path": "missions cron --openclaw", "job": id}))
}
