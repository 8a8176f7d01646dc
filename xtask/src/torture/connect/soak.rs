//! A long time with five callers, drops every 5 to 20 s and a gateway that is slow and fails: nothing grows, nothing is
//! lost, nothing is done twice.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::Rng;
use serde_json::{Value, json};
use state::out;

use super::audit::{self, RequestAudit};
use super::client_runs::ClientRuns;
use super::disturbances::{DisturbanceCount, Disturbances};
use super::evidence::Evidence;
use super::requests::SentRequests;
use super::stage::{ClientStage, LIFETIME, PERIODS};
use super::status_watch;
use crate::bench::process::{entries, memory};
use crate::torture::plan::TorturePlan;

const DISTURBANCES: Disturbances =
    Disturbances { pause: (Duration::from_secs(5), Duration::from_secs(20)), refuses: false };

/// Calls at once, and the longest pause of a caller in milliseconds.
const CALLERS: u64 = 5;
const PAUSE: u64 = 1_500;

/// Between two samples.
const INTERVAL: Duration = Duration::from_secs(2);

/// At first buffers grow and the first replies are stored: that is no leak.
const WARM_UP: Duration = Duration::from_secs(20);

/// A text whose turn outlasted its wait gets its reply late: within that time, and while the reply is still wanted.
pub(super) const FAREWELL: Duration =
    Duration::from_secs(600 / PERIODS as u64).saturating_add(LIFETIME);

/// What the client took at one moment.
#[derive(Clone, Copy)]
struct Sample {
    resident_kib: u64,
    threads: u64,
    descriptors: u64,
}

/// Soaks the client for as long as planned.
pub(in crate::torture) fn torture(programs: &Path, plan: TorturePlan) -> Value {
    let (stage, requests) = (ClientStage::new(programs, plan.seed, false), SentRequests::default());
    let (mut runs, count, over) =
        (ClientRuns::default(), DisturbanceCount::default(), AtomicBool::new(false));
    let rng = |n| Rng::new(plan.seed.wrapping_mul(16).wrapping_add(n));
    let client = stage.spawn(runs.skew.reset());
    let (samples, claims) = thread::scope(|scope| {
        let status_watch = scope.spawn(|| status_watch::false_claims(&stage, &over));
        scope.spawn(|| DISTURBANCES.cause(&stage, rng(1), &over, &count));
        for caller in 0..CALLERS {
            let (stage, requests, over) = (&stage, &requests, &over);
            scope.spawn(move || call(stage, requests, rng(2 + caller), over));
        }
        let samples = sampled(client.pid(), plan.limit, &requests);
        over.store(true, Ordering::Relaxed);
        let broken = |_| vec!["false claim: the watch of the status broke off".to_owned()];
        (samples, status_watch.join().unwrap_or_else(broken))
    });
    let sent = requests.all();
    let is_done = |evidence: &Evidence| audit::count_open(&sent, evidence, &stage) == 0;
    runs.farewell(&stage, client, FAREWELL, is_done);
    let audit = RequestAudit::of(&sent, &runs.evidence, &stage);
    let mut summary = audit.json();
    let mut faults = audit.faults;
    if audit.replied * 3 < audit.requests * 2 {
        faults.push(
            "fewer than two requests in three got a reply, so that little was tested".to_owned(),
        );
    }
    let third = samples.len() / 3;
    let (first, last) = (&samples[..third], &samples[samples.len() - third..]);
    let mut compared = |name: &str, pick: fn(&Sample) -> u64, slack: fn(u64) -> u64| {
        let (before, after) = (middle(first, pick), middle(last, pick));
        let most = samples.iter().map(pick).max();
        summary[name] = json!({"first_third": before, "last_third": after, "most": most});
        if after > before + slack(before) {
            faults.push(format!("grew: {name} from {before} to {after}"));
        }
    };
    compared("resident_kib", |sample| sample.resident_kib, |before| before / 10);
    compared("threads", |sample| sample.threads, |_| 1);
    compared("descriptors", |sample| sample.descriptors, |_| 1);
    summary["seconds"] = plan.limit.as_secs().into();
    summary["drops"] = count.drops.load(Ordering::Relaxed).into();
    summary["stuck"] = runs.stuck.len().into();
    summary["false_claims"] = claims.len().into();
    summary["unreadable"] = runs.evidence.faults.len().into();
    faults.extend(runs.stuck.into_iter().chain(claims).chain(runs.evidence.faults));
    summary["faults"] = json!(faults);
    summary
}

/// One caller, who sends requests until `over`.
fn call(stage: &ClientStage, requests: &SentRequests, mut rng: Rng, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        requests.send(&stage.service, &mut rng);
        thread::sleep(Duration::from_millis(rng.below(PAUSE)));
    }
}

/// Samples the client until the time is over.
fn sampled(pid: u32, time: Duration, requests: &SentRequests) -> Vec<Sample> {
    let (began, mut samples) = (Instant::now(), Vec::new());
    while began.elapsed() < time {
        thread::sleep(INTERVAL);
        if began.elapsed() < WARM_UP {
            continue;
        }
        samples.push(Sample {
            resident_kib: memory(pid, "VmRSS"),
            threads: entries(pid, "task"),
            descriptors: entries(pid, "fd"),
        });
        if samples.len().is_multiple_of(60) {
            let kib = memory(pid, "VmRSS");
            out::progress(&format!("{} requests, {kib} KiB resident", requests.len()));
        }
    }
    samples
}

fn middle(samples: &[Sample], pick: fn(&Sample) -> u64) -> u64 {
    let mut values: Vec<u64> = samples.iter().map(pick).collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
