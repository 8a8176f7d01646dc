//! The do-not-call list as it is stored.

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
    let by_hand = DoNotCallEntry::new(ListingReason::ByHand, Coverage::All, AT);
    assert!(remove(&dir, &phone, &by_hand, AT).unwrap());
    assert_eq!(is_free(), [true, true]);
    let texts = DoNotCallEntry::new(ListingReason::OptOut, Coverage::Texts, AT);
    assert!(update(&dir, |list| list.add(&phone, texts.clone())).unwrap());
    assert_eq!(is_free(), [true, false]);
    assert!(!remove(&dir, &phone, &by_hand, AT).unwrap(), "another entry was meant");
    assert!(remove(&dir, &phone, &texts, AT).unwrap());
    crate::storage::file::replace(&paths::do_not_call(&dir), b"{").unwrap();
    assert_eq!(is_free(), [false, false]);
    std::fs::remove_dir_all(dir).unwrap();
}

/// What is added in this order, which entry that leaves, and whether START removes it.
#[track_caller]
fn case(added: &[(ListingReason, Coverage)], wanted: (ListingReason, Coverage), is_lifted: bool) {
    let mut list = DoNotCallList::default();
    for (reason, coverage) in added {
        list.add(&phone(), DoNotCallEntry::new(*reason, *coverage, AT));
    }
    let entry = list.get(&phone()).unwrap();
    assert_eq!((entry.reason, entry.coverage), wanted, "{added:?}");
    assert_eq!((list.lift_opt_out(&phone()), list.get(&phone()).is_none()), (is_lifted, is_lifted));
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

/// What the list of messages says counts by its time.
#[test]
fn what_was_texted_before_a_removal_or_an_entry_changes_nothing() {
    let entry = |at| DoNotCallEntry::new(ListingReason::OptOut, Coverage::All, at);
    let later = AT + jiff::SignedDuration::from_secs(60);
    let mut list = DoNotCallList::default();
    assert!(list.add_past(&phone(), entry(AT), AT) && !list.add_past(&phone(), entry(AT), AT));
    assert!(list.remove(&phone(), &entry(AT), later) && !list.add_past(&phone(), entry(AT), AT));
    assert!(list.add_past(
        &phone(),
        entry(later + later.duration_since(AT)),
        later + later.duration_since(AT)
    ));
    assert!(
        !list.lift_past(&phone(), AT) && list.lift_past(&phone(), later + later.duration_since(AT))
    );
    assert!(list.set_read_until(later) && !list.set_read_until(AT));
    assert_eq!(list.read_until(), Some(later));
}
