//! The state file of missions: any bytes are read or refused with their damage, saved as far as they can be read, and an
//! appended item changes nothing else.
//!
//! What stands before the first NUL, if there is one, is the item; the rest is the file.
#![no_main]
#![allow(dead_code, unused_imports, reason = "the target uses a part of the program's sources")]

#[path = "../../../missions/src/lifecycle/mod.rs"]
mod lifecycle;
#[path = "../../../missions/src/service/mod.rs"]
mod service;
#[path = "../../../missions/src/store/mod.rs"]
mod store;
#[path = "../../../missions/src/suggest.rs"]
mod suggest;
#[path = "../../../missions/src/window/mod.rs"]
mod window;

use std::path::Path;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use state::failure;
use state::exit::{self, Exit};
use store::append_memory::append_to_bytes;
use store::{Missions, Salvaged, parse, salvage};

const PATH: &str = "/state.json";

fuzz_target!(|data: &[u8]| {
    let (item, bytes) = match data.iter().position(|byte| *byte == 0) {
        Some(end) => (serde_json::from_slice(&data[..end]).ok(), &data[end + 1..]),
        None => (None, data),
    };
    let item = item.unwrap_or_else(|| json!({"k": "v"}));
    match read(bytes) {
        Ok(missions) => {
            let again = written(&missions);
            let read_again = read(&again).expect("what is written can be read");
            assert_eq!(written(&read_again), again);
            let Salvaged { missions: saved, cut, lost } = salvage(bytes);
            assert_eq!((Missions::new(saved), cut, lost), (missions, Vec::new(), 0));
        }
        Err(err) => {
            assert_eq!(failure::exit_of(&err), Exit::Usage);
            let told = exit::one_line(&err);
            assert!(told.contains(PATH) && told.len() < 600, "{told}");
            assert!(!told.chars().any(char::is_control), "{told:?}");
            recovers(bytes);
        }
    }
    for create in [false, true] {
        appends(bytes, &item, create);
    }
});

/// What is saved of a broken file is a whole one, and nothing in it was made up.
fn recovers(bytes: &[u8]) {
    let Salvaged { missions, cut, lost } = salvage(bytes);
    assert!(lost <= bytes.len());
    assert!(cut.iter().all(|slug| missions.contains_key(slug)), "{cut:?} of {missions:?}");
    let saved = Missions::new(missions);
    let written = written(&saved);
    let again = salvage(&written);
    assert!(again.cut.is_empty() && again.lost == 0);
    assert_eq!(read(&written).expect("what is saved can be read"), saved);
}

/// An append to a file that can be read leaves one that can be read, with one more item and nothing else changed.
fn appends(bytes: &[u8], item: &Value, create: bool) {
    let now: Timestamp = "2027-01-01T00:00:00Z".parse().expect("a time");
    let before = read(bytes).map(|missions| object(&written(&missions)));
    let done = append_to_bytes(Path::new(PATH), Some(bytes), "m", ("l", item), create, now);
    let (mut wanted, (after, appended)) = match (before, done) {
        (Ok(wanted), Ok(done)) => (wanted, done),
        (_, Err(err)) => return assert_eq!(failure::exit_of(&err), Exit::Usage),
        // The quick way does not see how deep the rest is: a file that Python alone reads stays one.
        (Err(err), Ok(_)) => {
            return assert!(
                err.to_string().contains("recursion limit"),
                "a broken file was changed: {err}"
            );
        }
    };
    let after = read(&after).expect("what is written can be read");
    let mission = members(wanted.entry("m").or_insert(Value::Null));
    mission.insert("last_updated".to_owned(), now.to_string().into());
    let list = members(mission.entry("memory").or_insert(Value::Null));
    let list = list.entry("l").or_insert(json!([]));
    assert_eq!(appended.was_single, !list.is_array());
    if !list.is_array() {
        *list = json!([list.take()]);
    }
    let list = list.as_array_mut().expect("a list");
    list.push(item.clone());
    assert_eq!(appended.items, list.len());
    // As text, since the order of keys counts as well.
    assert_eq!(written(&after), written(&Missions::new(wanted)));
}

/// The members of what is an object, or nothing yet.
fn members(value: &mut Value) -> &mut Map<String, Value> {
    if value.is_null() {
        *value = json!({});
    }
    value.as_object_mut().expect("what was of another kind was not overwritten")
}

fn read(bytes: &[u8]) -> anyhow::Result<Missions> {
    parse(Path::new(PATH), Some(bytes))
}

fn written(missions: &Missions) -> Vec<u8> {
    missions.to_bytes().expect("missions can be written")
}

fn object(bytes: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(bytes).expect("missions are an object")
}
