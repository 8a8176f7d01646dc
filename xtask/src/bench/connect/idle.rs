//! What a client costs while nothing happens, and how soon it is back after the service dropped it.
//!
//! A client reconnects at once only after the first drop within a minute, and idleness takes a minute to watch: so many
//! clients idle through the same minute, and each of them is dropped once at its end.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use state::out;

use super::super::figures::Times;
use super::super::process::{memory, switches};
use crate::minimal::gateway::BareGateway;
use crate::minimal::process::MeasuredProcess;

/// Starting takes its wake-ups; they do not count.
const SETTLE: Duration = Duration::from_secs(3);

/// Between one client's drop and the next one's, so that they do not wait for each other's processor.
const APART: Duration = Duration::from_millis(100);

/// Shorter than a client waits between two pings.
const BETWEEN_PINGS: Duration = Duration::from_secs(5);

/// The figures of one client.
struct ClientFigures {
    wake_ups: u64,
    resident_kib: u64,
    back_after: Duration,
}

/// Starts `n` clients, watches them for the time `idle`, and drops each.
pub(super) fn measure(programs: &Path, n: usize, idle: Duration) -> Result<Value> {
    out::progress(&format!("connect, {n} of them idle for {idle:?}, then dropped"));
    let gateway = BareGateway::start();
    let clients = (0..n).map(|_| MeasuredProcess::connect(programs, &gateway, 64));
    let clients = clients.collect::<Result<Vec<_>>>()?;
    let figures = thread::scope(|scope| {
        let measured = clients
            .iter()
            .zip(0..)
            .map(|(client, place)| scope.spawn(move || one(client, idle, APART * place)));
        let measured: Vec<_> = measured.collect();
        let measured = measured.into_iter();
        measured
            .map(|one| one.join().expect("measuring panics nowhere"))
            .collect::<Result<Vec<_>>>()
    })?;
    let middle = |pick: fn(&ClientFigures) -> u64| {
        let mut values: Vec<u64> = figures.iter().map(pick).collect();
        values.sort_unstable();
        (values[values.len() / 2], values[values.len() - 1])
    };
    let (wake_ups, most_wake_ups) = middle(|figures| figures.wake_ups);
    let (resident, most_resident) = middle(|figures| figures.resident_kib);
    let back = Times::new(figures.iter().map(|figures| figures.back_after).collect());
    Ok(json!({
        "clients": n, "back_after_a_drop": back.json(),
        "wake_ups_a_minute": {"median": wake_ups, "most": most_wake_ups},
        "resident_kib": {"median": resident, "most": most_resident},
    }))
}

fn one(client: &MeasuredProcess, idle: Duration, later: Duration) -> Result<ClientFigures> {
    let mut connection = client.connection()?;
    let idle_until = |connection: &mut crate::minimal::connection::BareConnection,
                      until: Instant|
     -> Result<()> {
        while Instant::now() < until {
            // Its pings would put off the end of a longer wait.
            let left = until.saturating_duration_since(Instant::now());
            connection.read_limit(Some(left.clamp(APART, BETWEEN_PINGS)))?;
            match connection.next() {
                Err(err) if err.kind() == std::io::ErrorKind::WouldBlock => {}
                other => drop(other.context("a client left although nothing happened")?),
            }
        }
        Ok(())
    };
    let began = Instant::now();
    idle_until(&mut connection, began + SETTLE)?;
    let before = switches(client.pid());
    idle_until(&mut connection, began + SETTLE + idle)?;
    let wake_ups = (switches(client.pid()) - before).saturating_mul(60) / idle.as_secs().max(1);
    let resident_kib = memory(client.pid(), "VmRSS");
    idle_until(&mut connection, began + SETTLE + idle + later)?;
    let dropped = Instant::now();
    connection.cut();
    client.connection().context("a client did not come back")?;
    Ok(ClientFigures { wake_ups, resident_kib, back_after: dropped.elapsed() })
}
