//! What a client keeps of the time of a turn, with so many turns in flight, beside the floor in the same minutes.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use state::out;

use super::super::figures::{Times, millis};
use super::super::process::{self, memory};
use crate::rig::agent::Agent;
use crate::rig::book::{Book, MARK, Point, turn_in};
use crate::rig::line::{CALLS, Line};
use crate::rig::subject::Subject;

/// Turns before those that count: forms are found out, buffers grow.
const WARM_UP: usize = 64;

/// Both clients take turns so many times, so that a busy moment of the machine hits both.
const ROUNDS: usize = 5;

/// Measures both clients with so many turns in flight.
pub(super) fn measure(programs: &Path, in_flight: usize, turns: usize) -> Result<Value> {
    out::progress(&format!("connect, {in_flight} in flight"));
    let agent = Agent::start(in_flight + 8)?;
    let each = WARM_UP.max(in_flight) + turns / ROUNDS;
    let mut asker =
        Asker { book: Book::new(2 * ROUNDS * each + in_flight), agent: &agent, n_asked: 0 };
    agent.keep(&asker.book);
    let ours = Subject::connect(programs, &agent, in_flight)?;
    let mut our_line = ours.line()?;
    let floor = Subject::floor(&agent, in_flight)?;
    let mut floor_line = floor.line()?;
    let before_kib = memory(ours.pid(), "VmRSS");
    let (mut our_shares, mut floor_shares, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let processor = [process::of(ours.pid()), process::of(floor.pid())];
    for _ in 0..ROUNDS {
        let ours = asker.round(&mut our_line, in_flight, each)?;
        let floor = asker.round(&mut floor_line, in_flight, each)?;
        let median = |shares: &[Duration]| Times::new(shares.to_vec()).at(0.5);
        ratios.push(median(&ours).div_duration_f64(median(&floor)));
        our_shares.extend(ours);
        floor_shares.extend(floor);
    }
    let n_turns = u32::try_from(ROUNDS * each).unwrap_or(u32::MAX);
    let processor = [
        process::of(ours.pid()).saturating_sub(processor[0]) / n_turns,
        process::of(floor.pid()).saturating_sub(processor[1]) / n_turns,
    ];
    let held_kib = asker.held(&mut our_line, in_flight, ours.pid())?;
    ratios.sort_by(f64::total_cmp);
    let (our_times, floor_times) = (Times::new(our_shares), Times::new(floor_shares));
    let ratio = |share| rounded(our_times.at(share).div_duration_f64(floor_times.at(share)));
    Ok(json!({
        "in_flight": in_flight, "ours": our_times.json(), "floor": floor_times.json(),
        "ratio_p50": ratio(0.5), "ratio_p99": ratio(0.99),
        "ratio_p50_by_round": ratios.iter().copied().map(rounded).collect::<Vec<_>>(),
        "processor_ms_a_turn": {"ours": millis(processor[0]), "floor": millis(processor[1])},
        "resident_kib": {
            "before": before_kib, "in_flight": held_kib, "peak": memory(ours.pid(), "VmHWM"),
            "floor_peak": memory(floor.pid(), "VmHWM"),
        },
    }))
}

fn rounded(ratio: f64) -> f64 {
    (ratio * 100.0).round() / 100.0
}

/// Whoever asks, on one line after the other. No turn has a number twice: a client answers each once.
struct Asker<'a> {
    book: Book,
    agent: &'a Agent,
    n_asked: usize,
}

impl Asker<'_> {
    /// Keeps so many turns in flight until `n_turns` have been answered. The first ones are for warming up.
    fn round(
        &mut self,
        line: &mut Line,
        in_flight: usize,
        n_turns: usize,
    ) -> Result<Vec<Duration>> {
        let first = self.n_asked;
        for _ in 0..in_flight {
            self.ask(line)?;
        }
        for n_answered in 1..=n_turns {
            self.answered(line)?;
            if n_answered + in_flight <= n_turns {
                self.ask(line)?;
            }
        }
        Ok(self.book.shares(first + WARM_UP.max(in_flight)..self.n_asked))
    }

    /// The memory of a client in KiB while so many turns wait for the gateway.
    fn held(&mut self, line: &mut Line, in_flight: usize, pid: u32) -> Result<u64> {
        self.agent.hold(true);
        for _ in 0..in_flight {
            self.ask(line)?;
        }
        self.agent.wait_held(in_flight);
        let resident = memory(pid, "VmRSS");
        self.agent.hold(false);
        for _ in 0..in_flight {
            self.answered(line)?;
        }
        Ok(resident)
    }

    fn ask(&mut self, line: &mut Line) -> Result<()> {
        let turn = self.n_asked;
        self.n_asked += 1;
        let call = turn % CALLS;
        let frame = format!(
            r#"{{"type":"event","event":"deep_tool_request","call_id":"call-{call}","request_id":"{MARK}{turn}","query":"What is on my calendar today? {MARK}{turn}","context":{{}}}}"#
        );
        line.say(frame.as_bytes());
        self.book.note(turn, Point::Asked);
        line.flush().context("asking")
    }

    fn answered(&self, line: &mut Line) -> Result<()> {
        loop {
            let frame = line.next().context("waiting for an answer")?;
            if frame.windows(16).any(|word| word == b"deep_tool_result")
                && let Some(turn) = turn_in(&frame)
            {
                self.book.note(turn, Point::Answered);
                return Ok(());
            }
        }
    }
}
