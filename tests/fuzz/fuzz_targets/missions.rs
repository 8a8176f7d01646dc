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
use store::{Missions, Salvaged, parse, salvage};

const PATH: &str = "/state.json";

fuzz_target!(|bytes: &[u8]| {
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

fn read(bytes: &[u8]) -> anyhow::Result<Missions> {
    parse(Path::new(PATH), Some(bytes))
}

fn written(missions: &Missions) -> Vec<u8> {
    missions.to_bytes().expect("missions can be written")
}

fn object(bytes: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(bytes).expect("missions are an object")
}
