//! Who opted out by a text, or in again, as long as that is not on the do-not-call list. It holds for our own replies all
//! the same.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use state::do_not_call::{Coverage, ListingReason};
use state::phone::Phone;
use state::sms_keyword::Keyword;

/// More than this do not wait; what is beyond that is left to the journal, and to the next process.
const MAX_WAITING: usize = 10_000;

/// How long the owner's phone, once fetched, is used without fetching it again.
const OWNER_FRESH_FOR: Duration = Duration::from_secs(600);

/// One change of the list.
#[derive(Clone, Debug)]
pub(crate) struct OptOutNotice {
    /// The key of the text that it came by.
    pub(crate) key: String,
    /// Whose number it is.
    pub(crate) phone: Phone,
    /// When the text came.
    pub(crate) at: Timestamp,
    /// The change.
    pub(crate) change: ListChange,
    /// The word that they texted, where it also answers a question of ours.
    pub(crate) reply: Option<String>,
}

/// What is changed on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListChange {
    /// The number is put on it.
    OptOut(ListingReason, Coverage),
    /// What an opt-out put there is taken off.
    OptIn,
}

impl ListChange {
    /// What a keyword asks for; `None` for one that changes nothing.
    pub(crate) fn of(word: Keyword) -> Option<Self> {
        let opt_out = |covers| Self::OptOut(ListingReason::OptOut, covers);
        Coverage::of(word).map(opt_out).or((word == Keyword::Start).then_some(Self::OptIn))
    }
}

/// The changes that are to be made.
#[derive(Debug, Default)]
pub(crate) struct OptOutQueue {
    state: Mutex<QueueState>,
    /// The owner's phone, and when the service said so.
    owner: Mutex<Option<(Phone, Instant)>>,
}

#[derive(Debug, Default)]
struct QueueState {
    /// In the order in which they came; each stays here until it is in the file.
    waiting: VecDeque<OptOutNotice>,
    /// Whether a thread writes.
    is_writing: bool,
    /// Whether something may be scheduled at the service for somebody who opted out.
    is_to_withdraw: bool,
    /// Why they could not be written.
    problem: Option<String>,
}

impl QueueState {
    fn ensure_writer(&mut self, start_writer: impl FnOnce() -> bool) {
        if !self.is_writing {
            // Under the lock: the thread takes it first. If the system gives none, the next change tries again.
            self.is_writing = start_writer();
            if !self.is_writing {
                self.problem = Some("the system gives no thread to write it in".to_owned());
            }
        }
    }
}

impl OptOutQueue {
    /// Adds a change, and calls `start_writer` if no thread writes; that is to give whether one does now. False, and
    /// nothing is added, if too many wait.
    pub(crate) fn push(&self, notice: OptOutNotice, start_writer: impl FnOnce() -> bool) -> bool {
        let mut state = self.lock();
        if state.waiting.len() >= MAX_WAITING {
            return false;
        }
        state.waiting.push_back(notice);
        state.ensure_writer(start_writer);
        true
    }

    /// Something may be scheduled for somebody who opted out: a writer withdraws it. `start_writer` as for [`Self::push`].
    pub(crate) fn withdraw_soon(&self, start_writer: impl FnOnce() -> bool) {
        let mut state = self.lock();
        state.is_to_withdraw = true;
        state.ensure_writer(start_writer);
    }

    /// All changes that wait, for the thread that writes. If there are none, and nothing is to be withdrawn, that thread has
    /// to end.
    pub(crate) fn waiting(&self) -> Vec<OptOutNotice> {
        let mut state = self.lock();
        // Under the lock: whoever adds the next one sees that nobody writes and starts the next thread.
        state.is_writing = !state.waiting.is_empty() || state.is_to_withdraw;
        state.waiting.iter().cloned().collect()
    }

    /// Whether something is to be withdrawn; it is to be until this is told otherwise.
    pub(crate) fn is_to_withdraw(&self) -> bool {
        self.lock().is_to_withdraw
    }

    /// Something is to be withdrawn from now on, or is not any more.
    pub(crate) fn set_to_withdraw(&self, is_to_withdraw: bool) {
        self.lock().is_to_withdraw = is_to_withdraw;
    }

    /// The first `n` changes were written, or were not because of `problem`. Gives whether that problem is new.
    pub(crate) fn on_written(&self, n: usize, problem: Option<&str>) -> bool {
        let mut state = self.lock();
        if problem.is_none() {
            state.waiting.drain(..n);
        }
        let is_new = state.problem.as_deref() != problem;
        state.problem = problem.map(str::to_owned);
        is_new
    }

    /// Whether a number has opted out of texts by what is not in the file yet.
    pub(crate) fn has_opted_out(&self, phone: &Phone) -> bool {
        let state = self.lock();
        let last = state.waiting.iter().rev().find(|notice| notice.phone == *phone);
        last.is_some_and(|notice| matches!(notice.change, ListChange::OptOut(..)))
    }

    /// Why changes wait, if they wait for more than a moment.
    pub(crate) fn problem(&self) -> Option<String> {
        self.lock().problem.clone()
    }

    /// Whether everything is in the file that can be.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.waiting.is_empty() || state.problem.is_some()
    }

    /// The owner's phone. What `fetch` gave last is used for a while, and for longer where it gives nothing now.
    pub(crate) fn owner(&self, fetch: impl FnOnce() -> Option<Phone>) -> Option<Phone> {
        let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |(_, since): &(Phone, Instant)| since.elapsed() < OWNER_FRESH_FOR;
        if !owner.as_ref().is_some_and(is_fresh)
            && let Some(phone) = fetch()
        {
            *owner = Some((phone, Instant::now()));
        }
        owner.as_ref().map(|(phone, _)| phone.clone())
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
