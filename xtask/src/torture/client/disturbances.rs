//! What goes wrong around the client besides its own end: drops, refused upgrades, silence, a faulty gateway, answers of
//! somebody else, an owner of a random mind.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::{RequestFault, Rng, SimulatedOwner, event};
use serde_json::json;

use super::requests::SentRequests;
use super::stage::ClientStage;
use crate::torture::tally::Tally;

/// Between two checks whether it is over.
const INTERVAL: Duration = Duration::from_millis(50);

/// Requests of a crowd, and frames of a flood.
const CROWD: usize = 200;
const FLOOD: usize = 10_000;

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(in crate::torture) enum Disturbance {
    /// The line is cut.
    Drop,
    /// The service closes the connection.
    Close,
    /// The gateway fails some requests, or switches its second API on or off.
    Gateway,
    /// The gateway restarts, for seconds: for minutes, there would be no replies to check.
    Drain,
    /// A front answers for the service and for the gateway, for a while.
    Foreign,
    /// The line is down, and upgrades are refused.
    Refuse,
    /// The line is down, and then pings stay unanswered.
    NoPongs,
    /// The line is down, and then the key stays unanswered.
    Mute,
    /// The owner changes his mind.
    Owner,
    /// So many requests come at once that most have to wait, and some are too many.
    Crowd,
    /// Thousands of frames come at once: unknown events, one request again and again, and no JSON at all.
    Flood,
}

/// Disturbs until `over`, then ends every fault. How often it did.
pub(super) fn disturb(
    (between, disturbances): ((u64, u64), &[(u64, Disturbance)]),
    (stage, requests): (&ClientStage, &SentRequests),
    mut rng: Rng,
    over: &AtomicBool,
) -> Tally {
    let (service, gateway) = (&stage.service, &stage.gateway);
    let (mut tally, (least, most)) = (Tally::default(), between);
    service.owner(SimulatedOwner::Approves(Duration::from_millis(10)));
    while pause(least + rng.below(most - least), over) {
        let disturbance = rng.pick(disturbances);
        match disturbance {
            Disturbance::Drop => tally.add_up("drops", service.drop_socket().into()),
            Disturbance::Close => {
                let code = [1001, 1011, 1012][rng.index(3)];
                tally.add_up("drops", service.close(code).into());
            }
            Disturbance::Gateway => fail_gateway(stage, &mut rng),
            Disturbance::Drain => {
                gateway.drain(true);
                pause(rng.below(8_000), over);
                gateway.drain(false);
            }
            Disturbance::Foreign => {
                tally.count("foreign");
                let seed = rng.next_u64();
                service.foreign_responses("*", "/v1/*", 70, seed);
                gateway.foreign_responses("POST", "/tools/invoke", 50, seed);
                pause(rng.below(1_500), over);
                service.heal();
                gateway.heal();
            }
            Disturbance::Owner => {
                let later = Duration::from_millis(rng.below(1_500));
                service.owner(rng.pick(&[
                    (4, SimulatedOwner::Approves(later)),
                    (2, SimulatedOwner::Denies(later)),
                    (1, SimulatedOwner::ApprovesUnchecked(later)),
                    (1, SimulatedOwner::Silent),
                    (1, SimulatedOwner::NotDelivered),
                ]));
            }
            Disturbance::Crowd => {
                (0..CROWD).for_each(|_| _ = requests.send(service, &mut rng));
                tally.count("crowds");
            }
            Disturbance::Flood => {
                flood(stage);
                tally.count("floods");
            }
            Disturbance::Refuse => {
                let (status, after) = [(503, None), (502, None), (429, Some(1))][rng.index(3)];
                service.refuse_upgrades(status, after);
            }
            Disturbance::NoPongs => _ = service.ignore_pings(true),
            Disturbance::Mute => _ = service.mute_auth(true),
        }
        let is_down =
            matches!(disturbance, Disturbance::Refuse | Disturbance::NoPongs | Disturbance::Mute);
        if is_down {
            tally.count("refusals");
            service.drop_everything();
            pause(100 + rng.below(1_200), over);
            service.accept_upgrades().ignore_pings(false).mute_auth(false);
            if matches!(disturbance, Disturbance::Mute) {
                // A key without a reply keeps the client waiting for 3 s: it has its new connection now.
                service.drop_socket();
            }
        }
    }
    gateway.heal().drain(false).chat(false);
    service.heal().accept_upgrades().mute_auth(false).ignore_pings(false);
    tally
}

fn flood(stage: &ClientStage) {
    for n in 0..FLOOD {
        let words = "What is on my calendar today?";
        match n % 10 {
            0..4 => stage.service.send(&json!({"type": "event", "event": "weather.changed"})),
            4..9 => stage.service.send(&event::deep_tool_request("c0", "flood", words)),
            _ => stage.service.send_raw("{\"type\":\"event\",\"event\":"),
        };
    }
}

/// A fault of the gateway.
fn fail_gateway(stage: &ClientStage, rng: &mut Rng) {
    let fault = match rng.below(8) {
        0 => RequestFault::Status(500),
        1 => RequestFault::RetryAfter(503, 1),
        2 => RequestFault::Html(502),
        3 => RequestFault::Cut,
        4 => RequestFault::Lost,
        5 => RequestFault::Torn,
        6 => RequestFault::Slow(Duration::from_millis(rng.below(2_000))),
        _ => {
            stage.gateway.chat(rng.chance(50));
            return;
        }
    };
    stage.gateway.fail("POST", "/tools/invoke", fault, 1 + rng.index(5));
}

/// Waits for so many milliseconds; false once it is over.
fn pause(milliseconds: u64, over: &AtomicBool) -> bool {
    let until = Instant::now() + Duration::from_millis(milliseconds);
    while !over.load(Ordering::Relaxed) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        thread::sleep(left.min(INTERVAL));
    }
    false
}
