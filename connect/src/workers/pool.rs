//! Worker threads: one for each request that runs, so many at once, some more waiting, and a panic that ends one request
//! only.

use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Requests that wait for a worker, beyond those that run: so many of each lane.
const MAX_WAITING: usize = 128;

/// Texts have one of so many workers.
const TEXTS_SHARE: usize = 4;

/// A turn holds a TLS or HTTP exchange and some text: a fraction of this is touched.
const STACK: usize = 256 << 10;

/// What a worker does for one request.
pub(crate) type WorkFn = Box<dyn FnOnce() + Send>;

/// How long a request may wait for a worker.
#[derive(Clone, Copy, Debug)]
pub(crate) enum QueueTimeout {
    /// As long as somebody can be expected to wait for its answer.
    Limited,
    /// As long as it takes: it is about a text, and nobody holds the line for that.
    Unlimited,
}

/// Who wants the work. A flood of texts must not keep the owner waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Somebody waits on the phone, or the work is our own. It goes first, and may have every worker.
    Calls,
    /// Texts of people we wrote to, and replies that are ready: a quarter of the workers at most, and what no call wants.
    KnownTexts,
    /// All other texts: likewise, and what no known text wants.
    Texts,
}

impl Lane {
    /// All of them, the first to be served first.
    const IN_ORDER: [Self; 3] = [Self::Calls, Self::KnownTexts, Self::Texts];

    fn is_of_texts(self) -> bool {
        self != Self::Calls
    }
}

/// How a job is treated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobKind {
    /// Who wants it.
    pub(crate) lane: Lane,
    /// How long it may wait.
    pub(crate) queue_timeout: QueueTimeout,
}

/// One request's work, and what is done if it panics.
struct WorkerJob {
    key: String,
    lane: Lane,
    /// Too late then; `None` is never.
    queued_until: Option<Instant>,
    work: WorkFn,
    on_panic: WorkFn,
}

/// The workers.
#[derive(Clone)]
pub(crate) struct WorkerPool {
    state: Arc<Mutex<PoolState>>,
    max_running: usize,
    max_texts: usize,
    queue_timeout: Duration,
}

#[derive(Default)]
struct PoolState {
    /// Jobs that run, each on a thread of its own.
    n_running: usize,
    /// Those among them that are of texts.
    n_texts: usize,
    /// Jobs for which no worker is free, in the order in which they came.
    waiting: VecDeque<WorkerJob>,
}

impl PoolState {
    /// A job is about to run.
    fn begin(&mut self, lane: Lane) {
        self.n_running += 1;
        self.n_texts += usize::from(lane.is_of_texts());
    }

    /// A job has ended.
    fn end(&mut self, lane: Lane) {
        self.n_running -= 1;
        self.n_texts -= usize::from(lane.is_of_texts());
    }
}

/// The system has no thread to give.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SpawnError;

impl WorkerPool {
    /// At most `max_running` workers at once; what finds none free waits at most `queue_timeout`.
    pub(crate) fn new(max_running: usize, queue_timeout: Duration) -> Self {
        let max_running = max_running.max(1);
        let max_texts = (max_running / TEXTS_SHARE).max(1);
        Self { state: Arc::default(), max_running, max_texts, queue_timeout }
    }

    /// Runs `work` as soon as a worker is free. If it panics, `on_panic` runs and the worker goes on. Whether there is
    /// room for one more is to be checked before ([`Self::is_full`]): what was accepted is never turned away.
    pub(crate) fn submit(
        &self,
        key: &str,
        kind: JobKind,
        work: impl FnOnce() + Send + 'static,
        on_panic: impl FnOnce() + Send + 'static,
    ) -> Result<(), SpawnError> {
        let job = WorkerJob {
            key: key.to_owned(),
            lane: kind.lane,
            queued_until: match kind.queue_timeout {
                QueueTimeout::Limited => Some(Instant::now() + self.queue_timeout),
                QueueTimeout::Unlimited => None,
            },
            work: Box::new(work),
            on_panic: Box::new(on_panic),
        };
        let mut state = self.lock();
        if !self.has_worker(&state, kind.lane) {
            state.waiting.push_back(job);
            return Ok(());
        }
        state.begin(kind.lane);
        drop(state);
        let pool = self.clone();
        let worker = thread::Builder::new().name("turn".to_owned()).stack_size(STACK);
        // The system may have no thread to give: then it is as busy as we are.
        worker.spawn(move || pool.work(job)).map(drop).map_err(|_| {
            self.lock().end(kind.lane);
            SpawnError
        })
    }

    /// Whether neither a worker nor a place to wait is free.
    pub(crate) fn is_full(&self, lane: Lane) -> bool {
        let state = self.lock();
        let n_waiting = state.waiting.iter().filter(|job| job.lane == lane).count();
        !self.has_worker(&state, lane) && n_waiting >= MAX_WAITING
    }

    /// Whether one more job may run now.
    fn has_worker(&self, state: &PoolState, lane: Lane) -> bool {
        state.n_running < self.max_running
            && (!lane.is_of_texts() || state.n_texts < self.max_texts)
    }

    /// Gives the keys of requests that have waited too long, and forgets them.
    pub(crate) fn expire(&self, now: Instant) -> Vec<String> {
        self.expire_where(|until| until <= now)
    }

    /// The same, of all that may not wait for as long as it takes.
    pub(crate) fn expire_all(&self) -> Vec<String> {
        self.expire_where(|_| true)
    }

    fn expire_where(&self, is_over: impl Fn(Instant) -> bool) -> Vec<String> {
        let mut expired = Vec::new();
        self.lock().waiting.retain_mut(|job| {
            let is_over = job.queued_until.is_some_and(&is_over);
            if is_over {
                expired.push(mem::take(&mut job.key));
            }
            !is_over
        });
        expired
    }

    /// Gives the keys of all requests that wait, and forgets them: the client is being stopped, or the owner stopped everything.
    pub(crate) fn give_up_waiting(&self) -> Vec<String> {
        self.lock().waiting.drain(..).map(|job| job.key).collect()
    }

    /// When the next request has waited too long.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.lock().waiting.iter().find_map(|job| job.queued_until)
    }

    /// How many requests run and how many wait.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = self.lock();
        (state.n_running, state.waiting.len())
    }

    /// What a worker's thread does until it ends.
    fn work(&self, first: WorkerJob) {
        let mut next = Some(first);
        while let Some(WorkerJob { lane, work, on_panic, .. }) = next {
            // What a panic leaves half done belongs to that request alone, which is answered so.
            if catch_unwind(AssertUnwindSafe(work)).is_err() {
                let _ = catch_unwind(AssertUnwindSafe(on_panic));
            }
            next = self.next_job(lane);
        }
    }

    /// The next job for a worker that has ended one; `None` if its thread is to end.
    fn next_job(&self, ended: Lane) -> Option<WorkerJob> {
        let mut state = self.lock();
        state.end(ended);
        let first = |lane: Lane| {
            state.waiting.iter().position(|job| job.lane == lane && self.has_worker(&state, lane))
        };
        let place = Lane::IN_ORDER.into_iter().find_map(first)?;
        let job = state.waiting.remove(place)?;
        state.begin(job.lane);
        Some(job)
    }

    fn lock(&self) -> MutexGuard<'_, PoolState> {
        // Nothing that could panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
