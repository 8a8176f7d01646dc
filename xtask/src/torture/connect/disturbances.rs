//! What goes wrong around the client besides the kills: drops, refused upgrades, silence, a faulty gateway.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::{RequestFault, Rng};

use super::stage::ClientStage;

/// Between two checks whether it is over.
const INTERVAL: Duration = Duration::from_millis(50);

/// How often it disturbs, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disturbances {
    /// The shortest and the longest pause between two disturbances.
    pub(super) pause: (Duration, Duration),
    /// Whether the service also refuses and keeps silent, or only drops.
    pub(super) refuses: bool,
}

/// How often it has disturbed.
#[derive(Default)]
pub(super) struct DisturbanceCount {
    /// Connections that were cut or closed.
    pub(super) drops: AtomicUsize,
    /// Times at which upgrades were refused, or the key or pings left unanswered.
    pub(super) refusals: AtomicUsize,
}

impl Disturbances {
    /// Disturbs until `over`, then ends every fault.
    pub(super) fn cause(
        self,
        stage: &ClientStage,
        mut rng: Rng,
        over: &AtomicBool,
        count: &DisturbanceCount,
    ) {
        let (least, most) = self.pause;
        let spread = u64::try_from(most.saturating_sub(least).as_millis()).unwrap_or_default();
        while pause(least + Duration::from_millis(rng.below(spread.max(1))), over) {
            match rng.below(if self.refuses { 20 } else { 14 }) {
                0..8 => drop_line(stage, count),
                8..10 => {
                    let code = [1001, 1011, 1012][rng.index(3)];
                    count
                        .drops
                        .fetch_add(usize::from(stage.service.close(code)), Ordering::Relaxed);
                }
                10..14 => gateway(stage, &mut rng, over),
                14..17 => {
                    let (status, after) = [(503, None), (502, None), (429, Some(1))][rng.index(3)];
                    stage.service.refuse_upgrades(status, after);
                    refuse(stage, &mut rng, over, count);
                    stage.service.accept_upgrades();
                }
                17..19 => {
                    stage.service.ignore_pings(true);
                    refuse(stage, &mut rng, over, count);
                    stage.service.ignore_pings(false);
                }
                _ => {
                    stage.service.mute_auth(true);
                    refuse(stage, &mut rng, over, count);
                    stage.service.mute_auth(false);
                    // A key without a reply keeps the client waiting for 3 s: it has its new connection now.
                    drop_line(stage, count);
                }
            }
        }
        stage.gateway.heal().drain(false).chat(false);
        stage.service.accept_upgrades().mute_auth(false).ignore_pings(false);
    }
}

fn drop_line(stage: &ClientStage, count: &DisturbanceCount) {
    count.drops.fetch_add(usize::from(stage.service.drop_socket()), Ordering::Relaxed);
}

/// Drops the line and leaves it down for a while.
fn refuse(stage: &ClientStage, rng: &mut Rng, over: &AtomicBool, count: &DisturbanceCount) {
    count.refusals.fetch_add(1, Ordering::Relaxed);
    stage.service.drop_everything();
    pause(Duration::from_millis(100 + rng.below(1_200)), over);
}

/// A fault of the gateway.
fn gateway(stage: &ClientStage, rng: &mut Rng, over: &AtomicBool) {
    let fault = match rng.below(9) {
        0 => RequestFault::Status(500),
        1 => RequestFault::RetryAfter(503, 1),
        2 => RequestFault::Html(502),
        3 => RequestFault::Cut,
        4 => RequestFault::Lost,
        5 => RequestFault::Torn,
        6 => RequestFault::Slow(Duration::from_millis(rng.below(2_000))),
        7 => {
            // A gateway that restarts, for seconds: for minutes, there would be no replies to check.
            stage.gateway.drain(true);
            pause(Duration::from_millis(rng.below(8_000)), over);
            stage.gateway.drain(false);
            return;
        }
        _ => {
            stage.gateway.chat(rng.below(2) == 0);
            return;
        }
    };
    stage.gateway.fail("POST", "/tools/invoke", fault, 1 + rng.index(5));
}

/// Waits; false once it is over.
fn pause(time: Duration, over: &AtomicBool) -> bool {
    let until = Instant::now() + time;
    while !over.load(Ordering::Relaxed) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        thread::sleep(left.min(INTERVAL));
    }
    false
}
