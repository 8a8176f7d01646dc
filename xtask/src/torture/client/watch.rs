//! Runs `connect status` over and over: it never reports "connected" later than 45 s after the last pong, not even for a
//! client that is stopped, still holds its lock, and whose status file still has "connected".

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::{Sandbox, ServiceLog, Signal, SimulatedGateway, SimulatedService};

use super::stage::{ClientStage, claims};
use crate::torture::tally::Tally;

/// Between two runs of `status`.
const INTERVAL: Duration = Duration::from_millis(300);

/// How long after a pong `status` may still report the client as connected.
const MAX_SILENCE: Duration = Duration::from_secs(45);

/// How long the freezing of a client takes.
pub(super) const FREEZE_TAKES: Duration = Duration::from_secs(90);

/// Runs `status` until `over`, and notes every claim that is not true.
pub(super) fn false_claims(stage: &ClientStage, over: &AtomicBool) -> Tally {
    let mut tally = Tally::default();
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let status = stage.status();
        let proof = stage.service.try_wait_for(Duration::ZERO, last_proof);
        let is_fresh =
            proof.is_some_and(|proof| began.saturating_duration_since(proof) <= MAX_SILENCE);
        if claims(&status) && !is_fresh {
            let ago = proof.map(|at| at.elapsed());
            tally.fault(format!("false claim: connected, with the last proof {ago:?} ago"));
        }
        thread::sleep(INTERVAL);
    }
    tally
}

/// When the service last accepted a client or sent it a pong.
fn last_proof(log: &ServiceLog) -> Option<Instant> {
    let recent =
        log.connections.iter().rev().filter(|connection| connection.authenticated).take(20);
    recent.flat_map(|connection| [Some(connection.at), connection.ponged]).flatten().max()
}

/// Freezes a client after a pong and runs `status` until it has stopped claiming.
pub(super) fn frozen(connect: &str) -> Tally {
    let mut tally = Tally::default();
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    let mut client = sandbox.spawn(connect, ["run"]);
    let ponged =
        |log: &ServiceLog| log.connections.iter().any(|one| one.pings > 0).then(Instant::now);
    let Some(pong) = service.try_wait_for(Duration::from_secs(40), ponged) else {
        tally.fault(format!("the client to be frozen sent no ping: {}", client.stderr()));
        return tally;
    };
    // The pong has to be read and noted before the client stops.
    thread::sleep(Duration::from_secs(1));
    client.signal(Signal::STOP);
    let mut last_claim = Duration::ZERO;
    while pong.elapsed() < MAX_SILENCE + Duration::from_secs(3) {
        let began = pong.elapsed();
        if claims(&sandbox.run(connect, ["status"])) {
            last_claim = began;
        }
        thread::sleep(INTERVAL);
    }
    client.signal(Signal::CONT);
    tally.add_up("frozen_last_claim_seconds", last_claim.as_secs());
    if last_claim > MAX_SILENCE {
        tally.fault(format!("false claim: connected {last_claim:?} after the last pong"));
    }
    tally
}
