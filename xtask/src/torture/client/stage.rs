//! Where the client is tortured: the simulated service, the stub gateway with its random replies, and one skill folder.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use harness::{
    AgentReply, Child, Output, RecordedTurn, Rng, Sandbox, SimulatedGateway, SimulatedService,
    SimulatedSleep,
};
use serde_json::json;

use super::requests::{expected_reply, number};
use crate::torture::stage::sleep_in;

/// The client's periods are divided by this: a ping each 6 s, 2 s for its pong, 24 s for a ready reply.
pub(super) const PERIODS: u32 = 5;

/// How long a ready reply is worth delivering, with [`PERIODS`].
pub(super) const LIFETIME: Duration = Duration::from_secs(120 / PERIODS as u64);

/// A gateway that waits no longer than this responds `accepted`, and the reply comes late.
const GATEWAY_PATIENCE: Duration = Duration::from_secs(1);

/// What happens in a run. Threads share it.
pub(super) struct ClientStage {
    pub(super) connect: String,
    pub(super) service: SimulatedService,
    pub(super) gateway: SimulatedGateway,
    pub(super) sandbox: Sandbox,
    /// `None` where the machine cannot sleep.
    sleep: Option<SimulatedSleep>,
    /// When the machine slept, and for how long in all.
    sleeps: Mutex<(Vec<Instant>, Duration)>,
}

impl ClientStage {
    /// A fresh one; the seed decides how the gateway takes each request. A client that is `mortal` may sleep, and to one
    /// request in a hundred the gateway never replies.
    pub(super) fn new(programs: &Path, seed: u64, mortal: bool) -> Self {
        let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
        service.clock().periods(PERIODS);
        gateway.patience(GATEWAY_PATIENCE).reply_with(move |turn| reply(turn, seed, mortal));
        let mut sandbox = Sandbox::for_both(&service, &gateway);
        let connect = programs.join("connect").display().to_string();
        let sleep = if mortal { sleep_in(&sandbox) } else { None };
        for (name, value) in sleep.iter().flat_map(SimulatedSleep::env) {
            sandbox.env(name, &value);
        }
        Self { connect, service, gateway, sandbox, sleep, sleeps: Mutex::default() }
    }

    /// Starts the client on a machine whose clock is wrong by this much (`-1h`).
    pub(super) fn spawn(&self, clock: &str) -> Child {
        self.sandbox.prepare(&self.connect, ["run"]).skewed(clock).spawn()
    }

    /// Runs `connect status`.
    pub(super) fn status(&self) -> Output {
        self.sandbox.run(&self.connect, ["status"])
    }

    /// The machine sleeps. False where it cannot.
    pub(super) fn sleep(&self, time: Duration) -> bool {
        let Some(sleep) = &self.sleep else { return false };
        let mut sleeps = self.sleeps.lock().unwrap_or_else(PoisonError::into_inner);
        sleeps.0.push(Instant::now());
        sleeps.1 += time;
        sleep.sleep(sleeps.1);
        true
    }

    /// Whether the machine has slept since then.
    pub(super) fn slept_since(&self, then: Instant) -> bool {
        let sleeps = self.sleeps.lock().unwrap_or_else(PoisonError::into_inner);
        sleeps.0.iter().any(|at| *at >= then)
    }
}

/// Whether a status claims that the client is connected.
pub(super) fn claims(status: &Output) -> bool {
    status.code() == 0 || status.out().contains(r#""state":"connected""#)
}

/// How the gateway replies to a request: to most at once, some slowly or badly, and a few not at all.
fn reply(turn: &RecordedTurn, seed: u64, hangs: bool) -> AgentReply {
    let number = number(&turn.message).unwrap_or_default();
    let mut rng = Rng::new(seed ^ (number as u64).wrapping_mul(0x9e37_79b9));
    let (least, spread) = rng.pick(&[(60, (0, 50)), (33, (0, 500)), (7, (500, 2_500))]);
    thread::sleep(Duration::from_millis(least + rng.below(spread)));
    match rng.below(100) {
        0..86 => AgentReply::Text(expected_reply(number)),
        86..88 => AgentReply::Nothing,
        88..91 => AgentReply::Failure("the model is overloaded".to_owned()),
        91..94 => AgentReply::Cut,
        94..96 => AgentReply::Plain(500, "Internal Server Error".to_owned()),
        96..98 => AgentReply::Json(
            502,
            json!({"ok": false, "error": {"type": "tool_error", "message": "tool execution failed"}}),
        ),
        98 => AgentReply::Details(json!({"odd": true})),
        _ if hangs => AgentReply::Hang,
        _ => AgentReply::Nothing,
    }
}
