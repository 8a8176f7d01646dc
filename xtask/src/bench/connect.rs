//! `connect` beside the floor, the least that a client can do: its overhead on a turn, its memory, its wake-ups, and how
//! soon it is back after a drop.

pub(crate) mod floor;
mod idle;
mod overhead;

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use state::out;

use super::figures::table;
use crate::args::BenchArgs;

/// Turns in flight, and how many times `--runs` turns are measured with so many.
const LOADS: [(usize, usize); 3] = [(1, 10), (32, 30), (256, 60)];

/// A 99th percentile needs at least fifty drops.
const CLIENTS: usize = 64;

/// Measures everything; takes a little over two minutes.
pub(super) fn measure(programs: &Path, args: &BenchArgs) -> Result<Value> {
    let turns = LOADS.iter().map(|(n, times)| overhead::measure(programs, *n, args.runs * times));
    let turns = turns.collect::<Result<Vec<_>>>()?;
    let idle = idle::measure(programs, CLIENTS, args.idle)?;
    out::progress(&tables(&turns, &idle));
    Ok(json!({"turns": turns, "still": idle}))
}

fn tables(turns: &[Value], idle: &Value) -> String {
    let cell = |value: &Value| format!("{:.2}", value.as_f64().unwrap_or_default());
    let heading =
        "turns in flight|ours p50 ms|p99|floor p50 ms|p99|ratio p50|p99|processor|MiB".split('|');
    let mut rows = vec![heading.map(str::to_owned).collect::<Vec<_>>()];
    for turn in turns {
        let (ours, floor) = (&turn["ours"], &turn["floor"]);
        let processor = &turn["processor_ms_a_turn"];
        let mib = turn["resident_kib"]["in_flight"].as_f64().unwrap_or_default() / 1024.0;
        rows.push(vec![
            turn["in_flight"].to_string(),
            cell(&ours["p50_ms"]),
            cell(&ours["p99_ms"]),
            cell(&floor["p50_ms"]),
            cell(&floor["p99_ms"]),
            cell(&turn["ratio_p50"]),
            cell(&turn["ratio_p99"]),
            format!("{}/{}", cell(&processor["ours"]), cell(&processor["floor"])),
            format!("{mib:.1}"),
        ]);
    }
    let mib = idle["resident_kib"]["median"].as_f64().unwrap_or_default() / 1024.0;
    let back = &idle["back_after_a_drop"];
    format!(
        "{}\nidle: {mib:.1} MiB resident, {} wake-ups a minute\nback after a drop: p50 {} ms, p99 {} ms\n",
        table(&rows),
        idle["wake_ups_a_minute"]["median"],
        cell(&back["p50_ms"]),
        cell(&back["p99_ms"]),
    )
}
