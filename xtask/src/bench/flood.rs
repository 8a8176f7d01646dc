//! What a flood of texts costs: 400 of one number at once, then 3,000 of as many numbers within 15 seconds, while the owner
//! goes on asking.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use harness::{AgentReply, Sandbox, ServiceLog, SimulatedGateway, SimulatedService, event};
use serde_json::{Value, json};
use state::out;

use super::figures::{Times, millis, table};
use super::process::memory;

const TEXTS_OF_ONE: usize = 400;
const TEXTS: usize = 3_000;
const LASTS: Duration = Duration::from_secs(15);

/// So many texts lie between two requests of the owner's.
const BETWEEN_REQUESTS: usize = 200;

/// How long a turn about a text takes; the owner's takes no time, so that only the client's part is left.
const TURN_TIME: Duration = Duration::from_millis(500);

/// The longest wait for anything.
const LIMIT: Duration = Duration::from_secs(60);

/// Measures one flood.
pub(super) fn measure(programs: &Path) -> Result<Value> {
    out::progress("connect, 3,400 texts within 15 s");
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    gateway.reply_with(|turn| {
        thread::sleep(if is_of_text(&turn.message) { TURN_TIME } else { Duration::ZERO });
        AgentReply::from("You have two meetings.")
    });
    let client =
        sandbox.spawn(&programs.join("connect").display().to_string(), ["run", "--detached"]);
    let connected = |log: &ServiceLog| (log.authenticated() > 0).then_some(());
    service.try_wait_for(LIMIT, connected).context("`connect run` did not authenticate")?;
    let resident = || memory(client.pid(), "VmRSS");
    let before = resident();
    service.send(&event::call_started("own", "inbound"));
    let began = Instant::now();
    service.flood(TEXTS_OF_ONE, |n| {
        event::sms_received("+15551112222", &format!("hi {n}"), &format!("one{n}"))
    });
    for n in 0..TEXTS {
        let due =
            began + LASTS.mul_f64(f64::from(u32::try_from(n)?) / f64::from(u32::try_from(TEXTS)?));
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let from = format!("+1555{:07}", 3_000_000 + n);
        service.send(&event::sms_received(&from, "hi", &format!("many{n}")));
        if n % BETWEEN_REQUESTS == 0 {
            let question = format!("What is on my calendar, number {n}?");
            service.send(&event::deep_tool_request("own", &format!("o{n}"), &question));
        }
    }
    let n_requests = TEXTS.div_ceil(BETWEEN_REQUESTS);
    let results = service.try_wait_for(LIMIT, |log| {
        let results = log.frames.iter().filter(|frame| frame.json["type"] == "deep_tool_result");
        let results: Vec<_> = results.cloned().collect();
        (results.len() == n_requests).then_some(results)
    });
    let results = results.context("the owner was not answered")?;
    let after = resident();
    let (of_texts, of_owner): (Vec<_>, Vec<_>) =
        gateway.turns().into_iter().partition(|turn| is_of_text(&turn.message));
    // From the gateway's answer to the frame.
    let waits = results.iter().filter_map(|frame| {
        let number = frame.json["request_id"].as_str()?.trim_start_matches('o');
        let question = format!("number {number}?");
        let turn = of_owner.iter().find(|turn| turn.message.contains(&question))?;
        Some(frame.at.saturating_duration_since(turn.ended?))
    });
    let waits = Times::new(waits.collect());
    let peak = memory(client.pid(), "VmHWM");
    let rows = [
        ("texts", (TEXTS_OF_ONE + TEXTS).to_string()),
        ("turns of texts", of_texts.len().to_string()),
        ("the owner's requests", n_requests.to_string()),
        (
            "the longest wait of theirs after the gateway's answer, ms",
            millis(waits.at(1.0)).to_string(),
        ),
        ("resident before, after, at most, KiB", format!("{before}, {after}, {peak}")),
    ];
    out::progress(&table(&rows.map(|(what, figure)| vec![what.to_owned(), figure])));
    Ok(json!({
        "texts": TEXTS_OF_ONE + TEXTS, "turns_of_texts": of_texts.len(), "owner": waits.json(),
        "resident_kib": {"before": before, "after": after, "peak": peak},
    }))
}

/// Whether a turn's message quotes a text.
fn is_of_text(message: &str) -> bool {
    message.contains("\n| ")
}
