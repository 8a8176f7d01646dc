//! Where the acts play: the simulated service, the gateway, one skill folder, and the programs.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness::{
    Child, Output, RecordedTurn, Sandbox, ServiceLog, Signal, SimulatedGateway, SimulatedService,
};
use serde_json::{Map, Value};
use state::out;

use super::script;

/// Longest wait for anything that a program is to do; a real gateway's agent may take longer.
const TIMEOUT: Duration = Duration::from_secs(15);
const REAL_TIMEOUT: Duration = Duration::from_secs(120);

/// A gateway that is not ours: its address and token.
pub(super) struct RealGatewayAddress {
    pub(super) url: String,
    pub(super) token: String,
}

/// Everything the acts share. Dropping it ends every program that it started.
pub(super) struct DemoStage {
    programs: PathBuf,
    pub(super) service: SimulatedService,
    /// `None` while a real gateway answers.
    pub(super) gateway: Option<SimulatedGateway>,
    pub(super) real: Option<RealGatewayAddress>,
    pub(super) sandbox: Sandbox,
    /// `connect run`, from the act that starts it.
    pub(super) client: Option<Child>,
}

impl DemoStage {
    /// A machine on which nothing is set up yet, but an agent's gateway runs.
    pub(super) fn new(programs: PathBuf, real: Option<RealGatewayAddress>) -> Self {
        let service = SimulatedService::start();
        let sandbox = Sandbox::for_service(&service);
        // The sandbox of a test is configured already; here that is what the first act shows.
        let _ = std::fs::remove_file(sandbox.path("skill/skill-config.json"));
        let gateway = real.is_none().then(SimulatedGateway::start);
        if let Some(gateway) = &gateway {
            gateway.reply_with(script::agent);
        }
        Self { programs, service, gateway, real, sandbox, client: None }
    }

    pub(super) fn is_real(&self) -> bool {
        self.real.is_some()
    }

    /// The path of a program.
    pub(super) fn program(&self, name: &str) -> String {
        self.programs.join(name).display().to_string()
    }

    /// Runs a command and prints it as a shell would show it.
    pub(super) fn run(&self, name: &str, args: &[&str]) -> Output {
        self.run_with(name, args, "")
    }

    /// The same for a command that reads its stdin.
    pub(super) fn run_with(&self, name: &str, args: &[&str], stdin: &str) -> Output {
        let shown = args.iter().map(|arg| quoted(arg)).collect::<Vec<_>>().join(" ");
        out::progress(&format!("  $ {name} {shown}"));
        let output = self.sandbox.prepare(&self.program(name), args).stdin(stdin).run();
        if output.code() != 0 {
            out::progress(&format!("  (exit {})", output.code()));
        }
        output
    }

    /// Runs a command that must end with this exit code, and returns its document.
    pub(super) fn json(&self, name: &str, args: &[&str], code: i32) -> Result<Value> {
        let output = self.run(name, args);
        ensure!(output.code() == code, "wanted exit {code}\n{output}");
        let last = output.out().lines().last().unwrap_or_default();
        serde_json::from_str(last).with_context(|| format!("stdout is no JSON\n{output}"))
    }

    /// Waits until the service has seen something; the error says what was waited for.
    pub(super) fn wait<T>(
        &self,
        what: &str,
        pick: impl FnMut(&ServiceLog) -> Option<T>,
    ) -> Result<T> {
        let patience = if self.is_real() { REAL_TIMEOUT } else { TIMEOUT };
        self.service.try_wait_for(patience, pick).with_context(|| {
            let stderr = self.client.as_ref().map(Child::stderr).unwrap_or_default();
            format!("waited {patience:?} for {what}; `connect` stderr: {stderr}")
        })
    }

    /// The turns of the stub gateway's agent.
    pub(super) fn turns(&self) -> Vec<RecordedTurn> {
        self.gateway.as_ref().map(SimulatedGateway::turns).unwrap_or_default()
    }

    /// Ends `connect`, which must leave with 0.
    pub(super) fn close(&mut self) -> Result<()> {
        let Some(client) = self.client.take() else { return Ok(()) };
        let ended = client.stop(Signal::TERM, Duration::from_secs(15));
        ensure!(ended.code() == 0, "`connect run` did not end well after SIGTERM\n{ended}");
        Ok(())
    }
}

/// Somebody speaks, or does something.
pub(super) fn says(who: &str, words: &str) {
    out::progress(&format!("  {who}: {words}"));
}

/// What matters of a document that a command printed.
pub(super) fn shows(document: &Value, keys: &[&str]) {
    let part: Map<String, Value> =
        keys.iter().map(|key| ((*key).to_owned(), document[*key].clone())).collect();
    out::progress(&format!("  {}", Value::Object(part)));
}

fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+@".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) { arg.to_owned() } else { format!("{arg:?}") }
}
