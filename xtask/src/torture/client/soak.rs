//! A long life: nothing grows.

use std::thread;
use std::time::{Duration, Instant};

use state::out;

use super::lives::Lives;
use super::stage::ClientStage;
use crate::bench::process::{entries, memory};

/// Between two samples.
const INTERVAL: Duration = Duration::from_secs(2);

/// At first buffers grow and the first replies are stored: that is no leak.
const WARM_UP: Duration = Duration::from_secs(20);

/// In KiB: what a client may take in all with 256 turns in flight.
const MOST_KIB: u64 = 32 << 10;

/// What is sampled: its names in the summary for the first and the last third, how it is read, and by which share it may
/// grow; at least by one.
type Sampled = (&'static str, &'static str, fn(u32) -> u64, u64);
const SAMPLED: [Sampled; 3] = [
    ("resident_kib_first", "resident_kib_last", |pid| memory(pid, "VmRSS"), 10),
    ("threads_first", "threads_last", |pid| entries(pid, "task"), u64::MAX),
    ("descriptors_first", "descriptors_last", |pid| entries(pid, "fd"), u64::MAX),
];

/// Samples a client until the time is over; then it is asked to end, and the next one delivers what is open.
pub(super) fn live(stage: &ClientStage, lives: &mut Lives, limit: Duration) {
    let client = lives.start(stage);
    let (began, mut samples) = (Instant::now(), Vec::new());
    while began.elapsed() < limit {
        thread::sleep(INTERVAL);
        if began.elapsed() >= WARM_UP {
            samples.push(SAMPLED.map(|(_, _, read, _)| read(client.pid())));
        }
        if samples.len().is_multiple_of(60) {
            let left = limit.saturating_sub(began.elapsed());
            out::progress(&format!(
                "{} KiB resident, {left:.0?} left",
                memory(client.pid(), "VmRSS")
            ));
        }
    }
    let third = samples.len() / 3;
    for (n, (first, last, _, share)) in SAMPLED.into_iter().enumerate() {
        let middle = |samples: &[[u64; 3]]| {
            let mut values: Vec<u64> = samples.iter().map(|sample| sample[n]).collect();
            values.sort_unstable();
            values.get(values.len() / 2).copied().unwrap_or_default()
        };
        let (before, after) =
            (middle(&samples[..third]), middle(&samples[samples.len() - third..]));
        lives.tally.add_up(first, before);
        lives.tally.add_up(last, after);
        if after > before + (before / share).max(1) {
            lives.tally.fault(format!("grew: {last} from {before} to {after}"));
        }
    }
    let most = memory(client.pid(), "VmHWM");
    lives.tally.add_up("resident_kib_most", most);
    if most > MOST_KIB {
        lives.tally.fault(format!("it took {most} KiB"));
    }
    let ended = client.stop(harness::Signal::TERM, Duration::from_secs(15));
    lives.evidence.collect(&stage.sandbox, ended.err());
}
