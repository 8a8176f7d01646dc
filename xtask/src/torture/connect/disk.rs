//! `connect` on a disk that fails while it replies: it lives, replies, refuses what is sensitive, reports its state, and
//! keeps its journal again once the disk is healthy.

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
/// What gets a reply at all has it by then; the status is written each second.
const SOON: Duration = Duration::from_secs(20);
/// Between two polls.
const INTERVAL: Duration = Duration::from_millis(50);
/// A status is not longer.
const STATUS: u64 = 1_800;
/// A request that needs an approval first.
const SENSITIVE: &str = "Delete the repo test-repo";

/// One client and its requests.
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

/// Injects some faults into one client. The summary has no name of its own: it is a part of `disks`.
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
        run.send(8);
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
    fn send(&mut self, most: usize) -> String {
        for _ in 0..self.rng.index(most) {
            self.requests.send(&self.stage.service, &mut self.rng);
        }
        let new = loop {
            if let Some(new) = self.requests.send(&self.stage.service, &mut self.rng) {
                break new;
            }
        };
        let sent = self.requests.all().into_iter().find(|sent| sent.number == new);
        sent.map(|sent| sent.key()).unwrap_or_default()
    }

    /// The disk fails, and requests meanwhile get their results; then it is healthy, and so is the client.
    fn disk_fault(&mut self, client: &mut Child) {
        let disk_fault = self.choose();
        let fails = self.disk.fail(disk_fault, client.pid());
        let last = self.send(6);
        self.wait_for_results(client, "while the disk fails");
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
        if fails && !self.disk.repair(disk_fault, client.pid()) {
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

    /// Waits until every request has its result. A text whose turn replied nothing is waited for no longer.
    fn wait_for_results(&mut self, client: &Child, when: &str) {
        let until = Instant::now() + SOON;
        loop {
            self.runs.evidence.collect(&self.stage.sandbox, &client.stderr());
            let sent = self.requests.all();
            let mut without_result = audit::without_result(&sent, &self.runs.evidence, &self.stage);
            without_result.retain(|sent| !self.missed.contains(&sent.number));
            if without_result.is_empty() {
                return;
            }
            if Instant::now() >= until {
                self.missed.extend(without_result.iter().map(|sent| sent.number));
                without_result.retain(|sent| sent.kind != RequestKind::Text);
                if !without_result.is_empty() {
                    let stderr = client.stderr();
                    self.faults.push(format!("not answered {when}: {without_result:?}\n{stderr}"));
                }
                return;
            }
            std::thread::sleep(INTERVAL);
        }
    }

    /// The approval could not be stored, so the request is refused and the owner is not asked.
    fn sensitive(&mut self, client: &Child) {
        let (id, sent) =
            (format!("s{}", self.refused), self.stage.service.rows(ServiceTable::Approvals));
        self.refused += 1;
        self.stage.service.send(&event::deep_tool_request("c1", &id, SENSITIVE));
        let is_it = |log: &ServiceLog| {
            let mut wait_for_results = log.frames_of("deep_tool_result").into_iter();
            wait_for_results.any(|frame| frame["request_id"] == *id).then_some(())
        };
        if self.stage.service.try_wait_for(SOON, is_it).is_none() {
            self.faults.push(format!("`{SENSITIVE}` was not answered: {}", client.stderr()));
        }
        let is_still = is_unwritable(&self.stage.status());
        let turns = self.stage.gateway.turns();
        let ran = turns.iter().any(|turn| turn.message.contains(SENSITIVE));
        if is_still && (ran || self.stage.service.rows(ServiceTable::Approvals) != sent) {
            self.faults.push(format!("`{SENSITIVE}` was let through: {}", client.stderr()));
        }
    }

    /// A request that needs no approval is carried out all the same.
    fn harmless(&mut self, client: &Child) {
        self.send(1);
        self.wait_for_results(client, "without a journal");
        let number = self.requests.all().last().map(|sent| sent.number);
        let turns = self.stage.gateway.turns();
        if !turns.iter().any(|turn| super::requests::number(&turn.message) == number) {
            self.faults.push(format!("{number:?} was not served: {}", client.stderr()));
        }
    }

    /// The next request is in the journal, and the status says that all is healthy.
    fn is_well_again(&mut self, client: &mut Child) {
        let last = self.send(1);
        self.wait_for_results(client, "after the disk was mended");
        if !self.runs.evidence.accepted.contains(&last) {
            self.faults.push(format!("the journal is not written again: {}", client.stderr()));
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
        self.wait_for_results(&client, "before a kill");
        self.runs.kill(&self.stage, client);
        let is_full = !self.disk.is_mounted() || self.rng.chance(60);
        if is_full {
            let disk_fault = DiskFault::Full(self.rng.below(2));
            let fails = self.disk.fail(disk_fault, std::process::id());
            let client = self.start();
            if fails && !self.disk.repair(disk_fault, std::process::id()) {
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
        if fails && !self.disk.repair(DiskFault::ReadOnly, std::process::id()) {
            self.faults.push("the disk stays read-only".to_owned());
        }
        self.start()
    }

    /// The sums, when every request has its result and the client has ended.
    fn reckon(mut self, client: Child) -> Value {
        let sent = self.requests.all();
        let is_done = |evidence: &_| audit::count_open(&sent, evidence, &self.stage) == 0;
        self.runs.farewell(&self.stage, client, FAREWELL, is_done);
        let audit = RequestAudit::of(&sent, &self.runs.evidence, &self.stage);
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
