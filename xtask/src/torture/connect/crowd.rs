//! A crowd: 200 turns at once at a gateway that answers after half a minute, then ten thousand frames a second. The
//! memory stays bounded, everybody is answered or told that we are busy, and pings are answered all the while.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use state::out;

use crate::bench::process::memory;
use crate::rig::agent::Agent;
use crate::rig::book::{MARK, turn_in};
use crate::rig::line::{CALLS, Line};
use crate::rig::subject::Subject;

/// Requests that come at once.
const TURNS: usize = 200;
/// How long the gateway thinks about them.
const THINKS: Duration = Duration::from_secs(30);
/// Whoever has not been told anything by then is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(120);

/// How long the flood lasts, and its frames a millisecond.
const FLOOD: Duration = Duration::from_secs(10);
const FRAMES: u128 = 10;
const STEP: Duration = Duration::from_millis(10);
/// Steps from one ping to the next.
const PING_EVERY: u32 = 50;

/// More than a client took before, in KiB: as much as it may take in all with 256 turns in flight (spec 3).
const MOST_KIB: u64 = 24 << 10;

/// The turns that the client runs at once unless it is told otherwise (spec 3).
const AT_WORK: usize = 64;

/// Both; `faults` lists everything that must not be.
pub(in crate::torture) fn torture(programs: &Path) -> Value {
    let mut faults = Vec::new();
    let mut part = |name: &str, play: fn(&Path, &mut Vec<String>) -> Result<Value>| {
        out::progress(name);
        play(programs, &mut faults).unwrap_or_else(|err| {
            faults.push(format!("{name}: {err:#}"));
            Value::Null
        })
    };
    let burst = part("200 turns at once", burst);
    let flood = part("10,000 frames a second", flood);
    json!({"burst": burst, "flood": flood, "faults": faults})
}

fn burst(programs: &Path, faults: &mut Vec<String>) -> Result<Value> {
    let agent = Agent::start(TURNS)?;
    agent.hold(true);
    let client = Subject::connect(programs, &agent, AT_WORK)?;
    let mut line = client.line()?;
    let before = memory(client.pid(), "VmRSS");
    for turn in 0..TURNS {
        ask(&mut line, turn);
    }
    line.flush()?;
    let (mut told, mut replied, mut doubled) = (BTreeSet::new(), BTreeSet::new(), 0_usize);
    let began = Instant::now();
    line.patience(Some(Duration::from_millis(200)))?;
    while began.elapsed() < FORGOTTEN && (told.len() < TURNS || replied.len() < AT_WORK) {
        if began.elapsed() >= THINKS {
            agent.hold(false);
        }
        let Some(frame) = heard(&mut line)? else { continue };
        let Some(turn) = turn_in(&frame) else { continue };
        let text = String::from_utf8_lossy(&frame);
        if text.contains("deep_tool_result") && !told.insert(turn) {
            doubled += 1;
        }
        if text.contains("two meetings") {
            replied.insert(turn);
        }
    }
    agent.hold(false);
    let peak = memory(client.pid(), "VmHWM");
    let n_forgotten = TURNS - told.len();
    if n_forgotten + doubled > 0 {
        faults.push(format!("burst: {n_forgotten} were told nothing, {doubled} twice"));
    }
    if replied.len() < AT_WORK {
        faults.push(format!("burst: only {} of {AT_WORK} replies were passed on", replied.len()));
    }
    grew("burst", before, peak, faults);
    Ok(json!({
        "asked": TURNS, "told": told.len(), "replied": replied.len(), "doubled": doubled,
        "resident_kib": {"before": before, "peak": peak},
    }))
}

fn flood(programs: &Path, faults: &mut Vec<String>) -> Result<Value> {
    let agent = Agent::start(TURNS)?;
    agent.hold(true);
    let client = Subject::connect(programs, &agent, AT_WORK)?;
    let mut line = client.line()?;
    let before = memory(client.pid(), "VmRSS");
    line.patience(Some(Duration::from_millis(1)))?;
    let (mut n_frames, mut n_pings, mut longest) = (0_usize, 0_usize, Duration::ZERO);
    let (began, mut pinged) = (Instant::now(), None);
    for step in 0_u32.. {
        if began.elapsed() >= FLOOD {
            break;
        }
        // Whatever the machine was late with is made up for.
        let n_due = usize::try_from(began.elapsed().as_millis() * FRAMES)?;
        while n_frames < n_due {
            shout(&mut line, n_frames);
            n_frames += 1;
        }
        if step % PING_EVERY == 0 && pinged.is_none() {
            line.ping();
            n_pings += 1;
            pinged = Some(Instant::now());
        }
        line.flush().context("the client left in the flood")?;
        while heard(&mut line)?.is_some() {}
        if line.n_pongs() == n_pings
            && let Some(since) = pinged.take()
        {
            longest = longest.max(since.elapsed());
        }
        thread::sleep((STEP * (step + 1)).saturating_sub(began.elapsed()));
    }
    let took = began.elapsed();
    let peak = memory(client.pid(), "VmHWM");
    grew("flood", before, peak, faults);
    agent.hold(false);
    // Its last words are read until it answers a request that came after everything else.
    ask(&mut line, n_frames);
    line.ping();
    n_pings += 1;
    line.flush()?;
    let until = Instant::now() + FORGOTTEN;
    let mut is_answered = false;
    while Instant::now() < until && !(is_answered && line.n_pongs() == n_pings) {
        is_answered |= heard(&mut line)?.is_some_and(|frame| turn_in(&frame) == Some(n_frames));
    }
    if !is_answered || line.n_pongs() < n_pings {
        faults.push(format!("flood: {} of {n_pings} pings answered", line.n_pongs()));
    }
    Ok(json!({
        "frames": n_frames, "seconds": took.as_secs_f64(), "pings": n_pings, "pongs": line.n_pongs(),
        "longest_pong_ms": u64::try_from(longest.as_millis())?,
        "resident_kib": {"before": before, "peak": peak},
    }))
}

fn grew(name: &str, before: u64, peak: u64, faults: &mut Vec<String>) {
    if peak > before + MOST_KIB {
        faults.push(format!("{name}: grew from {before} to {peak} KiB"));
    }
}

/// The next text frame; `None` if none is there.
fn heard(line: &mut Line) -> Result<Option<Vec<u8>>> {
    match line.next() {
        Err(err) if matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
        other => Ok(Some(other.context("the client left")?)),
    }
}

fn ask(line: &mut Line, turn: usize) {
    let call = turn % CALLS;
    let frame = format!(
        r#"{{"type":"event","event":"deep_tool_request","call_id":"call-{call}","request_id":"{MARK}{turn}","query":"What is on my calendar today? {MARK}{turn}","context":{{}}}}"#
    );
    line.say(frame.as_bytes());
}

/// One frame of the flood: an event that nobody knows, a request for the hundredth time, a new one, or no JSON at all.
fn shout(line: &mut Line, n: usize) {
    match n % 10 {
        0..4 => line.say(br#"{"type":"event","event":"weather.changed","data":{"wind":"strong"}}"#),
        4..7 => ask(line, 0),
        7..9 => ask(line, n),
        _ => line.say(b"{\"type\":\"event\",\"event\":"),
    }
}
