//! Runs `connect status` over and over: it never reports "connected" later than 45 s after the last pong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::ServiceLog;

use super::stage::{ClientStage, claims};

/// Between two runs of `status`.
const INTERVAL: Duration = Duration::from_millis(300);

/// How long after a pong `status` may still report the client as connected.
pub(super) const MAX_SILENCE: Duration = Duration::from_secs(45);

/// Runs `status` until `over`, and gives every claim that was not true.
pub(super) fn false_claims(stage: &ClientStage, over: &AtomicBool) -> Vec<String> {
    let mut false_claims = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let status = stage.status();
        let proof = stage.service.try_wait_for(Duration::ZERO, last_proof);
        let is_fresh =
            proof.is_some_and(|proof| began.saturating_duration_since(proof) <= MAX_SILENCE);
        if claims(&status) && !is_fresh {
            false_claims.push(format!(
                "false claim: connected, with the last proof {:?} ago",
                proof.map(|at| at.elapsed())
            ));
        }
        thread::sleep(INTERVAL);
    }
    false_claims
}

/// When the service last accepted a client or sent it a pong.
fn last_proof(log: &ServiceLog) -> Option<Instant> {
    let recent =
        log.connections.iter().rev().filter(|connection| connection.authenticated).take(20);
    recent.flat_map(|connection| [Some(connection.at), connection.ponged]).flatten().max()
}
