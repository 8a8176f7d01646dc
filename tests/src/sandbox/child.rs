//! A program that runs beside the test: its output is collected while it runs, and it never outlives the test.

use super::Output;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The guard of a running program; dropping it kills the program.
pub struct Child {
    process: std::process::Child,
    line: String,
    captured: Arc<Captured>,
    root: PathBuf,
    began: Instant,
}

/// The output so far, and the waiting for more.
#[derive(Default)]
struct Captured {
    text: Mutex<CapturedOutput>,
    more: Condvar,
}

#[derive(Default)]
struct CapturedOutput {
    out: Vec<u8>,
    err: Vec<u8>,
    /// Streams that have ended.
    ended: usize,
}

impl Captured {
    fn output(&self) -> MutexGuard<'_, CapturedOutput> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn collect(
        self: &Arc<Self>,
        mut stream: impl Read + Send + 'static,
        of: fn(&mut CapturedOutput) -> &mut Vec<u8>,
    ) {
        let captured = Arc::clone(self);
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(n @ 1..) = stream.read(&mut buffer) {
                of(&mut captured.output()).extend_from_slice(&buffer[..n]);
                captured.more.notify_all();
            }
            captured.output().ended += 1;
            captured.more.notify_all();
        });
    }

    /// Waits until `test` finds something; `None` when the time is over or nothing more can come.
    fn wait<T>(
        &self,
        limit: Duration,
        mut test: impl FnMut(&CapturedOutput) -> Option<T>,
    ) -> Option<T> {
        let until = Instant::now() + limit;
        let mut output = self.output();
        loop {
            if let Some(found) = test(&output) {
                return Some(found);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || output.ended == 2 {
                return None;
            }
            output = self.more.wait_timeout(output, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Child {
    pub(super) fn new(
        mut process: std::process::Child,
        line: String,
        stdin: Option<Vec<u8>>,
        root: PathBuf,
        began: Instant,
        terminal: Option<std::fs::File>,
    ) -> Self {
        let captured = Arc::new(Captured::default());
        if let Some(stream) = process.stdout.take() {
            captured.collect(stream, |output| &mut output.out);
        }
        if let Some(stream) = process.stderr.take() {
            captured.collect(stream, |output| &mut output.err);
        }
        if let Some(terminal) = terminal {
            captured.collect(terminal, |output| &mut output.err);
        }
        if let (Some(bytes), Some(mut stream)) = (stdin, process.stdin.take()) {
            // A program that does not read its stdin closes the pipe, which is its right.
            thread::spawn(move || stream.write_all(&bytes));
        }
        Self { process, line, captured, root, began }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What it wrote to stdout so far.
    pub fn stdout(&self) -> String {
        text(&self.captured.output().out)
    }

    /// What it wrote to stderr so far.
    pub fn stderr(&self) -> String {
        text(&self.captured.output().err)
    }

    /// Waits for a whole line on stdout or stderr that passes the test, and returns it.
    ///
    /// # Panics
    /// When none came within `limit`, with the whole output.
    #[track_caller]
    pub fn wait_line(&self, limit: Duration, test: impl Fn(&str) -> bool) -> String {
        let found = self.captured.wait(limit, |output| {
            [&output.out, &output.err].into_iter().find_map(|bytes| {
                let all = text(bytes);
                all.split_inclusive('\n')
                    .filter_map(|line| line.strip_suffix('\n'))
                    .find(|line| test(line))
                    .map(str::to_owned)
            })
        });
        found.unwrap_or_else(|| {
            let (out, err) = (self.stdout(), self.stderr());
            panic!(
                "no such line from `{}` within {limit:?}\n--- stdout\n{out}--- stderr\n{err}",
                self.line
            )
        })
    }

    /// Waits until it has written this `n` times on stderr or its terminal, whole lines or not.
    ///
    /// # Panics
    /// When it did not within 10 s, with the whole output.
    #[track_caller]
    pub fn wait_text(&self, part: &str, n: usize) {
        let limit = Duration::from_secs(10);
        let found = self
            .captured
            .wait(limit, |output| (text(&output.err).matches(part).count() >= n).then_some(()));
        let stderr = self.stderr();
        assert!(
            found.is_some(),
            "`{}` did not write `{part}` within {limit:?}:\n{stderr}",
            self.line
        );
    }

    /// Sends a signal; nothing happens when it has ended already.
    pub fn signal(&mut self, signal: Signal) {
        // Until it has been waited for, its number cannot belong to anybody else.
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.running()) {
            let _ = kill_process(pid, signal);
        }
    }

    /// Whether it still runs.
    pub fn running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Waits for its end and returns its output; kills it after `limit`, which the output then records.
    pub fn finish(mut self, limit: Duration) -> Output {
        let (status, late) = self.end(limit);
        // A grandchild may hold the pipes open; what it writes is not this program's output.
        self.captured.wait(Duration::from_secs(1), |_| None::<()>);
        let files = listing(&self.root);
        Output {
            command: self.line.clone(),
            status,
            late: late.then_some(limit),
            stdout: self.stdout(),
            stderr: self.stderr(),
            took: self.began.elapsed(),
            files,
        }
    }

    /// Asks it to end with a signal, and waits for that.
    pub fn stop(mut self, signal: Signal, limit: Duration) -> Output {
        self.signal(signal);
        self.finish(limit)
    }

    fn end(&mut self, limit: Duration) -> (ExitStatus, bool) {
        let mut late = false;
        // The pipes end when the program does, unless it closed them or a grandchild holds them: hence short turns.
        let until = Instant::now() + limit;
        loop {
            if let Some(status) = self.process.try_wait().expect("a child can be waited for") {
                return (status, late);
            }
            if Instant::now() >= until && !late {
                late = true;
                let _ = self.process.kill();
            }
            let left = until.saturating_duration_since(Instant::now());
            let turn = left.clamp(Duration::from_millis(1), Duration::from_millis(20));
            if self.captured.wait(turn, |_| None::<()>).is_none()
                && self.captured.output().ended == 2
            {
                thread::sleep(Duration::from_micros(200));
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Every file below, with its size, for the message of a failed test.
fn listing(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                Ok(meta) => {
                    let path = entry.path();
                    let inside = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                    found.push(format!("{inside} ({} bytes)", meta.len()));
                }
                Err(_) => {}
            }
        }
    }
    found.sort();
    found
}

/// Kills every process that has this folder in its environment or command line: a daemon that a test left behind.
pub(super) fn end_all_of(folder: &Path) {
    let mark = format!("{}/", folder.display()).into_bytes();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
        let Some(pid) = pid.filter(|pid| u32::try_from(*pid) != Ok(std::process::id())) else {
            continue;
        };
        let names_it = |file: &str| {
            let bytes = fs::read(entry.path().join(file)).unwrap_or_default();
            bytes.windows(mark.len()).any(|window| window == mark)
        };
        let ours = names_it("environ") || names_it("cmdline");
        if let Some(pid) = Pid::from_raw(pid).filter(|_| ours) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}
