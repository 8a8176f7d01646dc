//! A crowd: 200 turns at once at a gateway that replies late, then ten thousand frames a second. The memory stays bounded,
//! every request gets a reply or is refused as too many, and the client stays connected.

use std::thread;
use std::time::{Duration, Instant};

use harness::{AgentReply, Rng, event};
use serde_json::json;

use super::audit;
use super::lives::Lives;
use super::requests::{SentRequests, expected_reply, number};
use super::stage::{ClientStage, claims};
use crate::bench::process::memory;
use crate::torture::part::Plan;
use crate::torture::tally::Tally;

/// Requests that come at once, how long the gateway takes for them, and how many of them the client runs at once.
const TURNS: usize = 200;
const TURN_TIME: Duration = Duration::from_secs(6);
const MAX_TURNS: u64 = 64;

/// How long the flood lasts, and its frames a millisecond.
const FLOOD: Duration = Duration::from_secs(10);
const FRAMES: u128 = 10;

/// In KiB, beyond what a client took before: as much as it may take in all with 256 turns in flight.
const MAX_GROWTH_KIB: u64 = 24 << 10;

/// Both.
pub(super) fn torture(plan: Plan) -> Tally {
    let (stage, requests) =
        (ClientStage::new(plan.programs, plan.seed, false), SentRequests::default());
    let (mut lives, mut rng) = (Lives::default(), Rng::new(plan.seed));
    let reply = |text: &str| AgentReply::Text(expected_reply(number(text).unwrap_or_default()));
    stage.gateway.reply_with(move |turn| reply(&turn.message)).hold();
    stage.gateway.patience(Duration::from_secs(600));
    let client = lives.start(&stage);
    let before = memory(client.pid(), "VmRSS");
    for _ in 0..TURNS {
        requests.send(&stage.service, &mut rng);
    }
    thread::sleep(TURN_TIME);
    stage.gateway.release();
    let (began, mut n) = (Instant::now(), 0);
    while began.elapsed() < FLOOD {
        // What the machine was late with is made up for.
        while n < began.elapsed().as_millis() * FRAMES {
            flood(&stage, n);
            n += 1;
        }
        thread::sleep(Duration::from_millis(10));
    }
    lives.tally.add_up("frames", u64::try_from(n).unwrap_or(u64::MAX));
    if !claims(&stage.status()) || stage.service.log().authenticated() != 1 {
        lives.tally.fault("the client did not stay connected in the flood".to_owned());
    }
    let peak = memory(client.pid(), "VmHWM");
    lives.tally.add_up("resident_kib_before", before);
    lives.tally.add_up("resident_kib_most", peak);
    if peak > before + MAX_GROWTH_KIB {
        lives.tally.fault(format!("grew from {before} to {peak} KiB"));
    }
    // One that comes after everything else.
    requests.send(&stage.service, &mut rng);
    lives.farewell(&stage, client, &requests);
    let mut tally = audit::audit(&requests.all(), &stage, lives);
    if tally.get("replied") < MAX_TURNS {
        tally.fault(format!("only {} of {TURNS} got their reply", tally.get("replied")));
    }
    tally
}

/// One frame of the flood: an unknown event, a request for the hundredth time, a new one, or no JSON at all.
fn flood(stage: &ClientStage, n: u128) {
    let request = |n: u128| {
        let id = format!("flood-{n}");
        stage.service.send(&event::deep_tool_request("c0", &id, "What is on my calendar today?"));
    };
    match n % 10 {
        0..4 => _ = stage.service.send(&json!({"type": "event", "event": "weather.changed"})),
        4..7 => request(0),
        7..9 => request(n),
        _ => _ = stage.service.send_raw("{\"type\":\"event\",\"event\":"),
    }
}
