//! `cargo xtask real-gateway --gate`: what the agent is about to do on a call is held until the owner's phone approved it, by a real
//! gateway whose model calls tools. That nothing was done counts only beside the same run whose approval shows it done.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use harness::{Child, KEY, Output, Sandbox, SimulatedOwner, SimulatedService, event};
use serde_json::{Value, json};
use state::gateway::{GatewayClient, GatewayEndpoint, TurnKind};
use state::out;
use state::secret::Secret;

use super::process::{OwnFile, RealGateway, TOKEN};

/// The first turn after a start costs the gateway 6 to 16 s.
const TIMEOUT: Duration = Duration::from_secs(120);
const APPROVALS: &str = "/v1/approvals";

/// What is asked of the agent, and what it does then; EFFECT stands for the file that shows it.
const ACTS: [(&str, &str, &str); 8] = [
    ("exec", "Please do it", r#"{"name":"exec","args":{"command":"touch EFFECT"}}"#),
    ("exec >", "Mach das bitte", r#"{"name":"exec","args":{"command":"echo x > EFFECT"}}"#),
    ("exec cd", "请做这件事", r#"{"name":"exec","args":{"command":"cd /tmp/. && touch EFFECT"}}"#),
    (
        "exec in the background",
        "Yes, go ahead",
        r#"{"name":"exec","args":{"command":"touch EFFECT","background":true}}"#,
    ),
    (
        "exec like a read",
        "Räum bitte auf",
        r#"{"name":"exec","args":{"command":"ls / ; touch EFFECT"}}"#,
    ),
    ("write", "Schreib das auf", r#"{"name":"write","args":{"path":"EFFECT","content":"x"}}"#),
    (
        "exec by tool_call",
        "Los",
        r#"{"name":"tool_call","args":{"id":"exec","args":{"command":"touch EFFECT"}}}"#,
    ),
    ("a sub-agent's exec", "Lass das jemanden machen", "SPAWN"),
];

/// Checks the gate's table by itself.
const TABLE: &str = include_str!("gate-table.mjs");

/// Commands that only read.
const READS: [&str; 20] = [
    "ls /",
    "cat /etc/hostname",
    "date",
    "grep -c root /etc/passwd",
    "head -1 /etc/passwd",
    "tail -1 /etc/passwd",
    "wc -l /etc/passwd",
    "pwd",
    "whoami",
    "uptime",
    "df -h /",
    "stat /etc/hostname",
    "which ls",
    "uname -a",
    "gog calendar events --today",
    "gog gmail search newer_than:1d",
    "himalaya envelope list",
    "gh pr list",
    "remindctl today",
    "ls -la /tmp",
];

/// A gateway with the gate, and a client on a call with its owner.
struct GateScene<'a> {
    programs: String,
    gateway: &'a RealGateway,
    service: SimulatedService,
    sandbox: Sandbox,
    effects: PathBuf,
    n_requests: usize,
}

/// Plays everything; gives what is worth telling.
pub(super) fn run(programs: &str, gateway: &RealGateway) -> Result<Vec<Value>> {
    let before = gateway.own_files()?;
    let service = SimulatedService::start();
    service.owner(SimulatedOwner::Approves(Duration::ZERO));
    let mut sandbox = Sandbox::for_service(&service);
    let _ = fs::remove_file(sandbox.path("skill/skill-config.json"));
    sandbox.env("HOME", &gateway.home().display().to_string());
    let effects = sandbox.path("work/effects");
    fs::create_dir_all(&effects).context("making a folder for what is done")?;
    let (programs, n_requests) = (programs.to_owned(), 0);
    let mut scene = GateScene { programs, gateway, service, sandbox, effects, n_requests };
    scene.set_up()?;
    let gate = gateway.home().join(".openclaw/clawdtalk-gate/index.js");
    gateway.node(TABLE, &gate).context("the gate's table by itself")?;
    let client = scene.client()?;
    let mut told = Vec::new();
    for (name, words, call) in ACTS {
        out::progress(&format!("{name}: denied, and approved"));
        told.push(scene.act(name, words, call)?);
    }
    out::progress("reads, and another channel's turn");
    told.push(scene.reads()?);
    told.push(scene.other_channel()?);
    out::progress("killing the gateway while a question is open");
    told.push(scene.killed_while_pending()?);
    drop(client);
    told.push(scene.uninstalls(&before)?);
    Ok(told)
}

impl GateScene<'_> {
    fn run(&self, program: &str, args: &[&str], stdin: &str) -> Output {
        let program = format!("{}/{program}", self.programs);
        self.sandbox.prepare(&program, args).stdin(stdin).limit(TIMEOUT).run()
    }

    fn set_up(&self) -> Result<()> {
        let server = self.service.url();
        let args = ["--yes", "--gate", "--api-key-stdin", "--service", "none", "--server", &server];
        let out = self.run("setup", &args, KEY);
        let document = out.json();
        ensure!(document["changed"].to_string().contains("clawdtalk-gate"), "no gate\n{out}");
        Ok(())
    }

    /// A client whose turns are held, on a call with its owner.
    fn client(&self) -> Result<Child> {
        let client = self.sandbox.spawn(&format!("{}/connect", self.programs), ["run"]);
        let connected = |log: &harness::ServiceLog| (log.authenticated() > 0).then_some(());
        let in_time = self.service.try_wait_for(Duration::from_secs(20), connected);
        in_time.with_context(|| format!("`connect run` did not connect:\n{}", client.stderr()))?;
        self.wait_gate()?;
        self.service.send(&event::call_started("call-1", "inbound"));
        Ok(client)
    }

    fn wait_gate(&self) -> Result<()> {
        self.wait_rung("gate")
    }

    fn wait_rung(&self, rung: &str) -> Result<()> {
        let until = Instant::now() + TIMEOUT;
        loop {
            let status = self.run("connect", &["status"], "").json();
            let gateway = &status["gateway"];
            if gateway["rung"] == rung {
                return Ok(());
            }
            ensure!(Instant::now() < until, "the rung is not {rung}: {gateway}");
            // The pause between two looks.
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// Asks on the call, and gives the answer.
    fn ask(&mut self, words: &str) -> Result<String> {
        self.n_requests += 1;
        let id = format!("request-{}", self.n_requests);
        self.service.send(&event::deep_tool_request("call-1", &id, words));
        let is_it = |frame: &Value| frame["request_id"] == id.as_str();
        let result = self.service.try_wait_for(TIMEOUT, |log| {
            log.frames
                .iter()
                .find(|frame| frame.kind() == "deep_tool_result" && is_it(&frame.json))
                .map(|frame| frame.json["text"].as_str().unwrap_or_default().to_owned())
        });
        result.with_context(|| format!("no answer to {words}"))
    }

    fn n_pushes(&self) -> usize {
        self.service.seen_at("POST", APPROVALS).len()
    }

    /// One act: denied, it is not done; approved, it is.
    fn act(&mut self, name: &str, words: &str, call: &str) -> Result<Value> {
        let mut pushed = Vec::new();
        for (owner, wanted) in [
            (SimulatedOwner::Denies(Duration::ZERO), false),
            (SimulatedOwner::Approves(Duration::ZERO), true),
        ] {
            let effect = self.effects.join(format!("{}-{wanted}", pushed.len() + self.n_requests));
            let shown = effect.display().to_string();
            let said = if call == "SPAWN" {
                let task = format!(
                    r#"do it CALL={{"name":"exec","args":{{"command":"touch {shown}"}}}}END"#
                );
                format!("{words} SPAWN={}", STANDARD.encode(task))
            } else {
                format!("{words} CALL={}END", call.replace("EFFECT", &shown))
            };
            let before = self.n_pushes();
            self.service.owner(owner);
            let answer = self.ask(&said)?;
            // What a sub-agent or a background process does comes after the turn.
            let n_wanted = if call == "SPAWN" && wanted { 2 } else { 1 };
            self.wait_pushes(before + n_wanted).with_context(|| format!("{name}: {answer}"))?;
            let done = wait_for(&effect, if wanted { TIMEOUT } else { Duration::from_secs(2) });
            ensure!(done == wanted, "{name}: done is {done}, wanted {wanted}; answer: {answer}");
            pushed.push(self.n_pushes() - before);
        }
        Ok(json!({"act": name, "denied_pushes": pushed[0], "approved_pushes": pushed[1]}))
    }

    fn wait_pushes(&self, n: usize) -> Result<()> {
        let until = Instant::now() + TIMEOUT;
        while self.n_pushes() < n {
            ensure!(Instant::now() < until, "{} pushes, wanted {n}", self.n_pushes());
            let _ = self.service.try_wait_for(Duration::from_millis(200), |_| None::<()>);
        }
        Ok(())
    }

    /// Reads are not asked about.
    fn reads(&mut self) -> Result<Value> {
        for command in READS {
            let call = json!({"name": "exec", "args": {"command": command}});
            let answer = self.ask(&format!("Schau nach CALL={call}END"))?;
            ensure!(!answer.contains("NOT done"), "`{command}` was held: {answer}");
        }
        // What an agent hears of its sub-agent's end may have made it act again meanwhile, and that was asked about.
        let asked = self.service.seen_at("POST", APPROVALS);
        let is_read = |action: &str| READS.iter().any(|read| action.ends_with(read));
        let asked = asked.iter().find(|one| one.body["action"].as_str().is_some_and(is_read));
        ensure!(asked.is_none(), "a read was asked about: {asked:?}");
        Ok(json!({"reads": READS.len(), "held": 0}))
    }

    /// A turn that did not come by telephone is not held.
    fn other_channel(&self) -> Result<Value> {
        let effect = self.effects.join("other-channel");
        let command = format!("touch {}", effect.display());
        let call = json!({"name": "exec", "args": {"command": command}});
        let token = Some(Secret::new(TOKEN));
        let endpoint = GatewayEndpoint::new(&self.gateway.url(), token, "main")?;
        let client = GatewayClient::new(endpoint);
        let outcome = client.run_turn(&TurnKind::Sms, &format!("Do CALL={call}END"), TIMEOUT);
        let done = wait_for(&effect, TIMEOUT);
        ensure!(done, "another channel's turn was held: {outcome:?}");
        let asked = self.service.seen_at("POST", APPROVALS);
        let is_its = |action: &str| action.contains("other-channel");
        let asked = asked.iter().any(|one| one.body["action"].as_str().is_some_and(is_its));
        ensure!(!asked, "another channel's turn was asked about");
        Ok(json!({"other_channel": "done", "held": 0}))
    }

    /// What waits for the owner when the gateway is killed is not done, whatever the owner says then.
    fn killed_while_pending(&mut self) -> Result<Value> {
        let effect = self.effects.join("killed");
        let command = format!("touch {}", effect.display());
        let call = json!({"name": "exec", "args": {"command": command}});
        self.service.owner(SimulatedOwner::Silent);
        let before = self.n_pushes();
        self.n_requests += 1;
        let id = format!("request-{}", self.n_requests);
        self.service.send(&event::deep_tool_request("call-1", &id, &format!("Do CALL={call}END")));
        self.wait_pushes(before + 1)?;
        self.gateway.kill_and_start()?;
        // The client has seen the end of the old process; the new one takes longer to start.
        self.wait_rung("words")?;
        let rows = self.service.rows(harness::ServiceTable::Approvals);
        let approval = rows.last().and_then(|row| row["request_id"].as_str()).unwrap_or_default();
        self.service.decide(approval, "approved");
        self.wait_gate()?;
        ensure!(!wait_for(&effect, Duration::from_secs(10)), "it was done after the kill");
        // The gate holds as before.
        self.service.owner(SimulatedOwner::Approves(Duration::ZERO));
        let again = self.effects.join("after-kill");
        let call =
            json!({"name": "exec", "args": {"command": format!("touch {}", again.display())}});
        let answer = self.ask(&format!("Do CALL={call}END"))?;
        ensure!(wait_for(&again, TIMEOUT), "nothing is done after a restart: {answer}");
        Ok(json!({"killed_while_pending": "not done"}))
    }

    /// Everything of the gateway's is to the byte as it was.
    fn uninstalls(&self, before: &[OwnFile]) -> Result<Value> {
        let out = self.run("uninstall", &["--keep-config"], "");
        ensure!(out.code() == 0, "uninstall failed\n{out}");
        let after = self.gateway.own_files()?;
        ensure!(after == before, "the gateway's files are not as they were: {after:?}");
        let left = self.gateway.home().join(".openclaw/clawdtalk-gate");
        ensure!(!left.exists(), "the gate's folder is left");
        let device = self.sandbox.path("skill/.connect.device.json");
        ensure!(!device.exists(), "the device's key is left");
        Ok(json!({"uninstall": "as before"}))
    }
}

/// Whether a file appears in time.
fn wait_for(path: &Path, limit: Duration) -> bool {
    let until = Instant::now() + limit;
    while !path.exists() {
        if Instant::now() >= until {
            return false;
        }
        // The pause between two looks; the deadline is what decides.
        std::thread::sleep(Duration::from_millis(50));
    }
    true
}
