//! The last state file that was read, parsed: a tick reads the file many times, and mostly finds what it wrote itself.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use state::file;

use super::missions::{Missions, parse};

/// The bytes of a state file and the missions in them. They are compared with the file each time: only the parsing of
/// equal bytes is saved.
#[derive(Debug, Default)]
pub(super) struct ParseCache(RefCell<Option<CachedFile>>);

#[derive(Debug)]
struct CachedFile {
    bytes: Arc<Vec<u8>>,
    missions: Arc<Missions>,
}

impl ParseCache {
    /// The missions, if the file still has the same bytes.
    pub(super) fn if_unchanged(&self, path: &Path) -> Option<Arc<Missions>> {
        let cached = self.0.borrow();
        let cached = cached.as_ref().filter(|cached| file::contents_equal(path, &cached.bytes))?;
        Some(Arc::clone(&cached.missions))
    }

    /// The missions in the bytes of the file. Fails (exit 2) if they are broken. Empties the cache: a second owner would
    /// make a change copy all missions.
    pub(super) fn take(&self, path: &Path, bytes: &[u8]) -> anyhow::Result<Arc<Missions>> {
        match self.0.take().filter(|cached| *cached.bytes == bytes) {
            Some(cached) => Ok(cached.missions),
            None => Ok(Arc::new(parse(path, Some(bytes))?)),
        }
    }

    /// Stores missions with the bytes that they are parsed from.
    pub(super) fn store(&self, bytes: Arc<Vec<u8>>, missions: Arc<Missions>) {
        self.0.replace(Some(CachedFile { bytes, missions }));
    }
}

#[cfg(test)]
mod tests {
    use super::{Missions, ParseCache, parse};
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
        let (path, cache) = (Path::new("/s"), ParseCache::default());
        let ours = cache.take(path, br#"{"a":{"n":1}}"#).unwrap();
        cache.store(Arc::new(br#"{"a":{"n":1}}"#.to_vec()), Arc::clone(&ours));
        let theirs = cache.take(path, br#"{"a":{"n":2}}"#).unwrap();
        assert_eq!(theirs.get("a").unwrap().fields()["n"], 2);
        // Nor are the bytes of before taken for theirs.
        assert!(!Arc::ptr_eq(&ours, &cache.take(path, br#"{"a":{"n":1}}"#).unwrap()));
    }

    #[test]
    fn equal_bytes_are_parsed_once() {
        let (path, cache) = (Path::new("/s"), ParseCache::default());
        let missions = cache.take(path, b"{}").unwrap();
        cache.store(Arc::new(b"{}".to_vec()), Arc::clone(&missions));
        assert!(Arc::ptr_eq(&missions, &cache.take(path, b"{}").unwrap()));
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
