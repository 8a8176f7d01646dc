//! A client that is frozen (SIGSTOP) still holds its lock, and its status file still has "connected": `status` must notice.

use std::thread;
use std::time::{Duration, Instant};

use harness::{Sandbox, ServiceLog, Signal, SimulatedGateway, SimulatedService};
use serde_json::{Value, json};

use super::stage::claims;
use super::status_watch::MAX_SILENCE;

/// How long this takes.
pub(super) const TAKES: Duration = Duration::from_secs(90);

/// Freezes a client after a pong and asks `status` until it has stopped claiming. What was seen, and the fault.
pub(super) fn watched(connect: &str) -> (Value, Option<String>) {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_service(&service);
    sandbox.adjust(&json!({"gateway_url": gateway.url(), "gateway_token": gateway.token()}));
    let mut client = sandbox.spawn(connect, ["run"]);
    let ponged =
        |log: &ServiceLog| log.connections.iter().any(|one| one.pings > 0).then(Instant::now);
    let Some(pong) = service.try_wait_for(Duration::from_secs(40), ponged) else {
        return (
            Value::Null,
            Some(format!("the client to be frozen sent no ping: {}", client.stderr())),
        );
    };
    // The pong has to be read and noted before the client stops.
    thread::sleep(Duration::from_secs(1));
    client.signal(Signal::STOP);
    let mut last_claim = Duration::ZERO;
    while pong.elapsed() < MAX_SILENCE + Duration::from_secs(3) {
        let began = pong.elapsed();
        let status = sandbox.run(connect, ["status"]);
        if claims(&status) {
            last_claim = began;
        }
        thread::sleep(Duration::from_millis(250));
    }
    client.signal(Signal::CONT);
    let figures = json!({"last_claim_seconds_after_the_last_pong": last_claim.as_secs()});
    let fault = (last_claim > MAX_SILENCE)
        .then(|| format!("`status` reports connected {last_claim:?} after the last pong"));
    (figures, fault)
}
