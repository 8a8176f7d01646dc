//! `connect` on a disk that fails while it replies: it lives, replies, refuses what is sensitive, reports its state, and
//! keeps its journal again once the disk is healthy.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use harness::{Child, Output, Rng, ServiceLog, ServiceTable, SimulatedOwner, comes_true, event};
use state::paths;

use super::audit;
use super::lives::Lives;
use super::requests::{RequestKind, SentRequests, number, order};
use super::stage::ClientStage;
use crate::torture::disk::{Disk, DiskFault, Noticed, mentions_the_disk};
use crate::torture::stage::Stage;

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
/// Requests that are not in the audit have numbers from here on.
const REFUSED: usize = 1_000_000;

/// One client and its requests.
struct ClientDiskRun<'a> {
    stage: ClientStage,
    requests: SentRequests,
    lives: Lives,
    disk: &'a Disk,
    rng: Rng,
    refused: usize,
    /// Requests that were waited for in vain.
    missed: HashSet<usize>,
}

/// Injects some faults into one client.
pub(in crate::torture) fn client(stage: &mut Stage, _: usize) {
    let Some(disk) = stage.disk.clone() else { return };
    let rng = Rng::new(stage.rng.next_u64());
    let client = ClientStage::new(stage.plan.programs, stage.rng.next_u64(), false);
    client.service.owner(SimulatedOwner::Approves(Duration::ZERO));
    let mut lives = Lives::default();
    // A line that did not fit is torn, and no other has to be.
    lives.evidence.may_be_torn = true;
    let (requests, missed) = (SentRequests::default(), HashSet::new());
    let mut run =
        ClientDiskRun { stage: client, requests, lives, disk: &disk, rng, refused: 0, missed };
    let mut client = run.lives.start(&run.stage);
    for _ in 0..EPISODES {
        run.send(8);
        client = if run.rng.chance(30) { run.restart(client) } else { client };
        run.disk_fault(&mut client);
    }
    run.lives.farewell(&run.stage, client, &run.requests);
    stage.tally.add(audit::audit(
        &run.requests.all(),
        &run.stage,
        run.lives.evidence,
        run.lives.tally,
    ));
}

impl ClientDiskRun<'_> {
    fn fault(&mut self, what: impl std::fmt::Display) {
        self.lives.tally.fault(format!("connect: {what}"));
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
        let noticed = fails && !self.lives.evidence.accepted.contains(&last);
        if noticed {
            self.wait_for(
                "the status does not say that the journal cannot be written",
                is_unwritable,
            );
            self.sensitive(client);
            self.harmless(client);
        }
        self.note(disk_fault, noticed);
        if !client.running() {
            self.fault(format!("the client died of {disk_fault:?}: {}", client.stderr()));
        }
        self.repair(fails, disk_fault, client.pid());
        let last = self.send(1);
        self.wait_for_results(client, "after the disk was mended");
        if !self.lives.evidence.accepted.contains(&last) {
            self.fault(format!("the journal is not written again: {}", client.stderr()));
        }
        self.wait_for("the status does not recover", |status| status.code() == 0);
    }

    fn repair(&mut self, fails: bool, disk_fault: DiskFault, pid: u32) {
        if fails && !self.disk.repair(disk_fault, pid) {
            self.fault(format!("the disk stays as it is: {disk_fault:?}"));
        }
    }

    fn note(&mut self, disk_fault: DiskFault, noticed: bool) {
        let noticed = if noticed { Noticed::Something } else { Noticed::Nothing };
        disk_fault.count(noticed, "connect", &mut self.lives.tally);
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
            self.lives.evidence.collect(&self.stage.sandbox, &client.stderr());
            let sent = self.requests.all();
            let mut without_result =
                audit::without_result(&sent, &self.lives.evidence, &self.stage);
            without_result.retain(|sent| !self.missed.contains(&sent.number));
            if without_result.is_empty() {
                return;
            }
            if Instant::now() >= until {
                self.missed.extend(without_result.iter().map(|sent| sent.number));
                without_result.retain(|sent| sent.kind != RequestKind::Text);
                if !without_result.is_empty() {
                    let stderr = client.stderr();
                    self.fault(format!("not answered {when}: {without_result:?}\n{stderr}"));
                }
                return;
            }
            std::thread::sleep(INTERVAL);
        }
    }

    /// The approval could not be stored, so the request is refused and the owner is not asked.
    fn sensitive(&mut self, client: &Child) {
        let asked = self.stage.service.rows(ServiceTable::Approvals);
        let order = order(REFUSED + self.refused);
        let id = format!("s{}", self.refused);
        self.refused += 1;
        self.stage.service.send(&event::deep_tool_request("c1", &id, &order));
        let is_it = |log: &ServiceLog| {
            let mut results = log.frames_of("deep_tool_result").into_iter();
            results.any(|frame| frame["request_id"] == *id).then_some(())
        };
        if self.stage.service.try_wait_for(SOON, is_it).is_none() {
            self.fault(format!("`{order}` was not answered: {}", client.stderr()));
        }
        let is_still = is_unwritable(&self.stage.status());
        let ran = self.stage.gateway.turns().iter().any(|turn| turn.message.contains(&order));
        if is_still && (ran || self.stage.service.rows(ServiceTable::Approvals) != asked) {
            self.lives.tally.unapproved(&format!("`{order}`: {}", client.stderr()));
        }
    }

    /// A request that needs no approval is carried out all the same.
    fn harmless(&mut self, client: &Child) {
        let sent = loop {
            self.send(1);
            let sent = self.requests.all().last().copied();
            if let Some(sent) = sent.filter(|sent| sent.kind != RequestKind::Sensitive) {
                break sent;
            }
        };
        self.wait_for_results(client, "without a journal");
        let turns = self.stage.gateway.turns();
        if !turns.iter().any(|turn| number(&turn.message) == Some(sent.number)) {
            self.fault(format!("{} was not served: {}", sent.key(), client.stderr()));
        }
    }

    /// Waits until the status is so.
    fn wait_for(&mut self, else_fault: &str, is_so: impl Fn(&Output) -> bool) {
        if !comes_true(SOON, || is_so(&self.stage.status())) {
            self.fault(format!("{else_fault}: {}", self.stage.status()));
        }
    }

    /// A client is killed when nothing is open, and the next one starts on a bad disk.
    fn restart(&mut self, client: Child) -> Child {
        self.wait_for_results(&client, "before a kill");
        self.lives.kill(&self.stage, client);
        let is_full = !self.disk.is_mounted() || self.rng.chance(60);
        let disk_fault =
            if is_full { DiskFault::Full(self.rng.below(2)) } else { DiskFault::ReadOnly };
        let fails = self.disk.fail(disk_fault, std::process::id());
        if is_full {
            let client = self.lives.start(&self.stage);
            self.repair(fails, disk_fault, std::process::id());
            return client;
        }
        let end = self.stage.spawn(RIGHT).finish(SOON);
        let is_told = end.code() == 4 && mentions_the_disk(end.err());
        if fails && !is_told {
            self.fault(format!("a client starts on a read-only disk: {end}"));
        }
        self.note(disk_fault, is_told);
        self.repair(fails, disk_fault, std::process::id());
        self.lives.start(&self.stage)
    }
}

fn is_unwritable(status: &Output) -> bool {
    status.code() == 1 && status.out().contains(r#""journal_writable":false"#)
}
