//! Start-up and one-request cost of each program, beside `curl` and a shell with `curl` and `jq`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use harness::{KEY, Sandbox, ServiceTable, SimulatedService, large_mission};
use serde_json::{Value, json};
use state::out;

use super::figures::{Times, millis, table};
use super::process;

/// A command line that is measured.
pub(super) struct MeasuredLine {
    /// Its name in the table.
    pub(super) what: &'static str,
    pub(super) program: String,
    pub(super) args: Vec<String>,
}

/// Measures every line `runs` times. Fails if one of them does not end with 0: a refusal would be cheap.
pub(super) fn measure(programs: &Path, runs: usize) -> Result<Value> {
    let service = SimulatedService::start();
    let body = json!({"call_id": "call-1", "status": "completed", "direction": "outbound"});
    service.seed(ServiceTable::Calls, "call-1", "", body.clone());
    service.seed(ServiceTable::Approvals, "approval-1", "", approved());
    let sandbox = Sandbox::for_service(&service);
    let mut rows = vec![heading()];
    let mut figures = Vec::new();
    for line in lines(programs, &service) {
        let figure = one(&sandbox, &line, runs)?;
        rows.push(row(&line, &figure));
        figures.push(figure);
    }
    // The peak is read while the answer is held back, in the thread that is about to send it.
    let peak = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&peak);
    service.on_with("GET", "/v1/calls/:id", move |_| {
        seen.store(process::peak_of_descendants(), Ordering::Relaxed);
        (200, body.clone())
    });
    let asking = lines(programs, &service)
        .into_iter()
        .filter(|line| line.args.iter().any(|arg| arg.contains("call-1")));
    let mut peaks = Vec::new();
    for line in asking {
        one(&sandbox, &line, 1)?;
        let kib = peak.load(Ordering::Relaxed);
        rows.push(vec![format!("{}: peak memory", line.what), format!("{kib} KiB")]);
        peaks.push(json!({"what": line.what, "peak_kib": kib}));
    }
    let tick = a_tick(programs, runs.min(20))?;
    rows.push(row_of("missions tick: 1,000 calls under way", &tick));
    rows.push(vec!["  its peak memory".to_owned(), format!("{} KiB", tick["peak_kib"])]);
    out::progress(&table(&rows));
    Ok(json!({"runs": runs, "lines": figures, "peaks": peaks, "tick": tick}))
}

fn approved() -> Value {
    json!({"request_id": "approval-1", "action": "a", "status": "approved", "require_biometric": false})
}

fn lines(programs: &Path, service: &SimulatedService) -> Vec<MeasuredLine> {
    let raw = |what, program: &str, args: &[&str]| MeasuredLine {
        what,
        program: program.to_owned(),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
    };
    let line = |what, name: &str, args: &[&str]| {
        raw(what, &programs.join(name).display().to_string(), args)
    };
    let start =
        |what: &'static str| line(what, what.split(',').next().unwrap_or_default(), &["--version"]);
    let url = format!("{}/v1/calls/call-1", service.url());
    let key = format!("Authorization: Bearer {KEY}");
    let piped = format!("curl -sS -H '{key}' '{url}' | jq -r .status");
    vec![
        raw("true: the least a process costs", "/bin/true", &[]),
        start("connect, start only"),
        start("call, start only"),
        start("sms, start only"),
        start("approval, start only"),
        start("missions, start only"),
        start("setup, start only"),
        start("uninstall, start only"),
        start("status, start only"),
        line(
            "sms send --dry-run: no request",
            "sms",
            &["send", "+15551234567", "hello", "--dry-run"],
        ),
        line("call status: one request", "call", &["status", "call-1"]),
        line("sms list: one request", "sms", &["list"]),
        line("approval status: one request", "approval", &["status", "approval-1"]),
        raw("curl: the same request", "/usr/bin/curl", &["-sS", "-H", &key, &url]),
        raw("sh -c 'curl | jq'", "/bin/sh", &["-c", &piped]),
    ]
}

/// Runs a line many times in a row, after one run that warms the caches.
pub(super) fn one(sandbox: &Sandbox, line: &MeasuredLine, runs: usize) -> Result<Value> {
    let run = || {
        let output = sandbox.run(&line.program, &line.args);
        ensure!(output.code() == 0, "this line is measured, and fails\n{output}");
        Ok(output.took())
    };
    run()?;
    let (before, began) = (process::of_children(), Instant::now());
    let walls = (0..runs).map(|_| run()).collect::<Result<Vec<Duration>>>()?;
    let processor = process::of_children().saturating_sub(before);
    let n = u32::try_from(runs.max(1)).unwrap_or(u32::MAX);
    Ok(json!({
        "what": line.what, "processor_ms": millis(processor / n), "wall": Times::new(walls).json(),
        "took_ms": millis(began.elapsed()),
    }))
}

fn heading() -> Vec<String> {
    ["", "processor ms", "wall p50 ms", "wall p99 ms"].map(str::to_owned).to_vec()
}

fn row(line: &MeasuredLine, figure: &Value) -> Vec<String> {
    row_of(line.what, figure)
}

/// A pass over a thousand scheduled calls with three assistants, all of them due: three lists, a run, a plan.
fn a_tick(programs: &Path, runs: usize) -> Result<Value> {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let missions = programs.join("missions").display().to_string();
    large_mission::add_calls(&service, &sandbox, &missions, 1_000, 3);
    let peak = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&peak);
    service.on_with("GET", "/v1/missions/:m/runs/:r", move |_| {
        // The lists have been read by then.
        seen.fetch_max(process::peak_of_descendants(), Ordering::Relaxed);
        (200, json!({"data": {"run_id": "run", "status": "running"}}))
    });
    let (mut processor, mut walls) = (Duration::ZERO, Vec::new());
    for _ in 0..runs {
        // A call that goes on is looked at again after two and a half minutes.
        service.advance(Duration::from_secs(150));
        let before = process::of_children();
        let output = sandbox.run(&missions, ["tick"]);
        processor += process::of_children().saturating_sub(before);
        let n_checked = &output.json()["missions"][0]["looked"];
        ensure!(*n_checked == 1_000, "a tick is measured that checked {n_checked} calls\n{output}");
        walls.push(output.took());
    }
    let n = u32::try_from(runs.max(1)).unwrap_or(u32::MAX);
    Ok(json!({
        "processor_ms": millis(processor / n), "wall": Times::new(walls).json(),
        "peak_kib": peak.load(Ordering::Relaxed),
    }))
}

fn row_of(what: &str, figure: &Value) -> Vec<String> {
    let cell = |value: &Value| format!("{:.2}", value.as_f64().unwrap_or(0.0));
    let wall = &figure["wall"];
    vec![
        what.to_owned(),
        cell(&figure["processor_ms"]),
        cell(&wall["p50_ms"]),
        cell(&wall["p99_ms"]),
    ]
}
