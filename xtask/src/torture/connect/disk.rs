//! `connect` on a disk that fails while it answers: it lives, answers, refuses what is sensitive, says how it is, and
//! keeps its journal again once the disk is well.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use harness::{Child, Output, Rng, ServiceLog, ServiceTable, SimulatedOwner, event};
use serde_json::{Value, json};
use state::paths;

use super::audit::{self, RequestAudit};
use super::client_runs::ClientRuns;
use super::requests::{RequestKind, SentRequests};
use super::soak::FAREWELL;
use super::stage::ClientStage;
use crate::torture::bad_disk::{Disk, DiskFault, Noticed, mentions_the_disk};

/// The clock of this machine shows the right time.
const RIGHT: &str = "";

/// Troubles of one client's disk.
const EPISODES: usize = 6;
/// What is answered at all is answered by then; the status is written each second.
const SOON: Duration = Duration::from_secs(20);
/// From one look to the next.
const INTERVAL: Duration = Duration::from_millis(50);
/// A status is not longer.
const STATUS: u64 = 1_800;
/// Something that is asked about first.
const SENSITIVE: &str = "Delete the repo test-repo";

/// One client and what it was asked.
struct ClientDiskRun<'a> {
    stage: ClientStage,
    requests: SentRequests,
    runs: ClientRuns,
    disk: &'a Disk,
    rng: Rng,
    refused: usize,
    /// Requests that were waited for in vain.
    missed: HashSet<usize>,
    faults: Vec<String>,
}

/// Plays some troubles on one client. The summary has no name of its own: it is a part of `disks`.
pub(in crate::torture) fn torture(programs: &Path, seed: u64, disk: &Disk) -> Value {
    let (stage, rng) = (ClientStage::new(programs, seed, false), Rng::new(seed));
    stage.service.owner(SimulatedOwner::Approves(Duration::ZERO));
    let (requests, mut runs, faults) = (SentRequests::default(), ClientRuns::default(), Vec::new());
    // A line that did not fit is torn, and no other has to be.
    runs.evidence.may_be_torn = true;
    let mut run = ClientDiskRun {
        stage,
        requests,
        runs,
        disk,
        rng,
        refused: 0,
        missed: HashSet::new(),
        faults,
    };
    let mut client = run.start();
    for _ in 0..EPISODES {
        run.ask(8);
        client = if run.rng.chance(30) { run.restart(client) } else { client };
        run.disk_fault(&mut client);
    }
    run.reckon(client)
}

impl ClientDiskRun<'_> {
    /// A client that is welcome.
    fn start(&mut self) -> Child {
        let before = self.stage.service.log().authenticated();
        let client = self.stage.spawn(RIGHT);
        let come = |log: &ServiceLog| (log.authenticated() > before).then_some(());
        if self.stage.service.try_wait_for(SOON, come).is_none() {
            self.faults.push(format!("a client does not come: {}", client.stderr()));
        }
        client
    }

    /// Some requests, the last of them new: its name in the journal.
    fn ask(&mut self, most: usize) -> String {
        for _ in 0..self.rng.index(most) {
            self.requests.ask(&self.stage.service, &mut self.rng);
        }
        let new = loop {
            if let Some(new) = self.requests.ask(&self.stage.service, &mut self.rng) {
                break new;
            }
        };
        let asked = self.requests.all().into_iter().find(|asked| asked.number == new);
        asked.map(|asked| asked.key()).unwrap_or_default()
    }

    /// The disk fails, and what is asked meanwhile is answered; then it is well, and so is the client.
    fn disk_fault(&mut self, client: &mut Child) {
        let disk_fault = self.choose();
        let fails = self.disk.fail(disk_fault, client.pid());
        let last = self.ask(6);
        self.told(client, "while the disk fails");
        // What had no room then has none later: the journal ends just where the disk did.
        let noticed = fails && !self.runs.evidence.accepted.contains(&last);
        if noticed {
            self.wait_for(
                "the status does not say that the journal cannot be written",
                is_unwritable,
            );
            self.sensitive(client);
            self.harmless(client);
        }
        self.disk.note(
            disk_fault,
            "connect",
            if noticed { Noticed::Something } else { Noticed::Nothing },
        );
        if !client.running() {
            self.faults.push(format!("the client died of {disk_fault:?}: {}", client.stderr()));
        }
        if fails && !self.disk.mend(disk_fault, client.pid()) {
            self.faults.push(format!("the disk stays as it is: {disk_fault:?}"));
        }
        self.is_well_again(client);
    }

    /// A disk with the journal open on it does not become read-only: what a client finds so, it finds at its start.
    fn choose(&mut self) -> DiskFault {
        let journal = paths::journal(&self.stage.sandbox.skill());
        let length = std::fs::metadata(journal).map_or(0, |meta| meta.len());
        // A limit below the length of the status would hide what it says.
        let limit = DiskFault::SizeLimit(length.max(STATUS) + self.rng.below(400));
        if !self.disk.is_mounted() {
            return limit;
        }
        match self.rng.below(if length > STATUS { 5 } else { 3 }) {
            0 | 1 => DiskFault::Full(self.rng.below(2)),
            2 => DiskFault::NoInodes(0),
            _ => limit,
        }
    }

    /// Waits until everything that was asked is told. A text whose turn said nothing is waited for no longer.
    fn told(&mut self, client: &Child, when: &str) {
        let until = Instant::now() + SOON;
        loop {
            self.runs.evidence.look(&self.stage.sandbox, &client.stderr());
            let asked = self.requests.all();
            let mut untold = audit::untold(&asked, &self.runs.evidence, &self.stage);
            untold.retain(|asked| !self.missed.contains(&asked.number));
            if untold.is_empty() {
                return;
            }
            if Instant::now() >= until {
                self.missed.extend(untold.iter().map(|asked| asked.number));
                untold.retain(|asked| asked.kind != RequestKind::Text);
                if !untold.is_empty() {
                    let said = client.stderr();
                    self.faults.push(format!("not answered {when}: {untold:?}\n{said}"));
                }
                return;
            }
            std::thread::sleep(INTERVAL);
        }
    }

    /// What would be asked about cannot be kept, so it is refused and nobody is asked.
    fn sensitive(&mut self, client: &Child) {
        let (id, asked) =
            (format!("s{}", self.refused), self.stage.service.rows(ServiceTable::Approvals));
        self.refused += 1;
        self.stage.service.send(&event::deep_tool_request("c1", &id, SENSITIVE));
        let is_it = |log: &ServiceLog| {
            let mut told = log.frames_of("deep_tool_result").into_iter();
            told.any(|frame| frame["request_id"] == *id).then_some(())
        };
        if self.stage.service.try_wait_for(SOON, is_it).is_none() {
            self.faults.push(format!("`{SENSITIVE}` was not answered: {}", client.stderr()));
        }
        let is_still = is_unwritable(&self.stage.status());
        let turns = self.stage.gateway.turns();
        let ran = turns.iter().any(|turn| turn.message.contains(SENSITIVE));
        if is_still && (ran || self.stage.service.rows(ServiceTable::Approvals) != asked) {
            self.faults.push(format!("`{SENSITIVE}` was let through: {}", client.stderr()));
        }
    }

    /// What need not be asked about is done all the same.
    fn harmless(&mut self, client: &Child) {
        self.ask(1);
        self.told(client, "without a journal");
        let number = self.requests.all().last().map(|asked| asked.number);
        let turns = self.stage.gateway.turns();
        if !turns.iter().any(|turn| super::requests::number(&turn.message) == number) {
            self.faults.push(format!("{number:?} was not served: {}", client.stderr()));
        }
    }

    /// The next request is in the journal, and the status says that all is well.
    fn is_well_again(&mut self, client: &mut Child) {
        let last = self.ask(1);
        self.told(client, "after the disk was mended");
        if !self.runs.evidence.accepted.contains(&last) {
            self.faults.push(format!("the journal is not kept again: {}", client.stderr()));
        }
        self.wait_for("the status does not recover", |status| status.code() == 0);
    }

    /// Waits until the status is so.
    fn wait_for(&mut self, else_fault: &str, is_so: impl Fn(&Output) -> bool) {
        let until = Instant::now() + SOON;
        loop {
            let status = self.stage.status();
            if is_so(&status) {
                return;
            }
            if Instant::now() >= until {
                return self.faults.push(format!("{else_fault}: {status}"));
            }
            std::thread::sleep(INTERVAL);
        }
    }

    /// A client is killed when nothing is open, and the next one starts on a bad disk.
    fn restart(&mut self, client: Child) -> Child {
        self.told(&client, "before a kill");
        self.runs.kill(&self.stage, client);
        let is_full = !self.disk.is_mounted() || self.rng.chance(60);
        if is_full {
            let disk_fault = DiskFault::Full(self.rng.below(2));
            let fails = self.disk.fail(disk_fault, std::process::id());
            let client = self.start();
            if fails && !self.disk.mend(disk_fault, std::process::id()) {
                self.faults.push("the disk stays full".to_owned());
            }
            return client;
        }
        let fails = self.disk.fail(DiskFault::ReadOnly, std::process::id());
        let end = self.stage.spawn(RIGHT).finish(SOON);
        let is_told = end.code() == 4 && mentions_the_disk(end.err());
        if fails && !is_told {
            self.faults.push(format!("a client starts on a read-only disk: {end}"));
        }
        let noticed = if is_told { Noticed::Something } else { Noticed::Nothing };
        self.disk.note(DiskFault::ReadOnly, "connect", noticed);
        if fails && !self.disk.mend(DiskFault::ReadOnly, std::process::id()) {
            self.faults.push("the disk stays read-only".to_owned());
        }
        self.start()
    }

    /// The sums, when all is told and the client has gone as it was asked to.
    fn reckon(mut self, client: Child) -> Value {
        let asked = self.requests.all();
        let is_done = |evidence: &_| audit::open(&asked, evidence, &self.stage) == 0;
        self.runs.farewell(&self.stage, client, FAREWELL, is_done);
        let audit = RequestAudit::of(&asked, &self.runs.evidence, &self.stage);
        let mut summary = audit.json();
        summary["sensitive_refused"] = self.refused.into();
        summary["unreadable"] = self.runs.evidence.faults.len().into();
        summary["lives"] = (self.runs.kills + 1).into();
        let mut faults = audit.faults;
        for more in [&mut self.faults, &mut self.runs.stuck, &mut self.runs.false_claims] {
            faults.append(more);
        }
        faults.append(&mut self.runs.evidence.faults);
        summary["faults"] = json!(faults);
        summary
    }
}

fn is_unwritable(status: &Output) -> bool {
    status.code() == 1 && status.out().contains(r#""journal_writable":false"#)
}

/// The sums of two clients.
pub(in crate::torture) fn sum(all: Value, one: &Value) -> Value {
    let Value::Object(mut all) = all else { return one.clone() };
    for (key, value) in one.as_object().into_iter().flatten() {
        let sum = match (&all[key], value) {
            (Value::Array(all), Value::Array(more)) => [&all[..], more].concat().into(),
            (sum, more) => {
                (sum.as_u64().unwrap_or_default() + more.as_u64().unwrap_or_default()).into()
            }
        };
        all.insert(key.clone(), sum);
    }
    all.into()
}
