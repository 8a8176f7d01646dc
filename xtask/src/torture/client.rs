//! `connect` beside a service, a gateway and callers, and everything that may go wrong around it: no request runs twice,
//! none that was accepted gets no result, nothing sensitive is done without the owner's yes, the lock is never stuck,
//! `status` never claims what is not so, and the journal can always be read.

mod audit;
pub(super) mod disk;
pub(super) mod disturbances;
mod evidence;
mod lives;
mod requests;
mod soak;
mod stage;
mod watch;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::Rng;
use state::out;

use super::harm::Harm;
use super::plan::Plan;
use super::tally::Tally;
use disturbances::{Disturbance, disturb};
use lives::Lives;
use requests::SentRequests;
use stage::ClientStage;

/// How a client lives.
pub(super) enum Way {
    /// It is killed again and again, and before that these things happen to it.
    Dies(&'static [(u64, Harm)]),
    /// It lives on, and must not grow.
    Grows,
}

/// A client's life, as data.
pub(super) struct Living {
    pub(super) way: Way,
    pub(super) callers: u64,
    /// The longest pause of a caller, in milliseconds.
    pub(super) pause: u64,
    /// The shortest and the longest time between two disturbances, in milliseconds.
    pub(super) between: (u64, u64),
    pub(super) disturbances: &'static [(u64, Disturbance)],
}

impl Living {
    /// Lets it live as planned, then audits everything that was sent.
    pub(super) fn torture(&self, plan: Plan) -> Tally {
        let is_mortal = matches!(self.way, Way::Dies(_));
        let (stage, requests) =
            (ClientStage::new(plan.programs, plan.seed, is_mortal), SentRequests::default());
        let (mut lives, over) = (Lives::default(), AtomicBool::new(false));
        let rng = |n| Rng::new(plan.seed.wrapping_mul(16).wrapping_add(n));
        let (stage, requests, over) = (&stage, &requests, &over);
        let began = Instant::now();
        thread::scope(|scope| {
            let mut beside = vec![
                scope.spawn(|| watch::false_claims(stage, over)),
                scope.spawn(move || {
                    disturb((self.between, self.disturbances), (stage, requests), rng(1), over)
                }),
            ];
            // The frozen client needs a minute of its own, beside the kills; a short run has no time for it.
            if is_mortal && plan.limit >= watch::FREEZE_TAKES {
                beside.push(scope.spawn(|| watch::frozen(&stage.connect)));
            }
            for caller in 0..self.callers {
                beside.push(scope.spawn(move || self.call(stage, requests, rng(3 + caller), over)));
            }
            match self.way {
                Way::Dies(harms) => {
                    let mut rng = rng(2);
                    while lives.tally.get("kills") < plan.kills && began.elapsed() < plan.limit {
                        lives.one(stage, rng.pick(harms), &mut rng);
                        let kills = lives.tally.get("kills");
                        if kills.is_multiple_of(50) {
                            out::progress(&format!("{kills} kills, {} requests", requests.len()));
                        }
                    }
                }
                Way::Grows => soak::live(stage, &mut lives, plan.limit),
            }
            over.store(true, Ordering::Relaxed);
            for one in beside {
                match one.join() {
                    Ok(tally) => lives.tally.add(tally),
                    Err(_) => lives.tally.fault("something beside the client broke off".to_owned()),
                }
            }
        });
        // Turns of the killed clients may still end, and the next client delivers their results.
        lives.last(stage, requests);
        audit::audit(&requests.all(), stage, lives.evidence, lives.tally)
    }

    /// One caller, who sends requests until `over`, now and then several at once.
    fn call(
        &self,
        stage: &ClientStage,
        requests: &SentRequests,
        mut rng: Rng,
        over: &AtomicBool,
    ) -> Tally {
        while !over.load(Ordering::Relaxed) {
            for _ in 0..if rng.chance(5) { 8 } else { 1 } {
                requests.send(&stage.service, &mut rng);
            }
            thread::sleep(Duration::from_millis(rng.below(self.pause)));
        }
        Tally::default()
    }
}
