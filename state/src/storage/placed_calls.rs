//! The calls that `call` placed, and to whom: who speaks on one is the owner only if it was placed to the owner's phone.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::storage::{file, paths};
use crate::text::phone::Phone;

/// How many calls are kept of each kind (to the owner, to others). A call is over long before so many newer ones.
const MAX_KEPT: usize = 200;

/// The file. At first it held only calls to the owner's phone: hence the general name of their list.
#[derive(Default, Serialize, Deserialize)]
struct PlacedCallsFile {
    format: u32,
    /// The calls to the owner's phone.
    #[serde(default)]
    call_ids: Vec<String>,
    /// All other calls.
    #[serde(default)]
    others: Vec<CallToOther>,
}

#[derive(Serialize, Deserialize)]
struct CallToOther {
    call_id: String,
    to: String,
}

/// To whom a call was placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    /// The owner's own phone.
    Owner,
    /// This number, as it was given.
    Other(String),
}

/// Records a call that was placed to `to`, or to the owner's phone if that is `None`.
///
/// Fails if the file cannot be read or written.
pub fn record(skill: &Path, call_id: &str, to: Option<&Phone>) -> anyhow::Result<()> {
    let path = paths::placed_calls(skill);
    file::update(&path, |bytes| {
        let mut stored = read(&path, bytes)?;
        stored.format = 1;
        let call_id = call_id.to_owned();
        match to {
            None => push_newest(&mut stored.call_ids, call_id),
            Some(to) => {
                push_newest(&mut stored.others, CallToOther { call_id, to: to.to_string() });
            }
        }
        Ok((Some(serde_json::to_vec(&stored)?), ()))
    })
}

fn push_newest<T>(list: &mut Vec<T>, call: T) {
    list.push(call);
    list.drain(..list.len().saturating_sub(MAX_KEPT));
}

/// To whom `call` placed a call; `None` if it is not known to have placed it.
///
/// Fails if the file cannot be read: then it is not known of any call who speaks on it.
pub fn callee(skill: &Path, call_id: &str) -> anyhow::Result<Option<Callee>> {
    let path = paths::placed_calls(skill);
    let stored = read(&path, file::read(&path)?)?;
    if let Some(other) = stored.others.into_iter().find(|other| other.call_id == call_id) {
        return Ok(Some(Callee::Other(other.to)));
    }
    Ok(stored.call_ids.iter().any(|known| known == call_id).then_some(Callee::Owner))
}

fn read(path: &Path, bytes: Option<Vec<u8>>) -> anyhow::Result<PlacedCallsFile> {
    Ok(file::parse(path, bytes)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Callee, callee, record};
    use crate::storage::paths;

    #[test]
    fn the_callee_of_each_call_is_known() {
        let dir = std::env::temp_dir().join(format!("state-placed-calls-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let of = |id: &str| callee(&dir, id).unwrap();
        assert_eq!(of("c1"), None);
        record(&dir, "c1", None).unwrap();
        record(&dir, "c2", Some(&"+15551234567".parse().unwrap())).unwrap();
        assert_eq!(of("c1"), Some(Callee::Owner));
        assert_eq!(of("c2"), Some(Callee::Other("+15551234567".to_owned())));
        assert_eq!(of("c3"), None);
        for n in 0..300 {
            record(&dir, &format!("n{n}"), None).unwrap();
        }
        assert_eq!((of("c1"), of("n299")), (None, Some(Callee::Owner)));
        assert!(of("c2").is_some(), "calls to the owner push out no others");
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_file_of_an_earlier_version_is_read_and_a_corrupt_one_is_an_error() {
        let dir = std::env::temp_dir().join(format!("state-old-calls-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let write = |text: &str| {
            crate::storage::file::replace(&paths::placed_calls(&dir), text.as_bytes()).unwrap();
        };
        write(r#"{"format":1,"call_ids":["c1"]}"#);
        assert_eq!(callee(&dir, "c1").unwrap(), Some(Callee::Owner));
        // A call in both lists is not the owner's for sure.
        write(r#"{"format":1,"call_ids":["c1"],"others":[{"call_id":"c1","to":"+15551234567"}]}"#);
        assert!(matches!(callee(&dir, "c1").unwrap(), Some(Callee::Other(_))));
        write("[");
        assert!(callee(&dir, "c1").is_err());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
