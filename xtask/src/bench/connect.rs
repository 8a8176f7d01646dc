//! `connect` beside its floor: its share of a turn, its memory, its wake-ups, and how soon it is back after a drop.

pub(crate) mod floor;
mod share;
mod still;

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use state::out;

use super::figures::table;
use crate::args::Bench;

/// Turns in flight, and how many times `--runs` turns are measured with so many.
const LOADS: [(usize, usize); 3] = [(1, 10), (32, 30), (256, 60)];

/// At least fifty drops make a 99th percentile worth telling.
const CLIENTS: usize = 64;

/// Measures everything; takes a little over two minutes.
pub(super) fn measure(programs: &Path, args: &Bench) -> Result<Value> {
    let shares = LOADS.iter().map(|(n, times)| share::measure(programs, *n, args.runs * times));
    let shares = shares.collect::<Result<Vec<_>>>()?;
    let still = still::measure(programs, CLIENTS, args.idle)?;
    out::progress(&told(&shares, &still));
    Ok(json!({"turns": shares, "still": still}))
}

fn told(shares: &[Value], still: &Value) -> String {
    let cell = |value: &Value| format!("{:.2}", value.as_f64().unwrap_or_default());
    let heading = [
        "turns in flight",
        "ours p50 ms",
        "p99",
        "floor p50 ms",
        "p99",
        "ratio p50",
        "p99",
        "processor",
        "MiB",
    ];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for share in shares {
        let (ours, floor) = (&share["ours"], &share["floor"]);
        let processor = &share["processor_ms_a_turn"];
        let mib = share["resident_kib"]["in_flight"].as_f64().unwrap_or_default() / 1024.0;
        rows.push(vec![
            share["in_flight"].to_string(),
            cell(&ours["p50_ms"]),
            cell(&ours["p99_ms"]),
            cell(&floor["p50_ms"]),
            cell(&floor["p99_ms"]),
            cell(&share["ratio_p50"]),
            cell(&share["ratio_p99"]),
            format!("{}/{}", cell(&processor["ours"]), cell(&processor["floor"])),
            format!("{mib:.1}"),
        ]);
    }
    let mib = still["resident_kib"]["median"].as_f64().unwrap_or_default() / 1024.0;
    let back = &still["back_after_a_drop"];
    format!(
        "{}\nidle: {mib:.1} MiB resident, {} wake-ups a minute\nback after a drop: p50 {} ms, p99 {} ms\n",
        table(&rows),
        still["wake_ups_a_minute"]["median"],
        cell(&back["p50_ms"]),
        cell(&back["p99_ms"]),
    )
}
