//! The runs of the client: started, killed at a random moment, started again at once.

use std::time::{Duration, Instant};

use harness::{Child, ClockSkew, Rng, ServiceLog, Signal};

use super::evidence::Evidence;
use super::stage::{ClientStage, claims};

/// A client that is not connected by then, without disturbances, hangs, or waits for a lock that nobody holds.
const STUCK: Duration = Duration::from_secs(20);

/// Longest time for a client to end after SIGTERM.
const GOODBYE: Duration = Duration::from_secs(15);

/// What the runs showed.
#[derive(Default)]
pub(super) struct ClientRuns {
    pub(super) kills: usize,
    /// The machine's clock, which is set between two lives.
    pub(super) skew: ClockSkew,
    pub(super) evidence: Evidence,
    /// Times at which a client did not begin although none ran.
    pub(super) stuck: Vec<String>,
    /// Claims of a dead client's status.
    pub(super) false_claims: Vec<String>,
}

impl ClientRuns {
    /// One life with a violent end, after a moment that the seed decides.
    pub(super) fn one(&mut self, stage: &ClientStage, rng: &mut Rng) {
        // A third of the lives end while starting or taking up what the last one left.
        let most = [60, 400, 2_000][rng.index(3)];
        let life = Duration::from_millis(rng.below(most));
        let client = stage.spawn(self.skew.draw(rng));
        std::thread::sleep(life);
        self.kill(stage, client);
    }

    /// Ends a run with SIGKILL, and collects what is left.
    pub(super) fn kill(&mut self, stage: &ClientStage, mut client: Child) {
        if !client.running() {
            self.stuck.push(format!("stuck: a client ended by itself: {}", last_line(&client)));
        }
        client.signal(Signal::KILL);
        self.kills += 1;
        let ended = client.finish(Duration::from_secs(5));
        self.evidence.collect(&stage.sandbox, ended.err());
        let status = stage.status();
        if claims(&status) {
            self.false_claims
                .push(format!("false claim: connected, although killed: {}", status.out()));
        }
    }

    /// A last client, without disturbances and with the right time: see [`Self::farewell`].
    pub(super) fn last(
        &mut self,
        stage: &ClientStage,
        patience: Duration,
        is_done: impl Fn(&Evidence) -> bool,
    ) {
        let before = stage.service.log().authenticated();
        let client = stage.spawn(self.skew.reset());
        let come = |log: &ServiceLog| (log.authenticated() > before).then_some(());
        if stage.service.try_wait_for(STUCK, come).is_none() {
            self.stuck.push(format!("stuck: the last client did not come: {}", last_line(&client)));
        }
        self.farewell(stage, client, patience, is_done);
    }

    /// Lets a client deliver what is still open; then SIGTERM must end it.
    pub(super) fn farewell(
        &mut self,
        stage: &ClientStage,
        client: Child,
        patience: Duration,
        is_done: impl Fn(&Evidence) -> bool,
    ) {
        let until = Instant::now() + patience;
        while Instant::now() < until {
            self.evidence.collect(&stage.sandbox, &client.stderr());
            if is_done(&self.evidence) {
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        let ended = client.stop(Signal::TERM, GOODBYE);
        self.evidence.collect(&stage.sandbox, ended.err());
        if ended.code() != 0 {
            self.stuck.push(format!("stuck: SIGTERM ended the last client with {}", ended.code()));
        }
    }
}

fn last_line(client: &Child) -> String {
    client.stderr().lines().last().unwrap_or_default().to_owned()
}
