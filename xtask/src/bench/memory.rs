//! What it costs to store one thing more, with 10, 1,000 and 10,000 things in the state file.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use harness::Sandbox;
use serde_json::{Value, json};
use state::{file, out, paths};

use super::figures::table;
use super::process;
use super::tools::{self, MeasuredLine};

/// Items that are there already.
const SIZES: [usize; 3] = [10, 1_000, 10_000];

/// Runs whose memory is watched: a process that lives for milliseconds may be read too early.
const WATCHED: usize = 20;

/// What is measured of each size.
const LINES: [(&str, &[&str]); 3] = [
    ("append-memory", &["append-memory", "many", "log", r#"{"n":-1,"text":"one more"}"#]),
    ("save-memory", &["save-memory", "many", "last", r#"{"n":-1}"#]),
    ("list-state", &["list-state"]),
];

/// Measures each command line `runs` times at each size, on the disk that holds the temporary folder (see [`bench`](super)).
pub(super) fn measure(programs: &Path, runs: usize) -> Result<Value> {
    let missions = programs.join("missions").display().to_string();
    let heading = ["", "processor ms", "wall p50 ms", "wall p99 ms", "peak KiB"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    let mut figures = Vec::new();
    for n_items in SIZES {
        for (what, args) in LINES {
            let sandbox = Sandbox::new();
            sandbox.config(&json!({"api_key": harness::KEY, "server": "http://127.0.0.1:9"}));
            let state = paths::missions_state(&sandbox.skill());
            file::replace(&state, with_items(n_items)?.as_bytes())?;
            let (program, words) = (missions.clone(), args.iter().map(|arg| (*arg).to_owned()));
            let line = MeasuredLine { what, program, args: words.collect() };
            let mut figure = tools::one(&sandbox, &line, runs)?;
            let peaks = (0..WATCHED).map(|_| peak(&sandbox, &missions, args));
            let peak = peaks.max().unwrap_or_default();
            let cell = |value: &Value| format!("{:.2}", value.as_f64().unwrap_or_default());
            rows.push(vec![
                format!("missions {what}, {n_items} items"),
                cell(&figure["processor_ms"]),
                cell(&figure["wall"]["p50_ms"]),
                cell(&figure["wall"]["p99_ms"]),
                peak.to_string(),
            ]);
            figure["items"] = n_items.into();
            figure["peak_kib"] = peak.into();
            figures.push(figure);
        }
    }
    out::progress(&table(&rows));
    Ok(json!({"runs": runs, "lines": figures}))
}

/// A state file with one mission whose memory has so many items.
fn with_items(n: usize) -> Result<String> {
    let items = (0..n).map(|n| json!({"n": n, "text": "quoted 120 dollars, call back on Tuesday"}));
    let log: Vec<Value> = items.collect();
    let mission = json!({
        "mission_id": "mis-1", "run_id": "run-1", "memory": {"log": log},
        "created_at": "2026-11-01T09:00:00Z", "last_updated": "2026-11-01T09:00:00Z",
    });
    let mut text = String::new();
    write!(text, "{:#}", json!({"many": mission}))?;
    Ok(text)
}

/// The peak memory of one run in KiB, as it was last seen before the end.
fn peak(sandbox: &Sandbox, missions: &str, args: &[&str]) -> u64 {
    let mut child = sandbox.spawn(missions, args);
    let mut peak = 0;
    while child.running() {
        peak = peak.max(process::memory(child.pid(), "VmHWM"));
    }
    peak
}
