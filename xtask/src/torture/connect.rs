//! `connect` under kill -9, in foul weather, during a stream of requests: none runs twice, no ready answer is lost, the
//! lock is never stuck, `status` never claims what is not so, and the journal can always be read.

pub(super) mod crowd;
pub(super) mod disk;
mod evidence;
mod frozen;
mod ledger;
mod lives;
mod requests;
pub(super) mod soak;
mod stage;
mod watch;
mod weather;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::Rng;
use serde_json::{Value, json};
use state::out;

use super::Plan;
use ledger::Ledger;
use lives::Lives;
use requests::Requests;
use stage::{LIFETIME, Stage};
use weather::{Count, Weather};

/// What the service, the gateway and the line do meanwhile.
const WEATHER: Weather =
    Weather { pause: (Duration::from_millis(50), Duration::from_millis(1_500)), refuses: true };

/// The longest pause between two requests, in milliseconds: about thirty a second.
const PAUSE: u64 = 60;

/// Kills as planned, then reckons. `faults` of the summary lists everything that must not be.
pub(super) fn torture(programs: &Path, plan: Plan) -> Value {
    let connect = programs.join("connect").display().to_string();
    // The frozen client needs a minute of its own, beside the kills; a short run has no time for it.
    let frozen =
        (plan.limit >= frozen::TAKES).then(|| thread::spawn(move || frozen::watched(&connect)));
    let (stage, requests) = (Stage::new(programs, plan.seed, true), Requests::default());
    let (mut lives, count, over) = (Lives::default(), Count::default(), AtomicBool::new(false));
    let rng = |n| Rng::new(plan.seed.wrapping_mul(8).wrapping_add(n));
    let began = Instant::now();
    let mut claims = thread::scope(|scope| {
        let watch = scope.spawn(|| watch::lies(&stage, &over));
        scope.spawn(|| WEATHER.blow(&stage, rng(1), &over, &count));
        scope.spawn(|| stream(&stage, &requests, rng(2), &over));
        let mut rng = rng(3);
        while lives.kills < plan.kills && began.elapsed() < plan.limit {
            lives.one(&stage, &mut rng);
            if lives.kills.is_multiple_of(25) {
                out::progress(&format!("{} kills, {} requests", lives.kills, requests.len()));
            }
        }
        over.store(true, Ordering::Relaxed);
        watch
            .join()
            .unwrap_or_else(|_| vec!["lied: whoever asked for the status broke off".to_owned()])
    });
    let took = began.elapsed();
    let asked = requests.all();
    // Turns of the killed clients may still end, and what they leave is told by the next client.
    lives.last(&stage, LIFETIME, |evidence| ledger::open(&asked, evidence, &stage) == 0);
    let ledger = Ledger::of(&asked, &lives.evidence, &stage);
    let mut summary = ledger.json();
    let mut faults = ledger.faults;
    claims.append(&mut lives.lies);
    let (frozen, fault) = frozen.map_or((Value::Null, None), |frozen| {
        frozen.join().unwrap_or_else(|_| {
            (Value::Null, Some("lied: the frozen client's watcher broke off".to_owned()))
        })
    });
    claims.extend(fault);
    summary["kills"] = lives.kills.into();
    summary["jumps"] = lives.skew.jumps().into();
    summary["drops"] = count.drops.load(Ordering::Relaxed).into();
    summary["refusals"] = count.refusals.load(Ordering::Relaxed).into();
    summary["seconds"] = took.as_secs().into();
    summary["stuck"] = lives.stuck.len().into();
    summary["lied"] = claims.len().into();
    summary["unreadable"] = lives.evidence.faults.len().into();
    summary["frozen"] = frozen;
    faults.append(&mut lives.stuck);
    faults.append(&mut claims);
    faults.append(&mut lives.evidence.faults);
    summary["faults"] = json!(faults);
    summary
}

/// Asks until `over`.
fn stream(stage: &Stage, requests: &Requests, mut rng: Rng, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        // Now and then several callers speak at once.
        for _ in 0..if rng.chance(5) { 8 } else { 1 } {
            requests.ask(&stage.service, &mut rng);
        }
        thread::sleep(Duration::from_millis(rng.below(PAUSE)));
    }
}
