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
}

/// The do-not-call list of a skill folder.
#[derive(Clone, Debug, Default)]
pub struct DoNotCallList(BTreeMap<String, DoNotCallEntry>);

#[derive(Serialize, Deserialize)]
struct DoNotCallFile {
    format: u32,
    /// From each number to the time when it was added.
    numbers: BTreeMap<String, String>,
    /// From a number to reason and coverage. One that is missing here was added by hand and covers everything.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    details: BTreeMap<String, Value>,
}

impl Coverage {
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
        Self { at: at.to_string(), reason, coverage }
    }

    /// Reason and coverage as JSON: `{"why": …, "covers": …}`.
    pub fn details(&self) -> Value {
        json!({ "why": self.reason.as_str(), "covers": self.coverage.as_str() })
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
        Self { at, reason, coverage: if is_texts { Coverage::Texts } else { Coverage::All } }
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
        self.0.get(phone.as_str())
    }

    /// All numbers in their order, with their entries.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &DoNotCallEntry)> {
        self.0.iter().map(|(number, entry)| (number.as_str(), entry))
    }

    /// Whether a number must not be reached by `method`.
    pub fn forbids(&self, phone: &Phone, method: ContactMethod) -> bool {
        self.get(phone).is_some_and(|entry| entry.coverage.forbids(method))
    }

    /// Adds a number; false if it has an entry that forbids as much already. The coverage of an entry never becomes less,
    /// and one that was added by hand stays so.
    pub fn add(&mut self, phone: &Phone, entry: DoNotCallEntry) -> bool {
        match self.0.get_mut(phone.as_str()) {
            Some(old) if !old.is_weaker_than(&entry) => return false,
            Some(old) => {
                let is_by_hand = old.reason == ListingReason::ByHand;
                let reason = if is_by_hand { old.reason } else { entry.reason };
                *old = DoNotCallEntry { reason, ..entry };
            }
            None => _ = self.0.insert(phone.as_str().to_owned(), entry),
        }
        true
    }

    /// Removes a number that an opt-out added; false if it is not listed, or was added by hand.
    pub fn lift_opt_out(&mut self, phone: &Phone) -> bool {
        let is_opt_out = |entry: &DoNotCallEntry| entry.reason != ListingReason::ByHand;
        self.get(phone).is_some_and(is_opt_out) && self.remove(phone)
    }

    fn remove(&mut self, phone: &Phone) -> bool {
        self.0.remove(phone.as_str()).is_some()
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
            return Fault::new(Exit::No, format!("`{phone}` is on the do-not-call list"))
                .hint(format!("`missions dnc remove {phone}` takes it off"));
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

/// Removes a number, whyever it was added; false if it was not there.
pub fn remove(skill: &Path, phone: &Phone) -> anyhow::Result<bool> {
    update(skill, |list| list.remove(phone))
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
    let details = list.0.iter().filter(|(_, entry)| !is_plain(entry));
    let details = details.map(|(number, entry)| (number.clone(), entry.details())).collect();
    let numbers = list.0.into_iter().map(|(number, entry)| (number, entry.at)).collect();
    DoNotCallFile { format: 1, numbers, details }
}

fn parse(path: &Path, bytes: Option<Vec<u8>>) -> anyhow::Result<DoNotCallList> {
    let Some(bytes) = bytes else { return Ok(DoNotCallList::default()) };
    let file: DoNotCallFile =
        serde_json::from_slice(&bytes).map_err(|err| file::corrupt(path, &err))?;
    let DoNotCallFile { numbers, details, .. } = file;
    let entry = |(number, at): (String, String)| {
        let entry = DoNotCallEntry::parse(at, details.get(&number));
        (number, entry)
    };
    Ok(DoNotCallList(numbers.into_iter().map(entry).collect()))
}

#[cfg(test)]
mod tests {
    use super::{
        ContactMethod, Coverage, DoNotCallEntry, DoNotCallList, ListingReason, add_by_hand,
        ensure_allowed, load, remove, update,
    };
    use crate::storage::paths;
    use crate::text::phone::Phone;
    use jiff::Timestamp;
    use serde_json::{Value, json};
    use std::path::PathBuf;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn phone() -> Phone {
        "+15551234567".parse().unwrap()
    }

    fn fresh_dir(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("state-dnc-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        dir
    }

    #[test]
    fn a_listed_number_is_refused_until_it_is_removed() {
        let dir = fresh_dir("check");
        let phone = phone();
        let is_free = || {
            [ContactMethod::Call, ContactMethod::Text]
                .map(|method| ensure_allowed(&dir, &phone, method).is_ok())
        };
        assert_eq!(is_free(), [true, true]);
        assert!(add_by_hand(&dir, &phone, AT).unwrap());
        assert!(!add_by_hand(&dir, &phone, AT).unwrap());
        assert_eq!(is_free(), [false, false]);
        assert!(remove(&dir, &phone).unwrap());
        assert_eq!(is_free(), [true, true]);
        let texts = DoNotCallEntry::new(ListingReason::OptOut, Coverage::Texts, AT);
        assert!(update(&dir, |list| list.add(&phone, texts)).unwrap());
        assert_eq!(is_free(), [true, false]);
        assert!(remove(&dir, &phone).unwrap());
        crate::storage::file::replace(&paths::do_not_call(&dir), b"{").unwrap();
        assert_eq!(is_free(), [false, false]);
        std::fs::remove_dir_all(dir).unwrap();
    }

    /// What is added in this order, which entry that leaves, and whether START removes it.
    #[track_caller]
    fn case(
        added: &[(ListingReason, Coverage)],
        wanted: (ListingReason, Coverage),
        is_lifted: bool,
    ) {
        let mut list = DoNotCallList::default();
        for (reason, coverage) in added {
            list.add(&phone(), DoNotCallEntry::new(*reason, *coverage, AT));
        }
        let entry = list.get(&phone()).unwrap();
        assert_eq!((entry.reason, entry.coverage), wanted, "{added:?}");
        assert_eq!(
            (list.lift_opt_out(&phone()), list.get(&phone()).is_none()),
            (is_lifted, is_lifted)
        );
    }

    #[test]
    fn an_entry_never_covers_less_and_one_by_hand_stays() {
        use Coverage::{All, Texts};
        use ListingReason::{ByHand, Carrier, OptOut};
        case(&[(OptOut, Texts)], (OptOut, Texts), true);
        case(&[(OptOut, All), (OptOut, Texts)], (OptOut, All), true);
        case(&[(Carrier, Texts), (OptOut, All)], (OptOut, All), true);
        case(&[(OptOut, All), (Carrier, Texts)], (OptOut, All), true);
        case(&[(ByHand, All), (OptOut, All)], (ByHand, All), false);
        case(&[(OptOut, Texts), (ByHand, All)], (ByHand, All), false);
        assert!(!DoNotCallList::default().lift_opt_out(&phone()));
    }

    #[test]
    fn earlier_versions_can_read_the_file_and_theirs_is_read() {
        let dir = fresh_dir("format");
        let path = paths::do_not_call(&dir);
        let old = json!({"format": 1, "numbers": {"+15551234567": "2026-01-01T00:00:00Z"}});
        crate::storage::file::replace(&path, old.to_string().as_bytes()).unwrap();
        let read = load(&dir).unwrap();
        let entry = read.get(&phone()).unwrap();
        assert_eq!((entry.reason, entry.coverage), (ListingReason::ByHand, Coverage::All));
        let other = "+15557654321".parse().unwrap();
        let texts = DoNotCallEntry::new(ListingReason::OptOut, Coverage::Texts, AT);
        assert!(update(&dir, |list| list.add(&other, texts)).unwrap());
        let kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let wanted = json!({
            "format": 1,
            "numbers": {"+15551234567": "2026-01-01T00:00:00Z", "+15557654321": "1970-01-01T00:00:00Z"},
            "details": {"+15557654321": {"why": "opt-out", "covers": "texts"}},
        });
        assert_eq!(kept, wanted);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_word_of_a_later_version_covers_everything_and_is_not_lifted() {
        for details in
            [json!({"why": "court order", "covers": "mornings"}), json!({}), json!(null), json!(7)]
        {
            let entry = DoNotCallEntry::parse(String::new(), Some(&details));
            let wanted = (ListingReason::ByHand, Coverage::All);
            assert_eq!((entry.reason, entry.coverage), wanted, "{details}");
        }
    }
}
