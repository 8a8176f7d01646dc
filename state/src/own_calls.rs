//! Calls that `call` placed, with whom it dialled: who speaks on one is the owner only if that was the owner's phone.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::phone::Phone;
use crate::{file, paths};

/// A call is over long before as many newer ones of its kind were placed.
const KEEP: usize = 200;

/// The file. Those to the owner's phone came first, and have kept their name.
#[derive(Default, Serialize, Deserialize)]
struct Stored {
    format: u32,
    #[serde(default)]
    call_ids: Vec<String>,
    #[serde(default)]
    others: Vec<Other>,
}

#[derive(Serialize, Deserialize)]
struct Other {
    call_id: String,
    to: String,
}

/// Whom a call of ours was placed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialled {
    /// The owner's own phone.
    Owner,
    /// This number.
    Other(String),
}

/// Remembers a call that was placed, to the owner's phone if `to` is `None`.
pub fn remember(skill: &Path, call_id: &str, to: Option<&Phone>) -> anyhow::Result<()> {
    let path = paths::own_calls(skill);
    file::update(&path, |bytes| {
        let mut stored = read(&path, bytes)?;
        stored.format = 1;
        let call_id = call_id.to_owned();
        match to {
            None => newest(&mut stored.call_ids, call_id),
            Some(to) => newest(&mut stored.others, Other { call_id, to: to.to_string() }),
        }
        Ok((Some(serde_json::to_vec(&stored)?), ()))
    })
}

fn newest<T>(list: &mut Vec<T>, one: T) {
    list.push(one);
    list.drain(..list.len().saturating_sub(KEEP));
}

/// Whom our own `call` dialled; `None` for a call that it is not known to have placed. Fails if the file cannot be
/// read: then nobody knows whose any call is.
pub fn dialled(skill: &Path, call_id: &str) -> anyhow::Result<Option<Dialled>> {
    let path = paths::own_calls(skill);
    let stored = read(&path, file::read(&path)?)?;
    if let Some(other) = stored.others.into_iter().find(|other| other.call_id == call_id) {
        return Ok(Some(Dialled::Other(other.to)));
    }
    Ok(stored.call_ids.iter().any(|known| known == call_id).then_some(Dialled::Owner))
}

fn read(path: &Path, bytes: Option<Vec<u8>>) -> anyhow::Result<Stored> {
    bytes.map_or_else(
        || Ok(Stored::default()),
        |bytes| serde_json::from_slice(&bytes).map_err(|err| file::broken(path, &err).into()),
    )
}

#[cfg(test)]
mod tests {
    use super::{Dialled, dialled, remember};
    use crate::paths;

    #[test]
    fn each_call_is_known_by_whom_it_dialled() {
        let dir = std::env::temp_dir().join(format!("state-own-calls-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let of = |id: &str| dialled(&dir, id).unwrap();
        assert_eq!(of("c1"), None);
        remember(&dir, "c1", None).unwrap();
        remember(&dir, "c2", Some(&"+15551234567".parse().unwrap())).unwrap();
        assert_eq!(of("c1"), Some(Dialled::Owner));
        assert_eq!(of("c2"), Some(Dialled::Other("+15551234567".to_owned())));
        assert_eq!(of("c3"), None);
        for n in 0..300 {
            remember(&dir, &format!("n{n}"), None).unwrap();
        }
        assert_eq!((of("c1"), of("n299")), (None, Some(Dialled::Owner)));
        assert!(of("c2").is_some(), "calls to the owner push out no others");
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn what_an_earlier_version_wrote_is_read_and_what_nobody_can_read_is_no_answer() {
        let dir = std::env::temp_dir().join(format!("state-old-calls-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let write = |text: &str| {
            crate::file::replace(&paths::own_calls(&dir), text.as_bytes()).unwrap();
        };
        write(r#"{"format":1,"call_ids":["c1"]}"#);
        assert_eq!(dialled(&dir, "c1").unwrap(), Some(Dialled::Owner));
        // A call that stands in both is nobody's to vouch for.
        write(r#"{"format":1,"call_ids":["c1"],"others":[{"call_id":"c1","to":"+15551234567"}]}"#);
        assert!(matches!(dialled(&dir, "c1").unwrap(), Some(Dialled::Other(_))));
        write("[");
        assert!(dialled(&dir, "c1").is_err());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
