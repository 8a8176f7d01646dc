//! A gateway that moves, restarts, takes its time and speaks TLS: what its owner may do to it while `connect` runs.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use harness::tls::Authority;
use harness::{Child, Sandbox, ServiceLog, Signal, SimulatedService, event};
use serde_json::{Value, json};
use state::out;

use super::model::{ANSWER, THOUGHT, ToolModel, USES_TOOL};
use super::process::{RealGateway, TOKEN, free_ports};

/// A gateway is ready after 10 to 30 s, and its first turn takes as long; on a busy machine ten times that.
const LIMIT: Duration = Duration::from_secs(300);

/// How long the gateway waits for a spoken turn; the model takes longer.
const WAIT: Duration = Duration::from_secs(90);
const THINKS: Duration = Duration::from_secs(100);

const ANN: &str = "+15551112222";

/// The gateway, the model behind it, and what its configuration says now.
struct Scene<'a> {
    connect: &'a str,
    gateway: &'a RealGateway,
    model: ToolModel,
    service: SimulatedService,
    sandbox: Sandbox,
    port: u16,
    speaks_tls: bool,
    n_connected: usize,
}

/// Plays the scenes. The gateway is down before and after.
pub(super) fn run(connect: &str, gateway: &RealGateway) -> Result<Vec<Value>> {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("HOME", &gateway.home().display().to_string());
    let config = gateway.home().join(".openclaw/openclaw.json");
    sandbox.adjust(&json!({"gateway_config": config, "gateway_api": "sessions_send"}));
    let model = ToolModel::start(THINKS)?;
    let [port, other_port] = free_ports()?;
    let (speaks_tls, n_connected) = (false, 0);
    let mut scene =
        Scene { connect, gateway, model, service, sandbox, port, speaks_tls, n_connected };
    let mut told = Vec::new();
    scene.gateway_starts()?;
    let client = scene.client_starts()?;
    scene.ask("first", "What is on my calendar today?")?;
    scene.gateway.down()?;
    let waits = scene.text_waits()?;
    scene.port = other_port;
    scene.gateway_starts()?;
    told.push(scene.text_is_answered_once(&waits)?);
    told.push(scene.has_moved()?);
    told.push(scene.outlasts_its_wait()?);
    client.stop(Signal::TERM, LIMIT);
    told.extend(scene.speaks_tls()?);
    gateway.down()?;
    Ok(told)
}

impl Scene<'_> {
    /// Starts the gateway as it is configured now.
    fn gateway_starts(&self) -> Result<()> {
        out::progress("starting the gateway (10 to 30 s)");
        let config = json!({
            "gateway": {
                "mode": "local", "port": self.port, "bind": "loopback",
                "auth": {"mode": "token", "token": TOKEN}, "tls": {"enabled": self.speaks_tls},
                "tools": {"allow": ["sessions_send", "sessions_history"]},
                "controlUi": {"enabled": false},
            },
            "agents": {"defaults": {
                "model": {"primary": "stub/stub-1"}, "heartbeat": {"every": "0m"},
            }},
            "models": {"mode": "merge", "catalogRefresh": {"enabled": false}, "providers": {"stub": {
                "baseUrl": format!("http://127.0.0.1:{}/v1", self.model.port()),
                "apiKey": "stub-key", "api": "openai-completions",
                "models": [{"id": "stub-1", "name": "Stub", "reasoning": false, "input": ["text"],
                    "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
                    "contextWindow": 120_000, "maxTokens": 4096}],
            }}},
            "cron": {"enabled": false}, "telemetry": {"enabled": false},
            "update": {"checkOnStart": false},
        });
        self.gateway.up_with(&config, self.port)
    }

    fn client_starts(&mut self) -> Result<Child> {
        let client = self.sandbox.spawn(self.connect, ["run"]);
        self.n_connected += 1;
        let n = self.n_connected;
        let connected = |log: &ServiceLog| (log.authenticated() >= n).then_some(());
        let connected = self.service.try_wait_for(LIMIT, connected);
        connected
            .with_context(|| format!("`connect run` did not connect:\n{}", client.stderr()))?;
        self.service.send(&event::call_started("call-1", "inbound"));
        Ok(client)
    }

    /// Asks until the gateway is ready for it. Gives the answer to the last request, which is to be the agent's.
    fn ask(&self, id: &str, question: &str) -> Result<String> {
        let until = Instant::now() + LIMIT;
        for n in 0.. {
            let id = format!("{id}-{n}");
            let answer = self.answer(&id, question)?;
            if answer.contains("stub reply:") {
                return Ok(answer);
            }
            let log = || self.sandbox.read("skill/.connect.log");
            ensure!(Instant::now() < until, "the agent did not answer: {answer:?}\n{}", log());
            thread::sleep(Duration::from_secs(1));
        }
        unreachable!("there is always one more number")
    }

    fn answer(&self, id: &str, question: &str) -> Result<String> {
        self.service.send(&event::deep_tool_request("call-1", id, question));
        let frame = self.wait_frame("deep_tool_result", |frame| frame["request_id"] == id)?;
        Ok(frame["text"].as_str().unwrap_or_default().to_owned())
    }

    fn wait_frame(&self, kind: &str, is_it: impl Fn(&Value) -> bool) -> Result<Value> {
        let found = self.service.try_wait_for(LIMIT + WAIT, |log| {
            log.frames_of(kind).into_iter().find(|frame| is_it(frame)).cloned()
        });
        found.with_context(|| format!("no `{kind}`:\n{}", self.sandbox.read("skill/.connect.log")))
    }

    fn wait_log(&self, part: &str) -> Result<()> {
        let until = Instant::now() + LIMIT;
        while !self.sandbox.read("skill/.connect.log").contains(part) {
            ensure!(Instant::now() < until, "the log of `connect` does not say {part:?}");
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn status(&self) -> Value {
        self.sandbox.run(self.connect, ["status"]).json()
    }

    /// The gateway listens on another port than when the client connected to the service.
    fn has_moved(&self) -> Result<Value> {
        let question = "Who wrote to me this morning?";
        let answer = self.ask("moved", question)?;
        let url = self.status()["gateway"]["url"].clone();
        ensure!(url == format!("http://127.0.0.1:{}", self.port), "status names {url}");
        Ok(json!({"path": "moved to another port", "asked": question, "answered": answer}))
    }

    /// A text comes while the gateway is down. Gives its words.
    fn text_waits(&self) -> Result<String> {
        let words = "When do you open on Sunday?";
        self.service.send(&event::sms_received(ANN, words, "m1"));
        self.wait_log("text:m1: the gateway cannot be reached")?;
        let until = Instant::now() + LIMIT;
        while self.status()["waiting_for_gateway"]["texts"] != 1 {
            ensure!(Instant::now() < until, "status does not say that a text waits");
        }
        Ok(words.to_owned())
    }

    /// The text is answered when the gateway is back, and not again when it comes again.
    fn text_is_answered_once(&self, words: &str) -> Result<Value> {
        self.wait_log("text:m1: reply sent")?;
        self.service.send(&event::sms_received(ANN, words, "m1"));
        self.service.send(&event::sms_received(ANN, "And on Monday?", "m2"));
        self.wait_log("text:m2: reply sent")?;
        let (texted, n_turns) = (self.service.texted(), self.model.n_asked(words));
        ensure!(texted.len() == 2 && n_turns == 1, "{n_turns} turns, and texted was {texted:?}");
        Ok(
            json!({"path": "a text that waited for a restart", "asked": words, "answered": texted[0].1}),
        )
    }

    /// A run with a tool ends after the gateway has given up waiting for it.
    fn outlasts_its_wait(&self) -> Result<Value> {
        let question = format!("Please {USES_TOOL} when the meeting is.");
        out::progress("a run that takes 100 s");
        let first = self.answer("long", &question)?;
        let is_answer = |frame: &Value| frame["text"].as_str() == Some(ANSWER);
        self.wait_frame("response", is_answer)?;
        let log = self.service.log();
        let heard: Vec<&Value> = ["deep_tool_result", "deep_tool_progress", "response"]
            .into_iter()
            .flat_map(|kind| log.frames_of(kind))
            .collect();
        let is_thought =
            |frame: &&&Value| frame["text"].as_str().is_some_and(|text| text.contains("Rome"));
        let thought = heard.iter().find(is_thought);
        ensure!(thought.is_none(), "the caller hears {THOUGHT:?}: {thought:?}");
        ensure!(!first.contains(ANSWER), "it was no late answer");
        Ok(json!({"path": "a run that outlasts its wait", "asked": question, "answered": ANSWER}))
    }

    /// Its own certificate is accepted, another one is not, and the fix that is shown is the right one.
    fn speaks_tls(&mut self) -> Result<Vec<Value>> {
        self.gateway.down()?;
        self.speaks_tls = true;
        self.gateway_starts()?;
        let client = self.client_starts()?;
        let question = "How warm is it outside?";
        let answer = self.ask("tls", question)?;
        let own =
            json!({"path": "TLS, its own certificate", "asked": question, "answered": answer});
        let folder = self.gateway.home().join(".openclaw/gateway/tls");
        let other = Authority::new().issue("localhost");
        let replace = |name: &str, pem: &str| -> Result<()> {
            let path = folder.join(name);
            ensure!(path.exists(), "the gateway has no `{}`", path.display());
            state::file::replace(&path, pem.as_bytes())
        };
        // Without its key it is of no use to the gateway, which would take up both at once.
        replace("gateway-cert.pem", other.certificate())?;
        let refused = self.answer("refused", "Is it dark outside?")?;
        ensure!(self.model.n_asked("Is it dark") == 0, "it was asked for all that: {refused}");
        let until = Instant::now() + Duration::from_secs(30);
        // It is written within a second.
        let problem = loop {
            let status = self.status();
            let problem = status["gateway"]["problem"].as_str().unwrap_or_default();
            if problem.contains("restart the gateway") && problem.contains("gateway-cert.pem") {
                break problem.to_owned();
            }
            ensure!(Instant::now() < until, "status says of another certificate: {problem:?}");
        };
        replace("gateway-key.pem", other.key())?;
        self.gateway.down()?;
        self.gateway_starts()?;
        let question = "Is it cold outside now?";
        let answer = self.ask("tls2", question)?;
        client.stop(Signal::TERM, LIMIT);
        let changed = json!({"path": "TLS, a changed certificate after the fix", "refused": problem,
            "asked": question, "answered": answer});
        Ok(vec![own, changed])
    }
}
