//! Asks `connect status` over and over: "connected" is never claimed later than 45 s after the last answered ping.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::ServiceLog;

use super::stage::{Stage, claims};

/// From one question to the next.
const LOOK: Duration = Duration::from_millis(300);

/// Spec 3.
pub(super) const BELIEVED: Duration = Duration::from_secs(45);

/// Asks until `over`, and gives every claim that was not true.
pub(super) fn lies(stage: &Stage, over: &AtomicBool) -> Vec<String> {
    let mut lies = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let status = stage.status();
        let proof = stage.service.try_wait_for(Duration::ZERO, last_proof);
        let is_fresh =
            proof.is_some_and(|proof| asked.saturating_duration_since(proof) <= BELIEVED);
        if claims(&status) && !is_fresh {
            lies.push(format!(
                "lied: connected, with the last proof {:?} ago",
                proof.map(|at| at.elapsed())
            ));
        }
        thread::sleep(LOOK);
    }
    lies
}

/// When the service last welcomed a client or answered its ping.
fn last_proof(log: &ServiceLog) -> Option<Instant> {
    let recent =
        log.connections.iter().rev().filter(|connection| connection.authenticated).take(20);
    recent.flat_map(|connection| [Some(connection.at), connection.ponged]).flatten().max()
}
