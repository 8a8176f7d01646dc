//! What a state file held last, taken apart: a pass reads it many times, and mostly finds what it left there.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use state::file;

use super::{Missions, parse};

/// The bytes of a state file and the missions in them. Whether the file still holds them is asked of the file
/// each time: nothing is spared but to take the same bytes apart again.
#[derive(Debug, Default)]
pub(super) struct Last(RefCell<Option<Held>>);

#[derive(Debug)]
struct Held {
    bytes: Arc<Vec<u8>>,
    missions: Arc<Missions>,
}

impl Last {
    /// The missions, if the file holds the same bytes as then.
    pub(super) fn still_in(&self, path: &Path) -> Option<Arc<Missions>> {
        let last = self.0.borrow();
        let last = last.as_ref().filter(|last| file::holds(path, &last.bytes))?;
        Some(Arc::clone(&last.missions))
    }

    /// The missions in the bytes of the file. Fails (exit 2) if they are broken. What was kept is forgotten, so
    /// that it is no second owner of missions that are to be changed.
    pub(super) fn take(&self, path: &Path, bytes: &[u8]) -> anyhow::Result<Arc<Missions>> {
        match self.0.take().filter(|last| *last.bytes == bytes) {
            Some(last) => Ok(last.missions),
            None => Ok(Arc::new(parse(path, Some(bytes))?)),
        }
    }

    /// Keeps missions with the bytes that are read as they.
    pub(super) fn keep(&self, bytes: Arc<Vec<u8>>, missions: Arc<Missions>) {
        self.0.replace(Some(Held { bytes, missions }));
    }
}

#[cfg(test)]
mod tests {
    use super::{Last, Missions, parse};
    use proptest::prelude::*;
    use serde_json::{Map, Value};
    use std::path::Path;
    use std::sync::Arc;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((".*", inner), 0..4)
                    .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    #[test]
    fn what_another_program_wrote_is_read() {
        let (path, last) = (Path::new("/s"), Last::default());
        let ours = last.take(path, br#"{"a":{"n":1}}"#).unwrap();
        last.keep(Arc::new(br#"{"a":{"n":1}}"#.to_vec()), Arc::clone(&ours));
        let theirs = last.take(path, br#"{"a":{"n":2}}"#).unwrap();
        assert_eq!(theirs.get("a").unwrap().fields()["n"], 2);
        // Nor is it taken for what was there before.
        assert!(!Arc::ptr_eq(&ours, &last.take(path, br#"{"a":{"n":1}}"#).unwrap()));
    }

    #[test]
    fn the_same_bytes_are_taken_apart_once() {
        let (path, last) = (Path::new("/s"), Last::default());
        let missions = last.take(path, b"{}").unwrap();
        last.keep(Arc::new(b"{}".to_vec()), Arc::clone(&missions));
        assert!(Arc::ptr_eq(&missions, &last.take(path, b"{}").unwrap()));
    }

    proptest! {
        #[test]
        fn missions_are_read_as_they_were_written(value in value()) {
            let missions = Missions::new(Map::from_iter([("m".to_owned(), value)]));
            let read = parse(Path::new("/s"), Some(&missions.to_bytes().unwrap())).unwrap();
            prop_assert_eq!(read, missions);
        }
    }
}
