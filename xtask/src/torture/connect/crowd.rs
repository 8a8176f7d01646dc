//! A crowd: 200 turns at once at a gateway that replies after half a minute, then ten thousand frames a second. The
//! memory stays bounded, every request gets a reply or is refused as too many, and pongs come all the while.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use state::out;

use crate::bench::process::memory;
use crate::minimal::connection::{BareConnection, CALLS};
use crate::minimal::gateway::BareGateway;
use crate::minimal::process::MeasuredProcess;
use crate::minimal::turn_times::{MARK, turn_in};

/// Requests that come at once.
const TURNS: usize = 200;
/// How long the gateway takes for them.
const TURN_TIME: Duration = Duration::from_secs(30);
/// A request without a result by then counts as forgotten.
const RESULT_LIMIT: Duration = Duration::from_secs(120);

/// How long the flood lasts, and its frames a millisecond.
const FLOOD: Duration = Duration::from_secs(10);
const FRAMES: u128 = 10;
const STEP: Duration = Duration::from_millis(10);
/// Steps from one ping to the next.
const PING_EVERY: u32 = 50;

/// In KiB, beyond what a client took before: as much as it may take in all with 256 turns in flight.
const MAX_GROWTH_KIB: u64 = 24 << 10;

/// The turns that the client runs at once by default.
const MAX_TURNS: usize = 64;

/// Both; `faults` lists everything that must not be.
pub(in crate::torture) fn torture(programs: &Path) -> Value {
    let mut faults = Vec::new();
    let mut part = |name: &str, run: fn(&Path, &mut Vec<String>) -> Result<Value>| {
        out::progress(name);
        run(programs, &mut faults).unwrap_or_else(|err| {
            faults.push(format!("{name}: {err:#}"));
            Value::Null
        })
    };
    let burst = part("200 turns at once", burst);
    let flood = part("10,000 frames a second", flood);
    json!({"burst": burst, "flood": flood, "faults": faults})
}

fn burst(programs: &Path, faults: &mut Vec<String>) -> Result<Value> {
    let gateway = BareGateway::start(TURNS)?;
    gateway.hold(true);
    let client = MeasuredProcess::connect(programs, &gateway, MAX_TURNS)?;
    let mut connection = client.connection()?;
    let before = memory(client.pid(), "VmRSS");
    for turn in 0..TURNS {
        send_request(&mut connection, turn);
    }
    connection.flush()?;
    let (mut replied_to, mut replied, mut doubled) = (BTreeSet::new(), BTreeSet::new(), 0_usize);
    let began = Instant::now();
    connection.read_limit(Some(Duration::from_millis(200)))?;
    while began.elapsed() < RESULT_LIMIT && (replied_to.len() < TURNS || replied.len() < MAX_TURNS)
    {
        if began.elapsed() >= TURN_TIME {
            gateway.hold(false);
        }
        let Some(frame) = next_frame(&mut connection)? else { continue };
        let Some(turn) = turn_in(&frame) else { continue };
        let text = String::from_utf8_lossy(&frame);
        if text.contains("deep_tool_result") && !replied_to.insert(turn) {
            doubled += 1;
        }
        if text.contains("two meetings") {
            replied.insert(turn);
        }
    }
    gateway.hold(false);
    let peak = memory(client.pid(), "VmHWM");
    let n_forgotten = TURNS - replied_to.len();
    if n_forgotten + doubled > 0 {
        faults.push(format!("burst: {n_forgotten} got no reply, {doubled} two"));
    }
    if replied.len() < MAX_TURNS {
        faults.push(format!("burst: only {} of {MAX_TURNS} replies were passed on", replied.len()));
    }
    check_growth("burst", before, peak, faults);
    Ok(json!({
        "asked": TURNS, "told": replied_to.len(), "replied": replied.len(), "doubled": doubled,
        "resident_kib": {"before": before, "peak": peak},
    }))
}

fn flood(programs: &Path, faults: &mut Vec<String>) -> Result<Value> {
    let gateway = BareGateway::start(TURNS)?;
    gateway.hold(true);
    let client = MeasuredProcess::connect(programs, &gateway, MAX_TURNS)?;
    let mut connection = client.connection()?;
    let before = memory(client.pid(), "VmRSS");
    connection.read_limit(Some(Duration::from_millis(1)))?;
    let (mut n_frames, mut n_pings, mut longest) = (0_usize, 0_usize, Duration::ZERO);
    let (began, mut pinged) = (Instant::now(), None);
    for step in 0_u32.. {
        if began.elapsed() >= FLOOD {
            break;
        }
        // What the machine was late with is made up for.
        let n_due = usize::try_from(began.elapsed().as_millis() * FRAMES)?;
        while n_frames < n_due {
            send_flood_frame(&mut connection, n_frames);
            n_frames += 1;
        }
        if step % PING_EVERY == 0 && pinged.is_none() {
            connection.ping();
            n_pings += 1;
            pinged = Some(Instant::now());
        }
        connection.flush().context("the client left in the flood")?;
        while next_frame(&mut connection)?.is_some() {}
        if connection.n_pongs() == n_pings
            && let Some(since) = pinged.take()
        {
            longest = longest.max(since.elapsed());
        }
        thread::sleep((STEP * (step + 1)).saturating_sub(began.elapsed()));
    }
    let took = began.elapsed();
    let peak = memory(client.pid(), "VmHWM");
    check_growth("flood", before, peak, faults);
    gateway.hold(false);
    // Reads what it still sends, until the result of a request that came after everything else.
    send_request(&mut connection, n_frames);
    connection.ping();
    n_pings += 1;
    connection.flush()?;
    let until = Instant::now() + RESULT_LIMIT;
    let mut is_answered = false;
    while Instant::now() < until && !(is_answered && connection.n_pongs() == n_pings) {
        is_answered |=
            next_frame(&mut connection)?.is_some_and(|frame| turn_in(&frame) == Some(n_frames));
    }
    if !is_answered || connection.n_pongs() < n_pings {
        faults.push(format!("flood: {} of {n_pings} pings answered", connection.n_pongs()));
    }
    Ok(json!({
        "frames": n_frames, "seconds": took.as_secs_f64(), "pings": n_pings, "pongs": connection.n_pongs(),
        "longest_pong_ms": u64::try_from(longest.as_millis())?,
        "resident_kib": {"before": before, "peak": peak},
    }))
}

fn check_growth(name: &str, before: u64, peak: u64, faults: &mut Vec<String>) {
    if peak > before + MAX_GROWTH_KIB {
        faults.push(format!("{name}: grew from {before} to {peak} KiB"));
    }
}

/// The next text frame; `None` if none is there.
fn next_frame(connection: &mut BareConnection) -> Result<Option<Vec<u8>>> {
    match connection.next() {
        Err(err) if matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
        other => Ok(Some(other.context("the client left")?)),
    }
}

fn send_request(connection: &mut BareConnection, turn: usize) {
    let call = turn % CALLS;
    let frame = format!(
        r#"{{"type":"event","event":"deep_tool_request","call_id":"call-{call}","request_id":"{MARK}{turn}","query":"What is on my calendar today? {MARK}{turn}","context":{{}}}}"#
    );
    connection.queue(frame.as_bytes());
}

/// One frame of the flood: an unknown event, a request for the hundredth time, a new one, or no JSON at all.
fn send_flood_frame(connection: &mut BareConnection, n: usize) {
    match n % 10 {
        0..4 => connection
            .queue(br#"{"type":"event","event":"weather.changed","data":{"wind":"strong"}}"#),
        4..7 => send_request(connection, 0),
        7..9 => send_request(connection, n),
        _ => connection.queue(b"{\"type\":\"event\",\"event\":"),
    }
}
