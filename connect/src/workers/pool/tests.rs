//! Workers at work: who goes first, who waits, and what a panic ends.

use super::{JobKind, Lane, MAX_WAITING, QueueTimeout, WorkerPool};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(10);

const CALL: JobKind = JobKind { lane: Lane::Calls, queue_timeout: QueueTimeout::Limited };
const TEXT: JobKind = JobKind { lane: Lane::Texts, ..CALL };
const UNLIMITED: JobKind = JobKind { queue_timeout: QueueTimeout::Unlimited, ..CALL };

fn held(workers: &WorkerPool, key: &str) -> Sender<()> {
    held_as(workers, key, CALL)
}

fn held_as(workers: &WorkerPool, key: &str, kind: JobKind) -> Sender<()> {
    let (release, released): (Sender<()>, Receiver<()>) = channel();
    workers.submit(key, kind, move || _ = released.recv(), || {}).unwrap();
    release
}

#[test]
fn a_panic_ends_one_request_only() {
    let workers = WorkerPool::new(1, SOON);
    let (sender, received) = channel();
    let on_panic = sender.clone();
    let apology = move || on_panic.send("sorry").unwrap();
    workers.submit("a", CALL, || std::panic::resume_unwind(Box::new(())), apology).unwrap();
    workers.submit("b", CALL, move || sender.send("fine").unwrap(), || {}).unwrap();
    assert_eq!(received.recv_timeout(SOON), Ok("sorry"));
    assert_eq!(received.recv_timeout(SOON), Ok("fine"));
}

#[test]
fn more_than_run_and_wait_are_too_many() {
    let workers = WorkerPool::new(2, SOON);
    let held: Vec<_> = (0..2 + MAX_WAITING).map(|_| held(&workers, "x")).collect();
    assert_eq!(workers.counts(), (2, MAX_WAITING));
    assert!(workers.is_full(Lane::Calls));
    drop(held);
}

#[test]
fn no_more_run_at_once_than_may_and_each_runs_once() {
    let workers = WorkerPool::new(8, SOON);
    let (sender, received) = channel();
    // Fewer than may wait at once: however slow the machine, none is turned away.
    for n in 0..100 {
        let (sender, counted) = (sender.clone(), workers.clone());
        let work = move || sender.send((n, counted.counts().0)).unwrap();
        workers.submit("x", CALL, work, || {}).unwrap();
    }
    let mut results: Vec<_> = (0..100).map(|_| received.recv_timeout(SOON).unwrap()).collect();
    results.sort_unstable();
    assert!(results.iter().map(|(n, _)| *n).eq(0..100));
    assert!(results.iter().all(|(_, n_running)| (1..=8).contains(n_running)), "{results:?}");
}

#[test]
fn what_waited_too_long_never_runs() {
    let workers = WorkerPool::new(1, Duration::from_millis(1));
    let release = held(&workers, "a");
    let (ran, has_run) = channel();
    let (ran_after_all, sent) = (ran.clone(), "an answer");
    workers.submit("a", UNLIMITED, move || ran_after_all.send(sent).unwrap(), || {}).unwrap();
    workers.submit("b", CALL, move || ran.send("too late").unwrap(), || {}).unwrap();
    assert_eq!(workers.due().map(|due| due <= Instant::now() + SOON), Some(true));
    assert_eq!(workers.expire(Instant::now() + SOON), ["b"]);
    drop(release);
    assert_eq!(has_run.recv_timeout(SOON), Ok(sent));
    // The sender went with the job that was forgotten.
    assert!(has_run.recv_timeout(SOON).is_err());
}

#[test]
fn texts_have_a_quarter_of_the_workers_and_calls_go_first() {
    let workers = WorkerPool::new(8, SOON);
    let mut texts: Vec<_> = (0..4).map(|_| held_as(&workers, "text", TEXT)).collect();
    assert_eq!(workers.counts(), (2, 2));
    let calls: Vec<_> = (0..7).map(|_| held(&workers, "call")).collect();
    assert_eq!(workers.counts(), (8, 3));
    // The worker of a text goes to the call that came last, and only then to a text.
    let wait_for = |waiting: [&str; 2]| {
        let until = Instant::now() + SOON;
        let keys = || -> Vec<String> {
            workers.lock().waiting.iter().map(|job| job.key.clone()).collect()
        };
        while keys() != waiting {
            assert!(Instant::now() < until, "{:?}", keys());
            std::thread::yield_now();
        }
    };
    drop(texts.remove(0));
    wait_for(["text", "text"]);
    texts.push(held_as(&workers, "known", JobKind { lane: Lane::KnownTexts, ..CALL }));
    drop(texts.remove(0));
    wait_for(["text", "text"]);
    assert!(!workers.is_full(Lane::Texts));
    drop((calls, texts));
    let one = WorkerPool::new(1, SOON);
    let texts: Vec<_> = (0..=MAX_WAITING).map(|_| held_as(&one, "text", TEXT)).collect();
    assert!(one.is_full(Lane::Texts) && !one.is_full(Lane::Calls));
    drop(texts);
}
