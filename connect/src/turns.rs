//! Worker threads: so many turns at once, some more waiting, and a panic that ends one of them only.

use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Requests that wait for a worker, beyond those that run (spec 3).
const MAX_WAITING: usize = 128;

/// A turn holds a TLS or HTTP exchange and some text: a fraction of this is touched.
const STACK: usize = 256 << 10;

/// What a worker does for one request.
pub(crate) type Work = Box<dyn FnOnce() + Send>;

/// How long work may wait for a worker.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wait {
    /// As long as whoever asked waits.
    Patiently,
    /// As long as it takes: the answer is there already, and only has to be sent.
    Always,
}

/// One request's work, and what is done if it panics.
struct Job {
    key: String,
    /// Too late then; `None` is never.
    until: Option<Instant>,
    work: Work,
    on_panic: Work,
}

/// A worker without work waits this long for more before its thread ends: handing over is cheaper than a
/// new thread, and an idle client has none.
const LINGER: Duration = Duration::from_secs(5);

/// The workers.
#[derive(Clone)]
pub(crate) struct Turns {
    inner: Arc<Mutex<Inner>>,
    max_running: usize,
    patience: Duration,
}

#[derive(Default)]
struct Inner {
    /// Jobs that run or were handed over.
    n_running: usize,
    /// Workers that linger. The last one is the first to get work, so that those of a rush soon end.
    lingering: Vec<Lingering>,
    /// How many workers have ever lingered: their names.
    n_lingered: u64,
    /// Jobs for which no worker is free.
    waiting: VecDeque<Job>,
}

/// A worker without work.
struct Lingering {
    name: u64,
    /// Has room for the one job that is handed over.
    job: SyncSender<Job>,
}

/// The system has no thread to give, and none is there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Busy;

impl Turns {
    /// Workers for `max_running` turns at once; what finds none free waits at most `patience`.
    pub(crate) fn new(max_running: usize, patience: Duration) -> Self {
        Self { inner: Arc::default(), max_running: max_running.max(1), patience }
    }

    /// Runs `work` as soon as a worker is free. If it panics, `on_panic` runs and the worker goes on. Whether there is
    /// room for one more is asked before it is accepted ([`Self::is_full`]): what was accepted is never turned away.
    pub(crate) fn submit(
        &self,
        key: &str,
        wait: Wait,
        work: impl FnOnce() + Send + 'static,
        on_panic: impl FnOnce() + Send + 'static,
    ) -> Result<(), Busy> {
        let job = Job {
            key: key.to_owned(),
            until: match wait {
                Wait::Patiently => Some(Instant::now() + self.patience),
                Wait::Always => None,
            },
            work: Box::new(work),
            on_panic: Box::new(on_panic),
        };
        let mut inner = self.hold();
        if inner.n_running >= self.max_running {
            inner.waiting.push_back(job);
            return Ok(());
        }
        inner.n_running += 1;
        let worker = inner.lingering.pop();
        drop(inner);
        let job = match worker.map(|worker| worker.job) {
            // It waits until it has been taken off the list and has got a job: see `linger`.
            Some(worker) => match worker.send(job) {
                Ok(()) => return Ok(()),
                Err(unsent) => unsent.0,
            },
            None => job,
        };
        let turns = self.clone();
        let worker = thread::Builder::new().name("turn".to_owned()).stack_size(STACK);
        // The system may have no thread to give: then it is as busy as we are.
        worker.spawn(move || turns.work(job)).map(drop).map_err(|_| {
            self.hold().n_running -= 1;
            Busy
        })
    }

    /// Whether neither a worker nor a place to wait is free.
    pub(crate) fn is_full(&self) -> bool {
        let inner = self.hold();
        inner.n_running >= self.max_running && inner.waiting.len() >= MAX_WAITING
    }

    /// Gives the keys of requests that have waited too long, and forgets them.
    pub(crate) fn expire(&self, now: Instant) -> Vec<String> {
        let mut expired = Vec::new();
        self.hold().waiting.retain_mut(|job| {
            let is_over = job.until.is_some_and(|until| until <= now);
            if is_over {
                expired.push(mem::take(&mut job.key));
            }
            !is_over
        });
        expired
    }

    /// Gives the keys of all requests that wait, and forgets them: the client is being stopped.
    pub(crate) fn give_up_waiting(&self) -> Vec<String> {
        self.hold().waiting.drain(..).map(|job| job.key).collect()
    }

    /// When the next request has waited too long.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.hold().waiting.iter().find_map(|job| job.until)
    }

    /// How many requests run and how many wait.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let inner = self.hold();
        (inner.n_running, inner.waiting.len())
    }

    fn work(&self, first: Job) {
        let mut next = Some(first);
        while let Some(Job { work, on_panic, .. }) = next {
            // What a panic leaves half done belongs to that request alone: it is told as lost.
            if catch_unwind(AssertUnwindSafe(work)).is_err() {
                let _ = catch_unwind(AssertUnwindSafe(on_panic));
            }
            next = self.next_job();
        }
    }

    /// The next job for a worker that has ended one; `None` if its thread is to end.
    fn next_job(&self) -> Option<Job> {
        let mut inner = self.hold();
        if let Some(job) = inner.waiting.pop_front() {
            return Some(job);
        }
        inner.n_running -= 1;
        inner.n_lingered += 1;
        let name = inner.n_lingered;
        let (job, handed_over) = sync_channel(1);
        inner.lingering.push(Lingering { name, job });
        drop(inner);
        self.linger(name, &handed_over)
    }

    fn linger(&self, name: u64, handed_over: &Receiver<Job>) -> Option<Job> {
        if let Ok(job) = handed_over.recv_timeout(LINGER) {
            return Some(job);
        }
        let mut inner = self.hold();
        if let Some(place) = inner.lingering.iter().position(|worker| worker.name == name) {
            inner.lingering.remove(place);
            return None;
        }
        drop(inner);
        // Whoever took it off the list is about to hand it a job.
        handed_over.recv().ok()
    }

    fn hold(&self) -> MutexGuard<'_, Inner> {
        // Nothing that could panic runs under this lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_WAITING, Turns, Wait};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::{Duration, Instant};

    const SOON: Duration = Duration::from_secs(10);

    fn held(turns: &Turns, key: &str) -> Sender<()> {
        let (release, released): (Sender<()>, Receiver<()>) = channel();
        turns.submit(key, Wait::Patiently, move || _ = released.recv(), || {}).unwrap();
        release
    }

    #[test]
    fn a_panic_ends_one_request_only() {
        let turns = Turns::new(1, SOON);
        let (told, heard) = channel();
        let on_panic = told.clone();
        let apology = move || on_panic.send("sorry").unwrap();
        turns
            .submit("a", Wait::Patiently, || std::panic::resume_unwind(Box::new(())), apology)
            .unwrap();
        turns.submit("b", Wait::Patiently, move || told.send("fine").unwrap(), || {}).unwrap();
        assert_eq!(heard.recv_timeout(SOON), Ok("sorry"));
        assert_eq!(heard.recv_timeout(SOON), Ok("fine"));
    }

    #[test]
    fn more_than_run_and_wait_are_too_many() {
        let turns = Turns::new(2, SOON);
        let held: Vec<_> = (0..2 + MAX_WAITING).map(|_| held(&turns, "x")).collect();
        assert_eq!(turns.counts(), (2, MAX_WAITING));
        assert!(turns.is_full());
        drop(held);
    }

    #[test]
    fn jobs_are_handed_to_workers_that_linger() {
        let turns = Turns::new(8, SOON);
        let (told, heard) = channel();
        // Fewer than may wait at once: however slow the machine, none is turned away.
        for n in 0..100 {
            let told = told.clone();
            let work = move || told.send((n, std::thread::current().id())).unwrap();
            turns.submit("x", Wait::Patiently, work, || {}).unwrap();
        }
        let mut told: Vec<_> = (0..100).map(|_| heard.recv_timeout(SOON).unwrap()).collect();
        told.sort_unstable_by_key(|(n, _)| *n);
        assert!(told.iter().map(|(n, _)| *n).eq(0..100));
        let threads: std::collections::HashSet<_> = told.iter().map(|(_, id)| id).collect();
        assert!(threads.len() <= 8, "{}", threads.len());
    }

    #[test]
    fn after_a_rush_one_worker_does_what_one_can_do() {
        let turns = Turns::new(8, SOON);
        let all_linger = || {
            let until = Instant::now() + SOON;
            while turns.hold().lingering.len() < 8 {
                assert!(Instant::now() < until, "a worker did not come back");
                std::thread::yield_now();
            }
        };
        drop((0..8).map(|_| held(&turns, "x")).collect::<Vec<_>>());
        let (told, heard) = channel();
        let threads = (0..5).map(|_| {
            all_linger();
            let told = told.clone();
            turns
                .submit(
                    "x",
                    Wait::Patiently,
                    move || told.send(std::thread::current().id()).unwrap(),
                    || {},
                )
                .unwrap();
            heard.recv_timeout(SOON).unwrap()
        });
        let threads: std::collections::HashSet<_> = threads.collect();
        assert_eq!(threads.len(), 1);
    }

    #[test]
    fn what_waited_too_long_never_runs() {
        let turns = Turns::new(1, Duration::from_millis(1));
        let release = held(&turns, "a");
        let (ran, has_run) = channel();
        let (ran_after_all, sent) = (ran.clone(), "an answer");
        turns.submit("a", Wait::Always, move || ran_after_all.send(sent).unwrap(), || {}).unwrap();
        turns.submit("b", Wait::Patiently, move || ran.send("too late").unwrap(), || {}).unwrap();
        assert_eq!(turns.due().map(|due| due <= Instant::now() + SOON), Some(true));
        assert_eq!(turns.expire(Instant::now() + SOON), ["b"]);
        drop(release);
        assert_eq!(has_run.recv_timeout(SOON), Ok(sent));
        // The sender went with the job that was forgotten.
        assert!(has_run.recv_timeout(SOON).is_err());
    }
}
