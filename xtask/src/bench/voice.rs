//! `connect`: its share of a turn beside the floor, its memory, how fast it is back after a drop, and how still it is.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use harness::lean::{Lean, Turn};
use harness::{KEY, Sandbox};
use serde_json::{Value, json};
use state::out;

use super::figures::{Times, millis, table};
use super::process;

const PATIENCE: Duration = Duration::from_secs(60);

/// Measures everything; `idle` is how long the stillness is watched.
pub(super) fn measure(programs: &Path, runs: usize, idle: Duration) -> Result<Value> {
    let connect = programs.join("connect").display().to_string();
    let mut rows = vec![
        ["in flight", "connect p50", "p99", "floor p50", "p99", "ratio p50", "p99"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut shares = Vec::new();
    for in_flight in [1, 32, 256] {
        // Enough turns for a 99th percentile that is not one outlier.
        let total = (runs * 5).max(in_flight * 8);
        let ours = share(&connect, in_flight, total)?;
        let floor = floor(in_flight, total)?;
        rows.push(row(in_flight, &ours, &floor));
        shares.push(json!({"in_flight": in_flight, "connect": ours.json(), "floor": floor.json()}));
    }
    out::progress(&table(&rows));
    let memory = memory(&connect)?;
    out::progress(&format!("resident memory: {memory}"));
    let back = back(&connect, (runs / 5).max(10))?;
    out::progress(&format!("back after a drop: {}", back.json()));
    let still = still(&connect, idle)?;
    out::progress(&format!("idle: {still}"));
    Ok(
        json!({"share_of_a_turn": shares, "memory": memory, "back_after_a_drop": back.json(), "idle": still}),
    )
}

/// A client in its own folder, ended with it.
struct Client {
    sandbox: Sandbox,
    child: harness::Child,
}

impl Client {
    fn start(connect: &str, lean: &Lean) -> Result<Self> {
        let sandbox = Sandbox::new();
        sandbox.config(&json!({
            "api_key": KEY, "server": lean.url(), "gateway_url": lean.gateway_url(),
            "gateway_token": "token", "gateway_api": "sessions_send", "max_turns": 256,
        }));
        let child = sandbox.spawn(connect, ["run"]);
        let client = Self { sandbox, child };
        lean.wait_authenticated(PATIENCE, 1)
            .with_context(|| format!("`connect run` did not come: {}", client.child.stderr()))?;
        Ok(client)
    }
}

fn share(connect: &str, in_flight: usize, total: usize) -> Result<Times> {
    let lean = Lean::start();
    let client = Client::start(connect, &lean)?;
    let times = shares(&lean, in_flight, total);
    times.with_context(|| format!("{in_flight} in flight: {}", client.child.stderr()))
}

fn floor(in_flight: usize, total: usize) -> Result<Times> {
    let lean = Lean::start();
    let program = env::current_exe().context("asking where this program is")?;
    let bare = |url: String| url.trim_start_matches("http://").to_owned();
    let child = Command::new(program)
        .args(["floor", &bare(lean.url()), &bare(lean.gateway_url())])
        .stdin(Stdio::null())
        .spawn()
        .context("starting the floor")?;
    let _floor = Ended(child);
    lean.wait_authenticated(PATIENCE, 1).context("the floor did not come")?;
    shares(&lean, in_flight, total)
}

/// Ends a process of ours when it is dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The client's share of each of `total` turns, after a few that warm it.
fn shares(lean: &Lean, in_flight: usize, total: usize) -> Result<Times> {
    lean.turns(in_flight.max(20), in_flight, PATIENCE)
        .context("the first turns were not answered")?;
    let turns = lean.turns(total, in_flight, PATIENCE).context("not all turns were answered")?;
    Ok(Times::new(turns.iter().filter_map(Turn::share).collect()))
}

fn row(in_flight: usize, ours: &Times, floor: &Times) -> Vec<String> {
    let cell = |time: Duration| format!("{:.2} ms", millis(time));
    let ratio =
        |share| format!("{:.2}", ours.at(share).as_secs_f64() / floor.at(share).as_secs_f64());
    vec![
        in_flight.to_string(),
        cell(ours.at(0.5)),
        cell(ours.at(0.99)),
        cell(floor.at(0.5)),
        cell(floor.at(0.99)),
        ratio(0.5),
        ratio(0.99),
    ]
}

/// Resident memory in KiB: fresh and idle, with 256 turns in flight, and after them.
fn memory(connect: &str) -> Result<Value> {
    let lean = Lean::start();
    let client = Client::start(connect, &lean)?;
    let resident = || process::memory(client.child.pid(), "VmRSS");
    let idle = resident();
    lean.turns(20, 1, PATIENCE).context("the first turns were not answered")?;
    let warm = resident();
    lean.delay(Duration::from_secs(3));
    anyhow::ensure!(lean.flood(256, PATIENCE), "256 turns at once were not heard");
    let busy = resident();
    lean.delay(Duration::ZERO);
    let peak = process::memory(client.child.pid(), "VmHWM");
    Ok(
        json!({"idle_kib": idle, "after_20_turns_kib": warm, "with_256_in_flight_kib": busy, "peak_kib": peak}),
    )
}

/// How long after a cut the client is authenticated again. Each time with a fresh client: a second drop within a
/// minute waits longer, on purpose.
fn back(connect: &str, n: usize) -> Result<Times> {
    let mut times = Vec::new();
    for _ in 0..n {
        let lean = Lean::start();
        let client = Client::start(connect, &lean)?;
        let cut = Instant::now();
        lean.cut();
        let back = lean.wait_authenticated(PATIENCE, 2);
        let back =
            back.with_context(|| format!("it did not come back: {}", client.child.stderr()))?;
        times.push(back - cut);
    }
    Ok(Times::new(times))
}

/// How often it wakes while nothing happens, and what that costs.
fn still(connect: &str, time: Duration) -> Result<Value> {
    let lean = Lean::start();
    let client = Client::start(connect, &lean)?;
    // What the start left to do is not idleness.
    std::thread::sleep(Duration::from_secs(2));
    let pid = client.child.pid();
    let before = (wakes(pid), process::of(pid));
    std::thread::sleep(time);
    let (woken, busy) = (wakes(pid) - before.0, process::of(pid).saturating_sub(before.1));
    let a_minute = f64::from(woken) * 60.0 / time.as_secs_f64();
    drop(client.sandbox);
    Ok(json!({
        "seconds": time.as_secs(), "wake_ups": woken, "wake_ups_a_minute": (a_minute * 10.0).round() / 10.0,
        "processor_ms": millis(busy),
    }))
}

/// How often the threads of a process went to sleep of their own accord, and were woken again.
fn wakes(pid: u32) -> u32 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let count = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse::<u32>().ok()).unwrap_or(0)
    };
    tasks.filter_map(|task| fs::read_to_string(task.path().join("status")).ok()).map(count).sum()
}
