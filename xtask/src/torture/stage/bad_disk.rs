//! One command during which the disk fails, from a moment that the seed decides: before it starts, at random while it
//! runs, or just when the service has its request.

use std::path::Path;
use std::time::Duration;

use harness::{Output, RequestFault, Sandbox, ServiceLog};

use super::{HANG_LIMIT, Stage, named};
use crate::torture::disk::{Disk, DiskFault, Noticed, mentions_the_disk};
use crate::torture::harm::{Harm, SLOW, ServiceAnswer};

/// A command without a request within this time has no moment after its request.
const REQUEST_LIMIT: Duration = Duration::from_millis(40);

/// When the disk begins to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailureMoment {
    Before,
    After(Duration),
    AtRequest,
}

impl Stage<'_> {
    /// Runs a command whose disk fails, while the service may answer late or lose its answer after the effect: how it
    /// ended. The disk is healthy again then.
    pub(super) fn on_a_bad_disk(&mut self, disk: &Disk, name: &str, args: &[&str]) -> Output {
        self.last = (ServiceAnswer::Own, Harm::Nothing);
        let slow = RequestFault::Slow(SLOW);
        match self.rng.below(20) {
            0..12 => _ = self.service.fail("*", "/v1/*", slow, 1),
            12..14 => _ = self.service.fail("POST", "/v1/*", RequestFault::Lost, 1),
            _ => {}
        }
        let command = named(name, args);
        let takes = self.takes.get(&command).copied().unwrap_or(Duration::from_millis(8));
        let disk_fault = disk.disk_fault(&mut self.rng, longest(&self.sandbox));
        let part = u32::try_from(self.rng.below(1_200)).unwrap_or_default();
        let moment = match self.rng.below(10) {
            0..4 => FailureMoment::Before,
            4..5 => FailureMoment::After(takes * part / 1_000),
            _ => FailureMoment::AtRequest,
        };
        let (end, was_requested) = self.run_on(disk, (name, args), disk_fault, moment);
        let is_told = mentions_the_disk(end.err()) || mentions_the_disk(end.out());
        let noticed = match (is_told, was_requested) {
            (false, _) => Noticed::Nothing,
            (true, false) => Noticed::Something,
            (true, true) => Noticed::AfterTheRequest,
        };
        disk_fault.count(noticed, &command, &mut self.tally);
        self.check_behaviour(&command, &end);
        self.service.heal();
        self.check_files();
        let takes = self.takes.entry(command).or_insert(end.took());
        *takes = end.took().min(*takes);
        end
    }

    /// Runs it; whether the service had a request of it when the disk failed.
    fn run_on(
        &mut self,
        disk: &Disk,
        (name, args): (&str, &[&str]),
        disk_fault: DiskFault,
        moment: FailureMoment,
    ) -> (Output, bool) {
        self.tally.count("commands");
        let n_requests = |stage: &Self| {
            stage.service.try_wait_for(Duration::ZERO, |log| Some(log.requests.len()))
        };
        let (before, program) = (n_requests(self), self.program(name));
        let is_before = moment == FailureMoment::Before;
        let limit = match disk_fault {
            DiskFault::SizeLimit(bytes) if is_before => Some(format!("--fsize={bytes}:")),
            _ => None,
        };
        let mut fails = is_before && limit.is_none() && disk.fail(disk_fault, std::process::id());
        let prepared = match &limit {
            Some(limit) => self.sandbox.prepare("prlimit", [&[&**limit, &program], args].concat()),
            None => self.sandbox.prepare(&program, args),
        };
        let child = prepared.stdin(self.stdin).spawn();
        match moment {
            FailureMoment::Before => {}
            FailureMoment::After(time) => std::thread::sleep(time), // the moment of the failure
            FailureMoment::AtRequest => {
                let more = |log: &ServiceLog| (Some(log.requests.len()) > before).then_some(());
                self.service.try_wait_for(REQUEST_LIMIT, more);
            }
        }
        let was_requested = !is_before && n_requests(self) > before;
        if !is_before {
            fails = disk.fail(disk_fault, child.pid());
        }
        let end = child.finish(HANG_LIMIT);
        // The limit of a process ends with it.
        fails &= !matches!(disk_fault, DiskFault::SizeLimit(_));
        if fails && !disk.repair(disk_fault, std::process::id()) {
            self.tally.fault(format!("the disk stays as it is: {disk_fault:?}"));
        }
        (end, was_requested)
    }

    /// Checks what no command may do, however its disk fails.
    fn check_behaviour(&mut self, command: &str, end: &Output) {
        if end.code() == 101 || end.code() > 128 || end.took() >= HANG_LIMIT {
            self.tally.fault(format!("{command} broke: {end}"));
        }
        let errors = end.err().lines().filter(|line| line.starts_with("error: "));
        let errors: Vec<&str> = errors.collect();
        // The error of the crontab's own program on a full disk names no file.
        let names = |error: &str| error.contains('/') || error.contains("crontab");
        let is_told = matches!(errors[..], [error] if names(error));
        if end.code() == 4 && mentions_the_disk(end.err()) && !is_told {
            self.tally.fault(format!("{command} does not report in one line what failed: {end}"));
        }
        for (file, _) in FOLDERS.iter().flat_map(|folder| entries(&self.sandbox.path(folder))) {
            if file.contains(".tmp") {
                self.tally.fault(format!("{command} left `{file}` behind: {end}"));
            }
        }
    }
}

/// Where the programs keep their files.
const FOLDERS: [&str; 2] = ["skill", "home/.openclaw"];

/// The names in a folder, and how long each file is.
fn entries(folder: &Path) -> impl Iterator<Item = (String, u64)> + use<> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| {
        let length = entry.metadata().map_or(0, |meta| meta.len());
        (entry.file_name().to_string_lossy().into_owned(), length)
    })
}

/// The length of the longest file that the programs of a sandbox keep, and a little more.
fn longest(sandbox: &Sandbox) -> u64 {
    let all = FOLDERS.iter().flat_map(|folder| entries(&sandbox.path(folder)));
    all.map(|(_, length)| length).max().unwrap_or_default() + 600
}
