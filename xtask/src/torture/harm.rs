//! What is done to programs, and how the service answers them meanwhile: the data of a part.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use harness::{RequestFault, Rng};

/// A late response comes after this time: the moment after the effect is long enough to be killed in.
pub(super) const SLOW: Duration = Duration::from_millis(25);

/// What is done to a program at a random moment while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    Nothing,
    /// SIGKILL.
    Kill,
    /// SIGSTOP, and SIGCONT after a random time.
    Stop,
    /// The machine sleeps: the clocks that go on meanwhile jump.
    Sleep,
    /// A file that it uses is removed, renamed, cut or garbled by somebody else.
    Files,
}

/// How the service answers a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServiceAnswer {
    /// As it is.
    Own,
    /// Carried out, and no response comes: more than one request of a command.
    Lost,
    /// This happens to its first POST.
    Fault(RequestFault),
    /// A front answers in its place: statuses, bodies and redirects of its own, before the effect or after it.
    Foreign,
}

impl ServiceAnswer {
    pub(super) const LATE: Self = Self::Fault(RequestFault::Slow(SLOW));
}

/// Under which conditions commands run. Numbers say how often.
pub(super) struct Conditions {
    pub(super) harms: &'static [(u64, Harm)],
    pub(super) answers: &'static [(u64, ServiceAnswer)],
    /// The programs' periods are divided by this.
    pub(super) periods: u32,
}

/// Somebody removes a file, renames it, cuts it or writes something else into it.
pub(super) fn harm_file(path: &Path, rng: &mut Rng) {
    let overwrite = |text: &[u8]| {
        let file = std::fs::OpenOptions::new().write(true).truncate(true).open(path);
        file.and_then(|mut file| file.write_all(text))
    };
    // A file that is gone already cannot be harmed.
    let _ = match rng.below(4) {
        0 => std::fs::remove_file(path),
        1 => std::fs::rename(path, path.with_extension("old")),
        2 => overwrite(b""),
        _ => overwrite(b"{\"format\": 2}\n\0\0\0"),
    };
}
