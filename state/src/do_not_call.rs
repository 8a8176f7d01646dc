//! The do-not-call list (spec 4): checked by every tool before a call or a text, and by automatic replies.
//!
//! The file says when each number came to it, as it always has; what is kept beside that says why, and what it covers. An
//! older program that reads the file finds every number, and takes each for one that is neither called nor texted.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::exit::{Exit, Fault};
use crate::file;
use crate::paths;
use crate::phone::Phone;

/// How somebody would be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// By a call.
    Call,
    /// By a text.
    Text,
}

/// What an entry forbids, the lesser first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Covers {
    /// Texts; calls are allowed.
    Texts,
    /// Texts and calls.
    All,
}

/// Why a number is on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It opted out by a text.
    OptOut,
    /// The carrier lets no texts through to it, since it opted out there.
    Carrier,
    /// Somebody put it there with `missions dnc add`.
    ByHand,
}

/// A number's place on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Since when, as it stands in the file.
    pub at: String,
    /// Why.
    pub why: Why,
    /// What it covers.
    pub covers: Covers,
}

/// The whole list.
#[derive(Clone, Debug, Default)]
pub struct List(BTreeMap<String, Entry>);

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    /// Number to when it was added.
    numbers: BTreeMap<String, String>,
    /// Number to why, and what it covers; one that is missing here was put there by hand and covers everything.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    details: BTreeMap<String, Value>,
}

impl Covers {
    /// The word in the file and on stdout.
    pub fn word(self) -> &'static str {
        match self {
            Self::Texts => "texts",
            Self::All => "texts and calls",
        }
    }

    fn forbids(self, reach: Reach) -> bool {
        reach == Reach::Text || self == Self::All
    }
}

impl fmt::Display for Covers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Why {
    /// The word in the file and on stdout.
    pub fn word(self) -> &'static str {
        match self {
            Self::OptOut => "opt-out",
            Self::Carrier => "carrier",
            Self::ByHand => "by hand",
        }
    }
}

impl Entry {
    /// A new entry.
    pub fn new(why: Why, covers: Covers, at: Timestamp) -> Self {
        Self { at: at.to_string(), why, covers }
    }

    /// Why, and what it covers, for programs.
    pub fn details(&self) -> Value {
        json!({ "why": self.why.word(), "covers": self.covers.word() })
    }

    /// Reads what stands beside a number. A word that is not known here is a newer program's: then the entry covers
    /// everything, and nothing that comes by text lifts it.
    fn read(at: String, details: Option<&Value>) -> Self {
        let word = |key: &str| details.and_then(|details| details.get(key)?.as_str());
        let why = match word("why") {
            Some("opt-out") => Why::OptOut,
            Some("carrier") => Why::Carrier,
            _ => Why::ByHand,
        };
        let covers = if word("covers") == Some("texts") { Covers::Texts } else { Covers::All };
        Self { at, why, covers }
    }

    /// Whether `new` says more than this one.
    fn yields_to(&self, new: &Self) -> bool {
        self.covers < new.covers || (self.why != Why::ByHand && new.why == Why::ByHand)
    }
}

impl List {
    /// The entry of a number.
    pub fn get(&self, phone: &Phone) -> Option<&Entry> {
        self.0.get(phone.as_str())
    }

    /// All numbers in their order, with their entries.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(number, entry)| (number.as_str(), entry))
    }

    /// Whether a number must not be reached so.
    pub fn forbids(&self, phone: &Phone, reach: Reach) -> bool {
        self.get(phone).is_some_and(|entry| entry.covers.forbids(reach))
    }

    /// Puts a number on the list; false if what stands there says as much already. An entry never comes to cover less,
    /// and one that was made by hand stays one.
    pub fn put(&mut self, phone: &Phone, entry: Entry) -> bool {
        match self.0.get_mut(phone.as_str()) {
            Some(old) if !old.yields_to(&entry) => return false,
            Some(old) => {
                let why = if old.why == Why::ByHand { old.why } else { entry.why };
                *old = Entry { why, ..entry };
            }
            None => _ = self.0.insert(phone.as_str().to_owned(), entry),
        }
        true
    }

    /// Takes off what an opt-out put there; false if there is nothing of the kind.
    pub fn lift(&mut self, phone: &Phone) -> bool {
        self.get(phone).is_some_and(|entry| entry.why != Why::ByHand) && self.take_off(phone)
    }

    fn take_off(&mut self, phone: &Phone) -> bool {
        self.0.remove(phone.as_str()).is_some()
    }
}

/// The list of a skill folder.
///
/// Fails if the file is broken: a list that cannot be read must not count as empty.
pub fn list(skill: &Path) -> anyhow::Result<List> {
    let path = paths::do_not_call(skill);
    read(&path, file::read(&path)?)
}

/// Refuses (exit 1) a number that is on the list, unless its entry allows to reach it so.
pub fn check(skill: &Path, phone: &Phone, reach: Reach) -> anyhow::Result<()> {
    let list = list(skill)?;
    let entry = list.get(phone).filter(|entry| entry.covers.forbids(reach));
    entry.map_or(Ok(()), |entry| Err(refused(phone, entry).into()))
}

fn refused(phone: &Phone, entry: &Entry) -> Fault {
    let (at, covers) = (&entry.at, entry.covers);
    let why = match entry.why {
        Why::ByHand => {
            return Fault::new(Exit::No, format!("`{phone}` is on the do-not-call list"))
                .hint(format!("`missions dnc remove {phone}` takes it off"));
        }
        Why::OptOut => format!("it opted out of {covers} by a text ({at})"),
        Why::Carrier => format!("the carrier says that it opted out of {covers} ({at})"),
    };
    Fault::new(Exit::No, format!("`{phone}` is on the do-not-call list: {why}"))
        .hint("a text of theirs that says START lifts that; `missions dnc list` shows the list")
}

/// Puts a number on the list by hand; false if it was there.
pub fn add(skill: &Path, phone: &Phone, now: Timestamp) -> anyhow::Result<bool> {
    change(skill, |list| list.put(phone, Entry::new(Why::ByHand, Covers::All, now)))
}

/// Takes a number off the list; false if it was not there.
pub fn remove(skill: &Path, phone: &Phone) -> anyhow::Result<bool> {
    change(skill, |list| list.take_off(phone))
}

/// Changes the list under its lock; it is written if `change` says that something did change.
pub fn change(skill: &Path, change: impl FnOnce(&mut List) -> bool) -> anyhow::Result<bool> {
    let path = paths::do_not_call(skill);
    file::update(&path, |bytes| {
        let mut list = read(&path, bytes)?;
        let changed = change(&mut list);
        let bytes = changed.then(|| serde_json::to_vec_pretty(&stored(list))).transpose()?;
        Ok((bytes, changed))
    })
}

fn stored(list: List) -> Stored {
    // What an older program wrote looks as it did.
    let is_plain = |entry: &Entry| entry.why == Why::ByHand && entry.covers == Covers::All;
    let details = list.0.iter().filter(|(_, entry)| !is_plain(entry));
    let details = details.map(|(number, entry)| (number.clone(), entry.details())).collect();
    let numbers = list.0.into_iter().map(|(number, entry)| (number, entry.at)).collect();
    Stored { format: 1, numbers, details }
}

fn read(path: &Path, bytes: Option<Vec<u8>>) -> anyhow::Result<List> {
    let Some(bytes) = bytes else { return Ok(List::default()) };
    let stored: Stored = serde_json::from_slice(&bytes).map_err(|err| file::broken(path, &err))?;
    let Stored { numbers, details, .. } = stored;
    let entry = |(number, at): (String, String)| {
        let entry = Entry::read(at, details.get(&number));
        (number, entry)
    };
    Ok(List(numbers.into_iter().map(entry).collect()))
}

#[cfg(test)]
mod tests {
    use super::{Covers, Entry, List, Reach, Why, add, change, check, list, remove};
    use crate::paths;
    use crate::phone::Phone;
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
        let is_free = || [Reach::Call, Reach::Text].map(|reach| check(&dir, &phone, reach).is_ok());
        assert_eq!(is_free(), [true, true]);
        assert!(add(&dir, &phone, AT).unwrap());
        assert!(!add(&dir, &phone, AT).unwrap());
        assert_eq!(is_free(), [false, false]);
        assert!(remove(&dir, &phone).unwrap());
        assert_eq!(is_free(), [true, true]);
        let texts = Entry::new(Why::OptOut, Covers::Texts, AT);
        assert!(change(&dir, |list| list.put(&phone, texts)).unwrap());
        assert_eq!(is_free(), [true, false]);
        assert!(remove(&dir, &phone).unwrap());
        crate::file::replace(&paths::do_not_call(&dir), b"{").unwrap();
        assert_eq!(is_free(), [false, false]);
        std::fs::remove_dir_all(dir).unwrap();
    }

    /// What is put there after one another, and what stands there then: why, what it covers, and whether START lifts it.
    #[track_caller]
    fn case(put: &[(Why, Covers)], wanted: (Why, Covers), is_lifted: bool) {
        let mut list = List::default();
        for (why, covers) in put {
            list.put(&phone(), Entry::new(*why, *covers, AT));
        }
        let entry = list.get(&phone()).unwrap();
        assert_eq!((entry.why, entry.covers), wanted, "{put:?}");
        assert_eq!((list.lift(&phone()), list.get(&phone()).is_none()), (is_lifted, is_lifted));
    }

    #[test]
    fn an_entry_never_comes_to_cover_less_and_one_by_hand_stays() {
        use Covers::{All, Texts};
        use Why::{ByHand, Carrier, OptOut};
        case(&[(OptOut, Texts)], (OptOut, Texts), true);
        case(&[(OptOut, All), (OptOut, Texts)], (OptOut, All), true);
        case(&[(Carrier, Texts), (OptOut, All)], (OptOut, All), true);
        case(&[(OptOut, All), (Carrier, Texts)], (OptOut, All), true);
        case(&[(ByHand, All), (OptOut, All)], (ByHand, All), false);
        case(&[(OptOut, Texts), (ByHand, All)], (ByHand, All), false);
        assert!(!List::default().lift(&phone()));
    }

    #[test]
    fn the_file_is_readable_by_what_wrote_it_before_and_the_other_way_round() {
        let dir = fresh_dir("format");
        let path = paths::do_not_call(&dir);
        let old = json!({"format": 1, "numbers": {"+15551234567": "2026-01-01T00:00:00Z"}});
        crate::file::replace(&path, old.to_string().as_bytes()).unwrap();
        let read = list(&dir).unwrap();
        let entry = read.get(&phone()).unwrap();
        assert_eq!((entry.why, entry.covers), (Why::ByHand, Covers::All));
        let other = "+15557654321".parse().unwrap();
        let texts = Entry::new(Why::OptOut, Covers::Texts, AT);
        assert!(change(&dir, |list| list.put(&other, texts)).unwrap());
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
    fn a_word_of_a_newer_program_covers_everything_and_is_not_lifted() {
        for details in
            [json!({"why": "court order", "covers": "mornings"}), json!({}), json!(null), json!(7)]
        {
            let entry = Entry::read(String::new(), Some(&details));
            assert_eq!((entry.why, entry.covers), (Why::ByHand, Covers::All), "{details}");
        }
    }
}
