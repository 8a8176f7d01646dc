//! A machine that sleeps, for one program: the clocks that go on during sleep are ahead by what a file says.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// In C, since it stands in for a function of the C library.
const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_BOOTTIME || clock == CLOCK_REALTIME) {
        char text[32] = {0};
        int file = open(getenv("SLEPT_SECONDS"), O_RDONLY | O_CLOEXEC);
        if (file >= 0) {
            if (read(file, text, sizeof text - 1) > 0) time->tv_sec += atol(text);
            close(file);
        }
    }
    return result;
}
"#;

/// Lets the programs that have its environment sleep.
pub struct SimulatedSleep {
    library: PathBuf,
    slept: PathBuf,
}

impl SimulatedSleep {
    /// A machine that has not slept yet; its files are in `folder`.
    ///
    /// # Panics
    /// Where there is no C compiler.
    pub fn new(folder: &Path) -> Self {
        Self::try_new(folder).expect("there is a C compiler")
    }

    /// The same; the reason where there is no C compiler.
    ///
    /// # Errors
    /// When the library cannot be compiled.
    pub fn try_new(folder: &Path) -> std::io::Result<Self> {
        let library = folder.join("sleep.so");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-x", "c", "-", "-o"]).arg(&library);
        let mut compiler = compiler.stdin(Stdio::piped()).spawn()?;
        let stdin = compiler.stdin.take();
        stdin.map_or(Ok(()), |mut stdin| stdin.write_all(SOURCE.as_bytes()))?;
        if !compiler.wait()?.success() {
            return Err(std::io::Error::other("`cc` does not compile the library"));
        }
        let sleep = Self { library, slept: folder.join("slept") };
        sleep.sleep(Duration::ZERO);
        Ok(sleep)
    }

    /// The environment of a program on this machine.
    pub fn env(&self) -> [(&'static str, String); 2] {
        [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("SLEPT_SECONDS", self.slept.display().to_string()),
        ]
    }

    /// The machine has slept for so long since it was started.
    pub fn sleep(&self, time: Duration) {
        // Renamed into place: programs read it at any moment.
        let new = self.slept.with_extension("new");
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).open(&new);
        let mut file = file.expect("the file can be made");
        file.write_all(time.as_secs().to_string().as_bytes()).expect("it can be written");
        std::fs::rename(&new, &self.slept).expect("it can be renamed");
    }
}
