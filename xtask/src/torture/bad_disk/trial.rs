//! One command during which the disk fails, from a moment that the seed decides: before it starts, at random while it
//! runs, or just when the service has its request.

use std::time::Duration;

use harness::{Output, Rng, Sandbox, SimulatedService};

use super::disk::{Disk, DiskFault, Noticed, mentions_the_disk};

/// A command that has not ended by then counts as hanging.
pub(in crate::torture) const HANG_LIMIT: Duration = Duration::from_secs(60);
/// A command without a request within this time has no moment after its request.
const REQUEST_LIMIT: Duration = Duration::from_millis(40);

/// What is run.
#[derive(Clone, Copy)]
pub(in crate::torture) struct TriedCommand<'a> {
    pub(in crate::torture) sandbox: &'a Sandbox,
    pub(in crate::torture) service: &'a SimulatedService,
    /// Its name in the summary.
    pub(in crate::torture) name: &'a str,
    pub(in crate::torture) program: &'a str,
    pub(in crate::torture) args: &'a [&'a str],
    pub(in crate::torture) stdin: &'a str,
    /// How long it takes at least.
    pub(in crate::torture) takes: Duration,
}

/// When the disk begins to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailureMoment {
    Before,
    After(Duration),
    AtRequest,
}

impl Disk {
    /// Runs a command and lets the disk fail meanwhile; it is healthy again when the command has ended.
    pub(in crate::torture) fn run_command(
        &self,
        tried: TriedCommand,
        rng: &mut Rng,
    ) -> (Output, Vec<String>) {
        let disk_fault = self.disk_fault(rng, longest(tried.sandbox));
        let part = u32::try_from(rng.below(1_200)).unwrap_or_default();
        let moment = match rng.below(10) {
            0..4 => FailureMoment::Before,
            4..5 => FailureMoment::After(tried.takes * part / 1_000),
            _ => FailureMoment::AtRequest,
        };
        let mut faults = Vec::new();
        let (end, was_requested) = self.run(tried, disk_fault, moment, &mut faults);
        let is_told = mentions_the_disk(end.err()) || mentions_the_disk(end.out());
        let noticed = match (is_told, was_requested) {
            (false, _) => Noticed::Nothing,
            (true, false) => Noticed::Something,
            (true, true) => Noticed::AfterTheRequest,
        };
        self.note(disk_fault, tried.name, noticed);
        faults.extend(misbehaved(tried, &end));
        (end, faults)
    }

    /// Runs it; whether the service had a request of it when the disk failed.
    fn run(
        &self,
        tried: TriedCommand,
        disk_fault: DiskFault,
        moment: FailureMoment,
        faults: &mut Vec<String>,
    ) -> (Output, bool) {
        let TriedCommand { sandbox, service, program, args, stdin, .. } = tried;
        let n_requests = || service.try_wait_for(Duration::ZERO, |log| Some(log.requests.len()));
        let before = n_requests();
        let is_limited_from_the_start =
            moment == FailureMoment::Before && matches!(disk_fault, DiskFault::SizeLimit(_));
        let mut fails = moment == FailureMoment::Before
            && !is_limited_from_the_start
            && self.fail(disk_fault, std::process::id());
        let prepared =
            if let (true, DiskFault::SizeLimit(bytes)) = (is_limited_from_the_start, disk_fault) {
                let limit = format!("--fsize={bytes}:");
                sandbox.prepare("prlimit", [&[&*limit, program], args].concat())
            } else {
                sandbox.prepare(program, args)
            };
        let child = prepared.stdin(stdin).spawn();
        match moment {
            FailureMoment::Before => {}
            FailureMoment::After(time) => std::thread::sleep(time), // the moment of the failure
            FailureMoment::AtRequest => {
                let more =
                    |log: &harness::ServiceLog| (Some(log.requests.len()) > before).then_some(());
                service.try_wait_for(REQUEST_LIMIT, more);
            }
        }
        let was_requested = moment != FailureMoment::Before && n_requests() > before;
        if moment != FailureMoment::Before {
            fails = self.fail(disk_fault, child.pid());
        }
        let end = child.finish(HANG_LIMIT);
        // The limit of a process ends with it.
        fails &= !matches!(disk_fault, DiskFault::SizeLimit(_));
        if fails && !self.repair(disk_fault, std::process::id()) {
            faults.push(format!("the disk stays as it is: {disk_fault:?}"));
        }
        (end, was_requested)
    }
}

/// What no command may do, however its disk fails.
fn misbehaved(tried: TriedCommand, end: &Output) -> Vec<String> {
    let mut faults = Vec::new();
    if end.code() == 101 || end.code() > 128 || end.took() >= HANG_LIMIT {
        faults.push(format!("{} broke: {end}", tried.name));
    }
    let errors: Vec<&str> = end.err().lines().filter(|line| line.starts_with("error: ")).collect();
    // The error of the crontab's own program on a full disk names no file.
    let names = |error: &str| error.contains('/') || error.contains("crontab");
    let is_told = matches!(errors[..], [error] if names(error));
    if end.code() == 4 && mentions_the_disk(end.err()) && !is_told {
        faults.push(format!("{} does not report in one line what failed: {end}", tried.name));
    }
    for folder in ["skill", "home/.openclaw"] {
        faults.extend(
            unfinished(&tried.sandbox.path(folder))
                .map(|file| format!("{} left `{file}` behind: {end}", tried.name)),
        );
    }
    faults
}

/// Unfinished files in a folder.
fn unfinished(folder: &std::path::Path) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains(".tmp"))
}

/// The length of the longest file that the programs of a sandbox keep, and a little more.
fn longest(sandbox: &Sandbox) -> u64 {
    let length = |folder: &str| {
        let entries = std::fs::read_dir(sandbox.path(folder)).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len()).max()
    };
    let lengths = ["skill", "home/.openclaw"].into_iter().filter_map(length);
    lengths.max().unwrap_or_default() + 600
}
