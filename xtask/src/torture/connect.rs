//! `connect` under kill -9 and disturbances, during a stream of requests: none runs twice, no ready reply is lost, the
//! lock is never stuck, `status` never claims what is not so, and the journal can always be read.

mod audit;
mod client_runs;
pub(super) mod crowd;
pub(super) mod disk;
mod disturbances;
mod evidence;
mod frozen;
mod requests;
pub(super) mod soak;
mod stage;
mod status_watch;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::Rng;
use serde_json::{Value, json};
use state::out;

use super::plan::TorturePlan;
use audit::RequestAudit;
use client_runs::ClientRuns;
use disturbances::{DisturbanceCount, Disturbances};
use requests::SentRequests;
use stage::{ClientStage, LIFETIME};

/// What the service and the gateway do meanwhile.
const DISTURBANCES: Disturbances = Disturbances {
    pause: (Duration::from_millis(50), Duration::from_millis(1_500)),
    refuses: true,
};

/// The longest pause between two requests, in milliseconds: about thirty a second.
const PAUSE: u64 = 60;

/// Kills as planned, then audits. `faults` of the summary lists everything that must not be.
pub(super) fn torture(programs: &Path, plan: TorturePlan) -> Value {
    let connect = programs.join("connect").display().to_string();
    // The frozen client needs a minute of its own, beside the kills; a short run has no time for it.
    let frozen =
        (plan.limit >= frozen::TAKES).then(|| thread::spawn(move || frozen::watched(&connect)));
    let (stage, requests) = (ClientStage::new(programs, plan.seed, true), SentRequests::default());
    let (mut runs, count, over) =
        (ClientRuns::default(), DisturbanceCount::default(), AtomicBool::new(false));
    let rng = |n| Rng::new(plan.seed.wrapping_mul(8).wrapping_add(n));
    let began = Instant::now();
    let mut claims = thread::scope(|scope| {
        let status_watch = scope.spawn(|| status_watch::false_claims(&stage, &over));
        scope.spawn(|| DISTURBANCES.cause(&stage, rng(1), &over, &count));
        scope.spawn(|| stream(&stage, &requests, rng(2), &over));
        let mut rng = rng(3);
        while runs.kills < plan.kills && began.elapsed() < plan.limit {
            runs.one(&stage, &mut rng);
            if runs.kills.is_multiple_of(25) {
                out::progress(&format!("{} kills, {} requests", runs.kills, requests.len()));
            }
        }
        over.store(true, Ordering::Relaxed);
        status_watch
            .join()
            .unwrap_or_else(|_| vec!["false claim: the watch of the status broke off".to_owned()])
    });
    let took = began.elapsed();
    let sent = requests.all();
    // Turns of the killed clients may still end, and the next client delivers their results.
    runs.last(&stage, LIFETIME, |evidence| audit::count_open(&sent, evidence, &stage) == 0);
    let audit = RequestAudit::of(&sent, &runs.evidence, &stage);
    let mut summary = audit.json();
    let mut faults = audit.faults;
    claims.append(&mut runs.false_claims);
    let (frozen, fault) = frozen.map_or((Value::Null, None), |frozen| {
        frozen.join().unwrap_or_else(|_| {
            (Value::Null, Some("false claim: the watch of the frozen client broke off".to_owned()))
        })
    });
    claims.extend(fault);
    summary["kills"] = runs.kills.into();
    summary["jumps"] = runs.skew.jumps().into();
    summary["drops"] = count.drops.load(Ordering::Relaxed).into();
    summary["refusals"] = count.refusals.load(Ordering::Relaxed).into();
    summary["seconds"] = took.as_secs().into();
    summary["stuck"] = runs.stuck.len().into();
    summary["false_claims"] = claims.len().into();
    summary["unreadable"] = runs.evidence.faults.len().into();
    summary["frozen"] = frozen;
    faults.append(&mut runs.stuck);
    faults.append(&mut claims);
    faults.append(&mut runs.evidence.faults);
    summary["faults"] = json!(faults);
    summary
}

/// Sends requests until `over`.
fn stream(stage: &ClientStage, requests: &SentRequests, mut rng: Rng, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        // Now and then several callers speak at once.
        for _ in 0..if rng.chance(5) { 8 } else { 1 } {
            requests.send(&stage.service, &mut rng);
        }
        thread::sleep(Duration::from_millis(rng.below(PAUSE)));
    }
}
