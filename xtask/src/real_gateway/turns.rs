//! Requests to the real gateway over the real WebSocket, by each API that leads to an agent.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use harness::{Sandbox, Signal, SimulatedService, event};
use serde_json::{Value, json};
use state::out;

use super::process::{RealGateway, TOKEN};

/// The first turn after a start costs the gateway 6 to 16 s.
const TIMEOUT: Duration = Duration::from_secs(90);

/// `gateway_api` of the config, and what is asked. The words hold no magic of the stub model and nothing sensitive.
const APIS: [(&str, &str); 3] = [
    ("sessions_send", "What is on my calendar today?"),
    ("chat", "Who wrote to me this morning?"),
    ("auto", "How warm is it outside?"),
];

/// Asks by every API and returns what came back. Fails at the first answer that is not the agent's own.
pub(super) fn run(connect: &str, gateway: &RealGateway) -> Result<Vec<Value>> {
    let mut turns = Vec::new();
    for (api, question) in APIS {
        turns.push(ask(connect, gateway, api, question)?);
    }
    turns.push(simulate(connect, gateway)?);
    Ok(turns)
}

fn sandbox(service: &SimulatedService, gateway: &RealGateway, api: &str) -> Sandbox {
    let sandbox = Sandbox::for_service(service);
    sandbox
        .adjust(&json!({"gateway_url": gateway.url(), "gateway_token": TOKEN, "gateway_api": api}));
    sandbox
}

/// One spoken request: over the socket to `connect`, to the gateway, and back.
fn ask(connect: &str, gateway: &RealGateway, api: &str, question: &str) -> Result<Value> {
    let service = SimulatedService::start();
    let sandbox = sandbox(&service, gateway, api);
    let client = sandbox.spawn(connect, ["run"]);
    let connected = |log: &harness::ServiceLog| (log.authenticated() > 0).then_some(());
    service
        .try_wait_for(Duration::from_secs(20), connected)
        .with_context(|| format!("`connect run` did not authenticate:\n{}", client.stderr()))?;
    let (before, started) = (gateway.model_calls(), Instant::now());
    service.send(&event::context_request("call-1"));
    service.send(&event::call_started("call-1", "inbound"));
    service.send(&event::deep_tool_request("call-1", "request-1", question));
    let result = |log: &harness::ServiceLog| {
        let mut results = log.frames_of("deep_tool_result").into_iter();
        results.find(|frame| frame["request_id"] == "request-1").cloned()
    };
    let detail = service.try_wait_for(TIMEOUT, result);
    let took = started.elapsed();
    let detail = detail
        .with_context(|| format!("no answer by {api} in {TIMEOUT:?}:\n{}", client.stderr()))?;
    let answer = detail["text"].as_str().unwrap_or_default().to_owned();
    check(&answer, question).with_context(|| format!("by {api}"))?;
    let ended = client.stop(Signal::TERM, Duration::from_secs(15));
    ensure!(ended.code() == 0, "`connect run` ended badly after SIGTERM:\n{ended}");
    out::progress(&format!("{api}: {question:?} -> {answer:?} in {took:.1?}"));
    Ok(json!({
        "path": api, "asked": question, "answered": answer,
        "model_calls": gateway.model_calls() - before, "milliseconds": took.as_millis(),
    }))
}

/// The same without the service.
fn simulate(connect: &str, gateway: &RealGateway) -> Result<Value> {
    let question = "what is on my calendar?";
    let service = SimulatedService::start();
    let sandbox = sandbox(&service, gateway, "auto");
    let run = sandbox.prepare(connect, ["simulate", question]).limit(TIMEOUT).run();
    ensure!(run.code() == 0, "`connect simulate` failed:\n{run}");
    check(run.out(), question).context("by `connect simulate`")?;
    ensure!(service.seen().is_empty(), "`connect simulate` spoke to the service");
    out::progress(&format!("simulate: {}", run.out().trim_end()));
    Ok(json!({"path": "simulate", "asked": question, "answered": run.out().trim_end()}))
}

/// The stub model repeats what it was asked, so that only the agent's own answer holds both.
fn check(answer: &str, question: &str) -> Result<()> {
    let wanted = question.trim_end_matches('?');
    let holds = answer.contains("stub reply:") && answer.contains(wanted);
    ensure!(holds, "wanted the agent's `stub reply: … {wanted}`, found {answer:?}");
    Ok(())
}
