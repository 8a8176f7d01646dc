//! The do-not-call list: numbers that must not be called, or not be texted. Checked before every call and text, automatic
//! replies included.
//!
//! The file maps each number to the time when it was added, as in earlier versions, and beside that holds the reason and
//! the coverage. An earlier version that reads the file finds every number, and neither calls nor texts it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::exit::{Exit, Fault};
use crate::storage::{file, paths};
use crate::text::phone::Phone;
use crate::text::sms_keyword::Keyword;

/// By what somebody is to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactMethod {
    /// By a call.
    Call,
    /// By a text.
    Text,
}

/// What an entry forbids; the order is that of how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coverage {
    /// Texts; calls are allowed.
    Texts,
    /// Texts and calls.
    All,
}

/// Why a number is on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListingReason {
    /// Somebody opted out from this number by a text to us.
    OptOut,
    /// The carrier blocks texts to it, since somebody opted out there.
    Carrier,
    /// Somebody put it there with `missions dnc add`.
    ByHand,
}

/// What the list holds of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoNotCallEntry {
    /// When it was added, as the file has it (RFC 3339).
    pub at: String,
    /// Why it was added.
    pub reason: ListingReason,
    /// What it forbids.
    pub coverage: Coverage,
    /// The word that opted out, where it also answers a question of ours.
    pub reply: Option<String>,
}

/// The do-not-call list of a skill folder.
#[derive(Clone, Debug, Default)]
pub struct DoNotCallList {
    entries: BTreeMap<String, DoNotCallEntry>,
    /// Numbers that were taken off by hand, and when: what they texted before that counts no more.
    removed: BTreeMap<String, Timestamp>,
    /// Up to when the service's list of messages was read for opt-outs.
    read_until: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct DoNotCallFile {
    format: u32,
    /// From each number to the time when it was added.
    numbers: BTreeMap<String, String>,
    /// From a number to reason and coverage. One that is missing here was added by hand and covers everything.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    details: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    removed: BTreeMap<String, Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read_until: Option<Timestamp>,
}

impl Coverage {
    /// What an opt-out by this keyword covers; `None` if it is none.
    pub fn of(word: Keyword) -> Option<Self> {
        match word {
            Keyword::StopAll => Some(Self::All),
            Keyword::StopTexts => Some(Self::Texts),
            Keyword::Start | Keyword::Help => None,
        }
    }

    /// The word for it in the file and on stdout.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Texts => "texts",
            Self::All => "texts and calls",
        }
    }

    fn forbids(self, method: ContactMethod) -> bool {
        method == ContactMethod::Text || self == Self::All
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ListingReason {
    /// The word for it in the file and on stdout.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OptOut => "opt-out",
            Self::Carrier => "carrier",
            Self::ByHand => "by hand",
        }
    }
}

impl DoNotCallEntry {
    /// An entry of a number that is added at `at`.
    pub fn new(reason: ListingReason, coverage: Coverage, at: Timestamp) -> Self {
        Self { at: at.to_string(), reason, coverage, reply: None }
    }

    /// The entry of somebody whose opt-out may also be meant as the answer to a question of ours.
    #[must_use]
    pub fn with_reply(self, reply: Option<String>) -> Self {
        Self { reply, ..self }
    }

    /// Reason and coverage as JSON: `{"why": …, "covers": …}`, with `reply` where there is one.
    pub fn details(&self) -> Value {
        let mut details = json!({ "why": self.reason.as_str(), "covers": self.coverage.as_str() });
        if let Some(reply) = &self.reply {
            details["reply"] = reply.as_str().into();
        }
        details
    }

    /// Whether they opted out, by a text or at the carrier.
    pub fn is_opt_out(&self) -> bool {
        self.reason != ListingReason::ByHand
    }

    /// Reads the details of a number. A word that is unknown here comes from a later version: then the entry covers
    /// everything, and no text can remove it.
    fn parse(at: String, details: Option<&Value>) -> Self {
        let word = |key: &str| details.and_then(|details| details.get(key)?.as_str());
        let reason = match word("why") {
            Some("opt-out") => ListingReason::OptOut,
            Some("carrier") => ListingReason::Carrier,
            _ => ListingReason::ByHand,
        };
        let is_texts = word("covers") == Some("texts");
        let coverage = if is_texts { Coverage::Texts } else { Coverage::All };
        Self { at, reason, coverage, reply: word("reply").map(str::to_owned) }
    }

    /// Whether `new` forbids more than this entry, or is by hand while this one is not.
    fn is_weaker_than(&self, new: &Self) -> bool {
        let is_by_hand = |entry: &Self| entry.reason == ListingReason::ByHand;
        self.coverage < new.coverage || (!is_by_hand(self) && is_by_hand(new))
    }
}

impl DoNotCallList {
    /// The entry of a number.
    pub fn get(&self, phone: &Phone) -> Option<&DoNotCallEntry> {
        self.entries.get(phone.as_str())
    }

    /// All numbers in their order, with their entries.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &DoNotCallEntry)> {
        self.entries.iter().map(|(number, entry)| (number.as_str(), entry))
    }

    /// Whether a number must not be reached by `method`.
    pub fn forbids(&self, phone: &Phone, method: ContactMethod) -> bool {
        self.get(phone).is_some_and(|entry| entry.coverage.forbids(method))
    }

    /// Adds a number; false if it has an entry that forbids as much already. The coverage of an entry never becomes less,
    /// and one that was added by hand stays so.
    pub fn add(&mut self, phone: &Phone, entry: DoNotCallEntry) -> bool {
        match self.entries.get_mut(phone.as_str()) {
            Some(old) if !old.is_weaker_than(&entry) => return false,
            Some(old) => {
                let is_by_hand = old.reason == ListingReason::ByHand;
                let reason = if is_by_hand { old.reason } else { entry.reason };
                *old = DoNotCallEntry { reason, ..entry };
            }
            None => _ = self.entries.insert(phone.as_str().to_owned(), entry),
        }
        true
    }

    /// Removes a number that an opt-out added; false if it is not listed, or was added by hand.
    pub fn lift_opt_out(&mut self, phone: &Phone) -> bool {
        self.get(phone).is_some_and(DoNotCallEntry::is_opt_out) && self.take(phone)
    }

    /// [`Self::add`] for an opt-out that was texted at `at`, unless the number was taken off by hand since.
    pub fn add_past(&mut self, phone: &Phone, entry: DoNotCallEntry, at: Timestamp) -> bool {
        let is_removed = self.removed.get(phone.as_str()).is_some_and(|removed| *removed >= at);
        !is_removed && self.add(phone, entry)
    }

    /// [`Self::lift_opt_out`] by a text of `at`: of what was added after that it lifts nothing.
    pub fn lift_past(&mut self, phone: &Phone, at: Timestamp) -> bool {
        let is_later =
            |entry: &DoNotCallEntry| entry.at.parse::<Timestamp>().is_ok_and(|added| added > at);
        !self.get(phone).is_some_and(is_later) && self.lift_opt_out(phone)
    }

    /// Up to when the service's list of messages was read for opt-outs; `None` if it never was.
    pub fn read_until(&self) -> Option<Timestamp> {
        self.read_until
    }

    /// The list of messages was read up to then; false if it had been before.
    pub fn set_read_until(&mut self, at: Timestamp) -> bool {
        let is_later = self.read_until.is_none_or(|before| before < at);
        if is_later {
            self.read_until = Some(at);
        }
        is_later
    }

    fn remove(&mut self, phone: &Phone, entry: &DoNotCallEntry, now: Timestamp) -> bool {
        let is_removed = self.get(phone) == Some(entry) && self.take(phone);
        if is_removed {
            self.removed.insert(phone.as_str().to_owned(), now);
        }
        is_removed
    }

    fn take(&mut self, phone: &Phone) -> bool {
        self.entries.remove(phone.as_str()).is_some()
    }
}

/// Reads the list of a skill folder.
///
/// Fails if the file cannot be read: such a list must not count as empty.
pub fn load(skill: &Path) -> anyhow::Result<DoNotCallList> {
    let path = paths::do_not_call(skill);
    parse(&path, file::read(&path)?)
}

/// Refuses (exit 1) a number that must not be reached by `method`. Fails as [`load`] does.
pub fn ensure_allowed(skill: &Path, phone: &Phone, method: ContactMethod) -> anyhow::Result<()> {
    let list = load(skill)?;
    let entry = list.get(phone).filter(|entry| entry.coverage.forbids(method));
    entry.map_or(Ok(()), |entry| Err(refusal(phone, entry).into()))
}

fn refusal(phone: &Phone, entry: &DoNotCallEntry) -> Fault {
    let (at, coverage) = (&entry.at, entry.coverage);
    let reason = match entry.reason {
        ListingReason::ByHand => {
            return Fault::new(Exit::No, format!("`{phone}` is on the do-not-call list")).hint(
                format!(
                    "`missions dnc remove {phone}` takes it off, if the owner's phone approves"
                ),
            );
        }
        ListingReason::OptOut => format!("it opted out of {coverage} by a text ({at})"),
        ListingReason::Carrier => {
            format!("the carrier says that it opted out of {coverage} ({at})")
        }
    };
    Fault::new(Exit::No, format!("`{phone}` is on the do-not-call list: {reason}"))
        .hint("a text of theirs that says START lifts that; `missions dnc list` shows the list")
}

/// Adds a number by hand, for calls and texts; false if it was there so already.
pub fn add_by_hand(skill: &Path, phone: &Phone, now: Timestamp) -> anyhow::Result<bool> {
    let entry = DoNotCallEntry::new(ListingReason::ByHand, Coverage::All, now);
    update(skill, |list| list.add(phone, entry))
}

/// Removes a number, whyever it was added; false if its entry is not this one any more. What they texted before does not
/// add it again.
pub fn remove(
    skill: &Path,
    phone: &Phone,
    entry: &DoNotCallEntry,
    now: Timestamp,
) -> anyhow::Result<bool> {
    update(skill, |list| list.remove(phone, entry, now))
}

/// Changes the list under its lock; it is written if `change` says that it changed something.
///
/// Fails if the file cannot be read or written.
pub fn update(
    skill: &Path,
    change: impl FnOnce(&mut DoNotCallList) -> bool,
) -> anyhow::Result<bool> {
    let path = paths::do_not_call(skill);
    file::update(&path, |bytes| {
        let mut list = parse(&path, bytes)?;
        let changed = change(&mut list);
        let bytes = changed.then(|| serde_json::to_vec_pretty(&as_file(list))).transpose()?;
        Ok((bytes, changed))
    })
}

fn as_file(list: DoNotCallList) -> DoNotCallFile {
    // An entry of an earlier version is written as that version wrote it.
    let is_plain = |entry: &DoNotCallEntry| {
        entry.reason == ListingReason::ByHand && entry.coverage == Coverage::All
    };
    let DoNotCallList { entries, removed, read_until } = list;
    let details = entries.iter().filter(|(_, entry)| !is_plain(entry));
    let details = details.map(|(number, entry)| (number.clone(), entry.details())).collect();
    let numbers = entries.into_iter().map(|(number, entry)| (number, entry.at)).collect();
    DoNotCallFile { format: 1, numbers, details, removed, read_until }
}

fn parse(path: &Path, bytes: Option<Vec<u8>>) -> anyhow::Result<DoNotCallList> {
    let Some(file) = file::parse(path, bytes)? else { return Ok(DoNotCallList::default()) };
    let DoNotCallFile { numbers, details, removed, read_until, .. } = file;
    let entry = |(number, at): (String, String)| {
        let entry = DoNotCallEntry::parse(at, details.get(&number));
        (number, entry)
    };
    let entries = numbers.into_iter().map(entry).collect();
    Ok(DoNotCallList { entries, removed, read_until })
}

#[cfg(test)]
mod tests;
