//! Who opted out by a text, or in again, on the way to the do-not-call list.
//!
//! A thread of its own writes the list: workers may be busy with turns for minutes, and STOP and START of one number must
//! come to it in the order in which they were sent. What cannot be written is kept and tried again; until then it holds
//! for our own replies all the same, and the journal has it for the next life.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use state::do_not_call::{self, Covers, Entry, Why};
use state::opt_out::Word;
use state::phone::Phone;
use state::{exit, owner};

use crate::journal::JournalStep;
use crate::shop::Shop;

/// Between two tries to write the list.
const AGAIN: Duration = Duration::from_secs(10);

/// How long it is believed which phone is the owner's.
const BELIEVED: Duration = Duration::from_secs(600);

/// More than this do not wait; what is beyond that is left to the journal, and to the next life.
const MOST: usize = 10_000;

/// The stack of the thread, which asks the service and writes a file.
const STACK: usize = 256 << 10;

/// One change of the list.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// The text that asked for it, as the journal knows it.
    pub(crate) key: String,
    /// Whose number it is.
    pub(crate) phone: Phone,
    /// When the text came.
    pub(crate) at: Timestamp,
    /// What it asked for.
    pub(crate) change: Change,
}

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The number comes to the list.
    Put(Why, Covers),
    /// What an opt-out put there goes.
    Lift,
}

impl Change {
    /// What a word asks for; `None` for one that changes nothing.
    pub(crate) fn of(word: Word) -> Option<Self> {
        match word {
            Word::StopAll => Some(Self::Put(Why::OptOut, Covers::All)),
            Word::StopTexts => Some(Self::Put(Why::OptOut, Covers::Texts)),
            Word::Start => Some(Self::Lift),
            Word::Help => None,
        }
    }
}

/// The changes that are to be made.
#[derive(Debug, Default)]
pub(crate) struct OptOuts {
    queue: Mutex<Queue>,
    /// The owner's phone, and when the service said so.
    owner: Mutex<Option<(Phone, Instant)>>,
}

#[derive(Debug, Default)]
struct Queue {
    /// In the order in which they came; each stays here until it is in the file.
    waiting: VecDeque<Notice>,
    /// Whether a thread writes.
    is_writing: bool,
    /// Why they could not be written.
    problem: Option<String>,
}

impl OptOuts {
    /// Makes a change as soon as can be, and settles its key in the journal then.
    pub(crate) fn add(shop: &Arc<Shop>, notice: Notice) {
        let mut queue = shop.opt_outs.hold();
        if queue.waiting.len() >= MOST {
            let key = &notice.key;
            return shop
                .log
                .line(format_args!("{key}: too many opt-outs wait; left to the journal"));
        }
        queue.waiting.push_back(notice);
        if queue.is_writing {
            return;
        }
        let writer_shop = Arc::clone(shop);
        let writer = thread::Builder::new().name("opt-outs".to_owned()).stack_size(STACK);
        // Under the lock: the thread takes it first. If the system gives none, the next change asks again.
        queue.is_writing = writer.spawn(move || writer_shop.opt_outs.write(&writer_shop)).is_ok();
        if !queue.is_writing {
            queue.problem = Some("the system gives no thread to write it in".to_owned());
        }
    }

    /// Whether a number has opted out of texts by what is not in the file yet.
    pub(crate) fn forbid(&self, phone: &Phone) -> bool {
        let queue = self.hold();
        let last = queue.waiting.iter().rev().find(|notice| notice.phone == *phone);
        last.is_some_and(|notice| matches!(notice.change, Change::Put(..)))
    }

    /// Why changes wait, if that is not the matter of a moment.
    pub(crate) fn problem(&self) -> Option<String> {
        self.hold().problem.clone()
    }

    /// Whether everything is in the file that can be.
    pub(crate) fn is_idle(&self) -> bool {
        let queue = self.hold();
        queue.waiting.is_empty() || queue.problem.is_some()
    }

    fn write(&self, shop: &Shop) {
        loop {
            let batch: Vec<Notice> = {
                let mut queue = self.hold();
                // Under the lock: whoever adds the next one sees that nobody writes and starts the next thread.
                queue.is_writing = !queue.waiting.is_empty();
                queue.waiting.iter().cloned().collect()
            };
            let Some(last) = batch.last() else { return };
            let problem = self.try_write(shop, &batch).err().map(|err| exit::told(&err));
            let is_news = {
                let mut queue = self.hold();
                if problem.is_none() {
                    queue.waiting.drain(..batch.len());
                }
                std::mem::replace(&mut queue.problem, problem.clone()) != problem
            };
            // Wakes the socket's thread, which tells of problems in its status and may wait for us with its end.
            shop.ended(&last.key);
            if let Some(problem) = problem {
                if is_news {
                    let n = batch.len();
                    shop.log.line(format_args!(
                        "{}: the do-not-call list cannot be written; opt-outs that hold for replies alone: {n}: {problem}",
                        last.key
                    ));
                }
                thread::sleep(shop.clock.period(AGAIN));
            }
        }
    }

    /// Writes them all or none.
    fn try_write(&self, shop: &Shop, batch: &[Notice]) -> anyhow::Result<()> {
        let opts_out = |notice: &Notice| matches!(notice.change, Change::Put(..));
        let owner = if batch.iter().any(opts_out) { self.owner(shop) } else { None };
        let is_owner = |notice: &Notice| owner.as_ref() == Some(&notice.phone);
        let mut told = Vec::new();
        do_not_call::change(&shop.skill, |list| {
            let mut changed = false;
            for notice in batch {
                let phone = &notice.phone;
                told.push(match notice.change {
                    Change::Put(..) if is_owner(notice) => {
                        format!("{phone} is the owner's own and stays off the do-not-call list")
                    }
                    Change::Put(why, covers) => {
                        changed |= list.put(phone, Entry::new(why, covers, notice.at));
                        format!("{phone} opted out of {covers}")
                    }
                    Change::Lift if list.lift(phone) => {
                        changed = true;
                        format!("{phone} opted in again")
                    }
                    Change::Lift => format!("{phone} opted in, and had not opted out by a text"),
                });
            }
            changed
        })?;
        for (notice, told) in batch.iter().zip(told) {
            shop.journal.append(JournalStep::Done, &notice.key, None);
            shop.log.line(format_args!("{}: {told}", notice.key));
        }
        Ok(())
    }

    /// The owner's phone. What the service said last is believed for a while, and for longer where it says nothing now.
    fn owner(&self, shop: &Shop) -> Option<Phone> {
        let mut known = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |(_, since): &(Phone, Instant)| since.elapsed() < BELIEVED;
        if !known.as_ref().is_some_and(is_fresh)
            && let Some(phone) = shop.service.as_ref().and_then(owner::phone)
        {
            *known = Some((phone, Instant::now()));
        }
        known.as_ref().map(|(phone, _)| phone.clone())
    }

    fn hold(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
