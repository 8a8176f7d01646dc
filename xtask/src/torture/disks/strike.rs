//! One command during which the disk fails, from a moment that the seed decides: before it starts, at random while it
//! runs, or just when the service has its request.

use std::time::Duration;

use harness::{Output, Rng, Sandbox, SimulatedService};

use super::disk::{Disk, Felt, Trouble, speaks_of_the_disk};

/// A command that has not ended by then hangs.
pub(in crate::torture) const HANGS: Duration = Duration::from_secs(60);
/// A command that asks nothing of the service within this time has no moment after its request.
const ASKS: Duration = Duration::from_millis(40);

/// What is run.
#[derive(Clone, Copy)]
pub(in crate::torture) struct Tried<'a> {
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
enum Moment {
    Before,
    After(Duration),
    Asked,
}

impl Disk {
    /// Runs a command and lets the disk fail meanwhile; it is well again when the command has ended.
    pub(in crate::torture) fn try_out(&self, tried: Tried, rng: &mut Rng) -> (Output, Vec<String>) {
        let trouble = self.trouble(rng, longest(tried.sandbox));
        let part = u32::try_from(rng.below(1_200)).unwrap_or_default();
        let moment = match rng.below(10) {
            0..4 => Moment::Before,
            4..5 => Moment::After(tried.takes * part / 1_000),
            _ => Moment::Asked,
        };
        let mut faults = Vec::new();
        let (end, had_asked) = self.run(tried, trouble, moment, &mut faults);
        let is_told = speaks_of_the_disk(end.err()) || speaks_of_the_disk(end.out());
        let felt = match (is_told, had_asked) {
            (false, _) => Felt::Nothing,
            (true, false) => Felt::Something,
            (true, true) => Felt::AfterTheRequest,
        };
        self.note(trouble, tried.name, felt);
        faults.extend(misbehaved(tried, &end));
        (end, faults)
    }

    /// Runs it; whether the service had a request of it when the disk failed.
    fn run(
        &self,
        tried: Tried,
        trouble: Trouble,
        moment: Moment,
        faults: &mut Vec<String>,
    ) -> (Output, bool) {
        let Tried { sandbox, service, program, args, stdin, .. } = tried;
        let asked = || service.try_wait_for(Duration::ZERO, |log| Some(log.requests.len()));
        let before = asked();
        let is_limited_from_the_start =
            moment == Moment::Before && matches!(trouble, Trouble::SizeLimit(_));
        let mut fails = moment == Moment::Before
            && !is_limited_from_the_start
            && self.fail(trouble, std::process::id());
        let prepared =
            if let (true, Trouble::SizeLimit(bytes)) = (is_limited_from_the_start, trouble) {
                let limit = format!("--fsize={bytes}:");
                sandbox.prepare("prlimit", [&[&*limit, program], args].concat())
            } else {
                sandbox.prepare(program, args)
            };
        let child = prepared.stdin(stdin).spawn();
        match moment {
            Moment::Before => {}
            Moment::After(time) => std::thread::sleep(time), // the moment of the failure
            Moment::Asked => {
                let more =
                    |log: &harness::ServiceLog| (Some(log.requests.len()) > before).then_some(());
                service.try_wait_for(ASKS, more);
            }
        }
        let had_asked = moment != Moment::Before && asked() > before;
        if moment != Moment::Before {
            fails = self.fail(trouble, child.pid());
        }
        let end = child.finish(HANGS);
        // The limit of a process ends with it.
        fails &= !matches!(trouble, Trouble::SizeLimit(_));
        if fails && !self.mend(trouble, std::process::id()) {
            faults.push(format!("the disk stays as it is: {trouble:?}"));
        }
        (end, had_asked)
    }
}

/// What no command may do whatever its disk does.
fn misbehaved(tried: Tried, end: &Output) -> Vec<String> {
    let mut faults = Vec::new();
    if end.code() == 101 || end.code() > 128 || end.took() >= HANGS {
        faults.push(format!("{} broke: {end}", tried.name));
    }
    let errors: Vec<&str> = end.err().lines().filter(|line| line.starts_with("error: ")).collect();
    // What the crontab's own program says of a full disk names no file.
    let names = |error: &str| error.contains('/') || error.contains("crontab");
    let is_told = matches!(errors[..], [error] if names(error));
    if end.code() == 4 && speaks_of_the_disk(end.err()) && !is_told {
        faults.push(format!("{} does not say in one line what failed: {end}", tried.name));
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
