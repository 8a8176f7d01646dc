//! The owner's part: `setup` lets itself into the running gateway, and `uninstall` leaves nothing behind.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness::{KEY, Output, Sandbox, SimulatedService};
use serde_json::{Value, json};

use super::process::{RealGateway, TOKEN};

/// A first answer of the gateway takes its time.
const TIMEOUT: Duration = Duration::from_secs(120);

/// What setup ends with about the gateway.
const CHECKS: [&str; 4] = ["gateway", "token", "sessions_send", "agent"];

/// The owner's machine: the gateway's home, and a skill folder that knows nothing yet.
pub(super) struct GatewayOwner<'a> {
    programs: String,
    gateway: &'a RealGateway,
    service: SimulatedService,
    sandbox: Sandbox,
}

impl<'a> GatewayOwner<'a> {
    pub(super) fn new(programs: &str, gateway: &'a RealGateway) -> Self {
        let service = SimulatedService::start();
        let mut sandbox = Sandbox::for_service(&service);
        let _ = std::fs::remove_file(sandbox.path("skill/skill-config.json"));
        sandbox.env("HOME", &gateway.home().display().to_string());
        Self { programs: programs.to_owned(), gateway, service, sandbox }
    }

    fn run(&self, program: &str, args: &[&str], stdin: &str) -> Output {
        let program = format!("{}/{program}", self.programs);
        self.sandbox.prepare(&program, args).stdin(stdin).limit(TIMEOUT).run()
    }

    /// From nothing: `setup` finds the gateway and its token, edits its files, sees them taken up while it runs, and
    /// `connect simulate` is answered by the agent. Gives what is worth telling.
    pub(super) fn sets_up(&self) -> Result<Value> {
        let before = self.gateway.own_files()?;
        let server = self.service.url();
        let args = ["--yes", "--chat", "--api-key-stdin", "--service", "none", "--server", &server];
        let out = self.run("setup", &args, KEY);
        // Nothing keeps the client running here, so the checks of the whole are not all well.
        let document = out.json();
        ensure!(document["gateway"]["taken_up"] == true, "the edit was not taken up\n{out}");
        for id in CHECKS {
            ensure!(passes(&document, id), "setup's check `{id}` does not pass\n{out}");
        }
        for (before, after) in before.iter().zip(self.gateway.own_files()?) {
            ensure!(before.text != after.text, "`{}` was not edited\n{out}", before.name);
            let outside = (before.mode, &before.leads_to) == (after.mode, &after.leads_to);
            ensure!(outside, "of `{}` more than the text was changed: {after:?}", before.name);
            let mut lines = after.text.lines();
            let has_all_lines = before.text.lines().all(|line| {
                let line = line.trim_end_matches(['}', ']', ',', ' ']);
                lines.any(|now| now.contains(line))
            });
            ensure!(has_all_lines, "lines of `{}` are gone:\n{}", before.name, after.text);
        }
        let config = self.sandbox.read("skill/skill-config.json");
        ensure!(!config.contains(TOKEN), "the gateway's token was copied into the config");
        ensure!(!format!("{out}").contains(TOKEN), "setup printed the gateway's token");
        let status = self.run("status", &[], "").json();
        for id in CHECKS {
            ensure!(passes(&status, id), "status' check `{id}` does not pass: {status}");
        }
        let question = "Which day is it?";
        let output = self.run("connect", &["simulate", question], "");
        let is_agents = output.out().contains("stub reply:") && output.out().contains("Which day");
        ensure!(output.code() == 0 && is_agents, "`connect simulate` was not answered\n{output}");
        Ok(json!({"path": "setup", "asked": question, "answered": output.out().trim_end()}))
    }

    /// Everything of the gateway's is to the byte as it was, and it is closed again.
    pub(super) fn uninstalls(&self, before: &[super::process::OwnFile]) -> Result<Value> {
        let out = self.run("uninstall", &["--keep-config"], "");
        ensure!(out.code() == 0, "uninstall failed\n{out}");
        let after = self.gateway.own_files()?;
        ensure!(after == before, "the gateway's files are not as they were: {after:?}");
        let folder = self.gateway.home().join(".openclaw");
        let entries = std::fs::read_dir(&folder).context("listing the gateway's folder")?;
        let left: Vec<String> = entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.contains("clawdtalk"))
            .collect();
        ensure!(left.is_empty(), "uninstall left {left:?}");
        let until = std::time::Instant::now() + Duration::from_secs(10);
        loop {
            let status = self.run("status", &[], "").json();
            if !passes(&status, "sessions_send") {
                return Ok(json!({"path": "uninstall", "gateway_config": "as before"}));
            }
            let in_time = std::time::Instant::now() < until;
            ensure!(in_time, "10 s after uninstall the gateway still lets requests in: {status}");
        }
    }
}

fn passes(document: &Value, id: &str) -> bool {
    let mut checks = document["checks"].as_array().into_iter().flatten();
    checks.any(|check| check["id"] == id && check["status"] == "pass")
}
