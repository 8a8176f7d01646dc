//! The time that a client adds to a turn, with so many turns in flight, beside the floor in the same minutes.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use state::out;

use super::super::figures::{Times, millis};
use super::super::process::{self, memory};
use crate::minimal::connection::{BareConnection, CALLS};
use crate::minimal::gateway::BareGateway;
use crate::minimal::process::MeasuredProcess;
use crate::minimal::turn_times::{MARK, Point, TurnTimes, turn_in};

/// Turns before those that count: the client finds out the gateway's form, buffers grow.
const WARM_UP: usize = 64;

/// Both clients take turns so many times, so that a busy moment of the machine hits both.
const ROUNDS: usize = 5;

/// Measures both clients with so many turns in flight.
pub(super) fn measure(programs: &Path, in_flight: usize, turns: usize) -> Result<Value> {
    out::progress(&format!("connect, {in_flight} in flight"));
    let gateway = BareGateway::start();
    let each = WARM_UP.max(in_flight) + turns / ROUNDS;
    let mut requester = Requester {
        times: TurnTimes::new(2 * ROUNDS * each + in_flight),
        gateway: &gateway,
        n_sent: 0,
    };
    gateway.record_into(&requester.times);
    let ours = MeasuredProcess::connect(programs, &gateway, in_flight)?;
    let mut our_connection = ours.connection()?;
    let floor = MeasuredProcess::floor(&gateway, in_flight)?;
    let mut floor_connection = floor.connection()?;
    let before_kib = memory(ours.pid(), "VmRSS");
    let (mut our_times_all, mut floor_times_all, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let processor = [process::of(ours.pid()), process::of(floor.pid())];
    for _ in 0..ROUNDS {
        let ours = requester.round(&mut our_connection, in_flight, each)?;
        let floor = requester.round(&mut floor_connection, in_flight, each)?;
        let median = |client_times: &[Duration]| Times::new(client_times.to_vec()).at(0.5);
        ratios.push(median(&ours).div_duration_f64(median(&floor)));
        our_times_all.extend(ours);
        floor_times_all.extend(floor);
    }
    let n_turns = u32::try_from(ROUNDS * each).unwrap_or(u32::MAX);
    let processor = [
        process::of(ours.pid()).saturating_sub(processor[0]) / n_turns,
        process::of(floor.pid()).saturating_sub(processor[1]) / n_turns,
    ];
    let held_kib = requester.memory_while_waiting(&mut our_connection, in_flight, ours.pid())?;
    ratios.sort_by(f64::total_cmp);
    let (our_times, floor_times) = (Times::new(our_times_all), Times::new(floor_times_all));
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

/// Sends the requests, to one client after the other. No turn has a number twice: a client replies to each once.
struct Requester<'a> {
    times: TurnTimes,
    gateway: &'a BareGateway,
    n_sent: usize,
}

impl Requester<'_> {
    /// Keeps so many turns in flight until `n_turns` have their result. The first ones are for warming up.
    fn round(
        &mut self,
        connection: &mut BareConnection,
        in_flight: usize,
        n_turns: usize,
    ) -> Result<Vec<Duration>> {
        let first = self.n_sent;
        for _ in 0..in_flight {
            self.send(connection)?;
        }
        for n_received in 1..=n_turns {
            self.receive_result(connection)?;
            if n_received + in_flight <= n_turns {
                self.send(connection)?;
            }
        }
        Ok(self.times.client_times(first + WARM_UP.max(in_flight)..self.n_sent))
    }

    /// The memory of a client in KiB while so many turns wait for the gateway.
    fn memory_while_waiting(
        &mut self,
        connection: &mut BareConnection,
        in_flight: usize,
        pid: u32,
    ) -> Result<u64> {
        self.gateway.hold(true);
        for _ in 0..in_flight {
            self.send(connection)?;
        }
        self.gateway.wait_held(in_flight);
        let resident = memory(pid, "VmRSS");
        self.gateway.hold(false);
        for _ in 0..in_flight {
            self.receive_result(connection)?;
        }
        Ok(resident)
    }

    fn send(&mut self, connection: &mut BareConnection) -> Result<()> {
        let turn = self.n_sent;
        self.n_sent += 1;
        let call = turn % CALLS;
        let frame = format!(
            r#"{{"type":"event","event":"deep_tool_request","call_id":"call-{call}","request_id":"{MARK}{turn}","query":"What is on my calendar today? {MARK}{turn}","context":{{}}}}"#
        );
        connection.queue(frame)?;
        self.times.record(turn, Point::Requested);
        connection.flush().context("sending a request")
    }

    fn receive_result(&self, connection: &mut BareConnection) -> Result<()> {
        loop {
            let frame = connection.next().context("waiting for a result")?;
            if frame.contains("deep_tool_result")
                && let Some(turn) = turn_in(&frame)
            {
                self.times.record(turn, Point::Delivered);
                return Ok(());
            }
        }
    }
}
