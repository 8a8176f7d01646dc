//! Worker threads: so many workers at once, some more waiting, and a panic that ends one request only.

use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Requests that wait for a worker, beyond those that run.
const MAX_WAITING: usize = 128;

/// A turn holds a TLS or HTTP exchange and some text: a fraction of this is touched.
const STACK: usize = 256 << 10;

/// What a worker does for one request.
pub(crate) type WorkFn = Box<dyn FnOnce() + Send>;

/// How long a request may wait for a worker.
#[derive(Clone, Copy, Debug)]
pub(crate) enum QueueTimeout {
    /// As long as somebody can be expected to wait for its answer.
    Limited,
    /// As long as it takes: the answer is there already, and only has to be sent.
    Unlimited,
}

/// One request's work, and what is done if it panics.
struct WorkerJob {
    key: String,
    /// Too late then; `None` is never.
    queued_until: Option<Instant>,
    work: WorkFn,
    on_panic: WorkFn,
}

/// An idle worker waits this long for more work before its thread ends: handing over is cheaper than a new thread, and an
/// idle client has none.
const IDLE_LIMIT: Duration = Duration::from_secs(5);

/// The workers.
#[derive(Clone)]
pub(crate) struct WorkerPool {
    state: Arc<Mutex<PoolState>>,
    max_running: usize,
    queue_timeout: Duration,
}

#[derive(Default)]
struct PoolState {
    /// Jobs that run or were handed over.
    n_running: usize,
    /// Idle workers. The last one is the first to get work, so that those of a rush soon end.
    idle: Vec<IdleWorker>,
    /// How often a worker became idle: their names.
    n_ever_idle: u64,
    /// Jobs for which no worker is free.
    waiting: VecDeque<WorkerJob>,
}

/// A worker without work.
struct IdleWorker {
    name: u64,
    /// Has room for the one job that is handed over.
    job: SyncSender<WorkerJob>,
}

/// The system has no thread to give, and no worker is idle.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SpawnError;

impl WorkerPool {
    /// Workers for `max_running` workers at once; what finds none free waits at most `queue_timeout`.
    pub(crate) fn new(max_running: usize, queue_timeout: Duration) -> Self {
        Self { state: Arc::default(), max_running: max_running.max(1), queue_timeout }
    }

    /// Runs `work` as soon as a worker is free. If it panics, `on_panic` runs and the worker goes on. Whether there is
    /// room for one more is to be checked before ([`Self::is_full`]): what was accepted is never turned away.
    pub(crate) fn submit(
        &self,
        key: &str,
        queue_timeout: QueueTimeout,
        work: impl FnOnce() + Send + 'static,
        on_panic: impl FnOnce() + Send + 'static,
    ) -> Result<(), SpawnError> {
        let job = WorkerJob {
            key: key.to_owned(),
            queued_until: match queue_timeout {
                QueueTimeout::Limited => Some(Instant::now() + self.queue_timeout),
                QueueTimeout::Unlimited => None,
            },
            work: Box::new(work),
            on_panic: Box::new(on_panic),
        };
        let mut state = self.lock();
        if state.n_running >= self.max_running {
            state.waiting.push_back(job);
            return Ok(());
        }
        state.n_running += 1;
        let worker = state.idle.pop();
        drop(state);
        let job = match worker.map(|worker| worker.job) {
            // It waits until it has been taken off the list and has got a job: see `wait_for_job`.
            Some(worker) => match worker.send(job) {
                Ok(()) => return Ok(()),
                Err(unsent) => unsent.0,
            },
            None => job,
        };
        let pool = self.clone();
        let worker = thread::Builder::new().name("turn".to_owned()).stack_size(STACK);
        // The system may have no thread to give: then it is as busy as we are.
        worker.spawn(move || pool.work(job)).map(drop).map_err(|_| {
            self.lock().n_running -= 1;
            SpawnError
        })
    }

    /// Whether neither a worker nor a place to wait is free.
    pub(crate) fn is_full(&self) -> bool {
        let state = self.lock();
        state.n_running >= self.max_running && state.waiting.len() >= MAX_WAITING
    }

    /// Gives the keys of requests that have waited too long, and forgets them.
    pub(crate) fn expire(&self, now: Instant) -> Vec<String> {
        let mut expired = Vec::new();
        self.lock().waiting.retain_mut(|job| {
            let is_over = job.queued_until.is_some_and(|until| until <= now);
            if is_over {
                expired.push(mem::take(&mut job.key));
            }
            !is_over
        });
        expired
    }

    /// Gives the keys of all requests that wait, and forgets them: the client is being stopped.
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
        while let Some(WorkerJob { work, on_panic, .. }) = next {
            // What a panic leaves half done belongs to that request alone, which is answered so.
            if catch_unwind(AssertUnwindSafe(work)).is_err() {
                let _ = catch_unwind(AssertUnwindSafe(on_panic));
            }
            next = self.next_job();
        }
    }

    /// The next job for a worker that has ended one; `None` if its thread is to end.
    fn next_job(&self) -> Option<WorkerJob> {
        let mut state = self.lock();
        if let Some(job) = state.waiting.pop_front() {
            return Some(job);
        }
        state.n_running -= 1;
        state.n_ever_idle += 1;
        let name = state.n_ever_idle;
        let (job, handed_over) = sync_channel(1);
        state.idle.push(IdleWorker { name, job });
        drop(state);
        self.wait_for_job(name, &handed_over)
    }

    /// The next job of an idle worker; `None` if it takes itself off the list, and its thread is to end.
    fn wait_for_job(&self, name: u64, handed_over: &Receiver<WorkerJob>) -> Option<WorkerJob> {
        if let Ok(job) = handed_over.recv_timeout(IDLE_LIMIT) {
            return Some(job);
        }
        let mut state = self.lock();
        if let Some(place) = state.idle.iter().position(|worker| worker.name == name) {
            state.idle.remove(place);
            return None;
        }
        drop(state);
        // Whoever took it off the list is about to hand it a job.
        handed_over.recv().ok()
    }

    fn lock(&self) -> MutexGuard<'_, PoolState> {
        // Nothing that could panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_WAITING, QueueTimeout, WorkerPool};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::{Duration, Instant};

    const SOON: Duration = Duration::from_secs(10);

    fn held(workers: &WorkerPool, key: &str) -> Sender<()> {
        let (release, released): (Sender<()>, Receiver<()>) = channel();
        workers.submit(key, QueueTimeout::Limited, move || _ = released.recv(), || {}).unwrap();
        release
    }

    #[test]
    fn a_panic_ends_one_request_only() {
        let workers = WorkerPool::new(1, SOON);
        let (sender, received) = channel();
        let on_panic = sender.clone();
        let apology = move || on_panic.send("sorry").unwrap();
        workers
            .submit("a", QueueTimeout::Limited, || std::panic::resume_unwind(Box::new(())), apology)
            .unwrap();
        workers
            .submit("b", QueueTimeout::Limited, move || sender.send("fine").unwrap(), || {})
            .unwrap();
        assert_eq!(received.recv_timeout(SOON), Ok("sorry"));
        assert_eq!(received.recv_timeout(SOON), Ok("fine"));
    }

    #[test]
    fn more_than_run_and_wait_are_too_many() {
        let workers = WorkerPool::new(2, SOON);
        let held: Vec<_> = (0..2 + MAX_WAITING).map(|_| held(&workers, "x")).collect();
        assert_eq!(workers.counts(), (2, MAX_WAITING));
        assert!(workers.is_full());
        drop(held);
    }

    #[test]
    fn jobs_are_handed_to_idle_workers() {
        let workers = WorkerPool::new(8, SOON);
        let (sender, received) = channel();
        // Fewer than may wait at once: however slow the machine, none is turned away.
        for n in 0..100 {
            let sender = sender.clone();
            let work = move || sender.send((n, std::thread::current().id())).unwrap();
            workers.submit("x", QueueTimeout::Limited, work, || {}).unwrap();
        }
        let mut results: Vec<_> = (0..100).map(|_| received.recv_timeout(SOON).unwrap()).collect();
        results.sort_unstable_by_key(|(n, _)| *n);
        assert!(results.iter().map(|(n, _)| *n).eq(0..100));
        let threads: std::collections::HashSet<_> = results.iter().map(|(_, id)| id).collect();
        assert!(threads.len() <= 8, "{}", threads.len());
    }

    #[test]
    fn after_a_rush_one_worker_does_what_one_can_do() {
        let workers = WorkerPool::new(8, SOON);
        let all_are_idle = || {
            let until = Instant::now() + SOON;
            while workers.lock().idle.len() < 8 {
                assert!(Instant::now() < until, "a worker did not come back");
                std::thread::yield_now();
            }
        };
        drop((0..8).map(|_| held(&workers, "x")).collect::<Vec<_>>());
        let (sender, received) = channel();
        let threads = (0..5).map(|_| {
            all_are_idle();
            let sender = sender.clone();
            workers
                .submit(
                    "x",
                    QueueTimeout::Limited,
                    move || sender.send(std::thread::current().id()).unwrap(),
                    || {},
                )
                .unwrap();
            received.recv_timeout(SOON).unwrap()
        });
        let threads: std::collections::HashSet<_> = threads.collect();
        assert_eq!(threads.len(), 1);
    }

    #[test]
    fn what_waited_too_long_never_runs() {
        let workers = WorkerPool::new(1, Duration::from_millis(1));
        let release = held(&workers, "a");
        let (ran, has_run) = channel();
        let (ran_after_all, sent) = (ran.clone(), "an answer");
        workers
            .submit("a", QueueTimeout::Unlimited, move || ran_after_all.send(sent).unwrap(), || {})
            .unwrap();
        workers
            .submit("b", QueueTimeout::Limited, move || ran.send("too late").unwrap(), || {})
            .unwrap();
        assert_eq!(workers.due().map(|due| due <= Instant::now() + SOON), Some(true));
        assert_eq!(workers.expire(Instant::now() + SOON), ["b"]);
        drop(release);
        assert_eq!(has_run.recv_timeout(SOON), Ok(sent));
        // The sender went with the job that was forgotten.
        assert!(has_run.recv_timeout(SOON).is_err());
    }
}
