//! The lives of the client: started, harmed at a random moment, killed, started again at once.

use std::thread;
use std::time::{Duration, Instant};

use harness::{Child, Rng, ServiceLog, Signal, comes_true};

use super::audit;
use super::evidence::Evidence;
use super::requests::{SentRequest, SentRequests};
use super::stage::{ClientStage, LIFETIME, PERIODS, claims};
use crate::torture::harm::{Harm, harm_file};
use crate::torture::tally::Tally;

/// A client that is not connected by then, without disturbances, hangs, or waits for a lock that nobody holds. A file that
/// was taken away stands again by then.
const STUCK: Duration = Duration::from_secs(20);

/// Longest time for a client to end after SIGTERM.
const GOODBYE: Duration = Duration::from_secs(15);

/// A text whose turn outlasted its wait gets its reply late: within that time, and while the reply is still wanted.
pub(super) const FAREWELL: Duration =
    Duration::from_secs(600 / PERIODS as u64).saturating_add(LIFETIME);

/// The longest stop of a client, in milliseconds; and how long its machine sleeps, in seconds.
const STOP: u64 = 4_000;
const SLEEPS: [u64; 4] = [3, 20, 600, 30_000];

/// The files of a running client. A journal that is cut has forgotten what it held, which nobody can bring back.
const FILES: [&str; 4] =
    [".connect.journal", ".connect.lock", ".connect.status.json", ".connect.pid"];

/// What the lives showed.
#[derive(Default)]
pub(super) struct Lives {
    pub(super) evidence: Evidence,
    pub(super) tally: Tally,
}

impl Lives {
    /// One life with a violent end, after a moment that the seed decides.
    pub(super) fn one(&mut self, stage: &ClientStage, harm: Harm, rng: &mut Rng) {
        // A third of the lives end while starting or taking up what the last one left.
        let most = [60, 400, 2_000][rng.index(3)];
        let life = Duration::from_millis(rng.below(most));
        let mut client = stage.spawn(self.tally.clock(rng));
        thread::sleep(life);
        match harm {
            Harm::Nothing | Harm::Kill => {}
            Harm::Stop => {
                client.signal(Signal::STOP);
                thread::sleep(Duration::from_millis(rng.below(STOP))); // the stop itself
                client.signal(Signal::CONT);
                self.tally.count("stops");
                thread::sleep(life);
            }
            Harm::Sleep => {
                let slept = stage.sleep(Duration::from_secs(SLEEPS[rng.index(4)]));
                self.tally.add_up("sleeps", slept.into());
                thread::sleep(life);
            }
            Harm::Files => self.take_file(stage, &mut client, rng),
        }
        self.kill(stage, client);
    }

    /// Takes a file away from a client that is connected, and waits until the client has noticed: it is still the one that
    /// runs meanwhile.
    fn take_file(&mut self, stage: &ClientStage, client: &mut Child, rng: &mut Rng) {
        let is_connected = |stage: &ClientStage| stage.status().code() == 0;
        if !comes_true(STUCK, || is_connected(stage)) {
            return;
        }
        let path = stage.sandbox.skill().join(FILES[rng.index(FILES.len())]);
        if path.ends_with(FILES[0]) {
            let _ = if rng.chance(50) {
                std::fs::rename(&path, path.with_extension("old"))
            } else {
                std::fs::remove_file(&path)
            };
        } else {
            harm_file(&path, rng);
        }
        self.tally.count("files");
        let second = stage.sandbox.run(&stage.connect, ["run"]);
        if client.running() && second.code() != 5 {
            self.tally.fault(format!("a second client came, without {}: {second}", path.display()));
        }
        if !comes_true(STUCK, || !client.running() || (path.exists() && is_connected(stage))) {
            self.tally.lose(&format!("{} does not stand again", path.display()));
        }
    }

    /// Ends a life with SIGKILL, and collects what is left.
    pub(super) fn kill(&mut self, stage: &ClientStage, mut client: Child) {
        if !client.running() {
            self.tally.fault(format!("a client ended by itself: {}", last_line(&client)));
        }
        client.signal(Signal::KILL);
        self.tally.count("kills");
        let ended = client.finish(Duration::from_secs(5));
        self.evidence.collect(&stage.sandbox, ended.err());
        let status = stage.status();
        if claims(&status) {
            self.tally.fault(format!("false claim: connected, although killed: {}", status.out()));
        }
    }

    /// A last client, without disturbances and with the right time.
    pub(super) fn last(&mut self, stage: &ClientStage, requests: &SentRequests) {
        let client = self.start(stage);
        self.farewell(stage, client, requests);
    }

    /// A client that is welcome, on a machine with the right time.
    pub(super) fn start(&mut self, stage: &ClientStage) -> Child {
        let before = stage.service.log().authenticated();
        let client = stage.spawn("");
        let come = |log: &ServiceLog| (log.authenticated() > before).then_some(());
        if stage.service.try_wait_for(STUCK, come).is_none() {
            self.tally.fault(format!("a client does not come: {}", client.stderr()));
        }
        client
    }

    /// Lets a client deliver what is still open; then SIGTERM must end it.
    pub(super) fn farewell(&mut self, stage: &ClientStage, client: Child, requests: &SentRequests) {
        let sent: Vec<SentRequest> = requests.all();
        let until = Instant::now() + FAREWELL;
        while Instant::now() < until {
            self.evidence.collect(&stage.sandbox, &client.stderr());
            if audit::count_open(&sent, &self.evidence, stage) == 0 {
                break;
            }
            thread::sleep(Duration::from_millis(200));
        }
        let ended = client.stop(Signal::TERM, GOODBYE);
        self.evidence.collect(&stage.sandbox, ended.err());
        if ended.code() != 0 {
            self.tally.fault(format!("stuck: SIGTERM ended the last client: {ended}"));
        }
    }
}

fn last_line(client: &Child) -> String {
    client.stderr().lines().last().unwrap_or_default().to_owned()
}
