//! Calls that `call` placed to the owner's own phone: who speaks on them is the owner (spec 3).

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{file, paths};

/// A call is over long before as many newer ones were placed.
const KEEP: usize = 200;

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    format: u32,
    call_ids: Vec<String>,
}

/// Remembers a call that was placed to the owner's phone.
pub fn remember(skill: &Path, call_id: &str) -> anyhow::Result<()> {
    let path = paths::own_calls(skill);
    file::update(&path, |bytes| {
        let mut stored = read(&path, bytes)?;
        stored.format = 1;
        stored.call_ids.push(call_id.to_owned());
        let excess = stored.call_ids.len().saturating_sub(KEEP);
        stored.call_ids.drain(..excess);
        Ok((Some(serde_json::to_vec(&stored)?), ()))
    })
}

/// Whether our own `call` placed this call to the owner's phone. A file that cannot be read says no: whoever
/// speaks is then treated as a stranger.
pub fn contains(skill: &Path, call_id: &str) -> bool {
    let path = paths::own_calls(skill);
    file::read(&path)
        .and_then(|bytes| read(&path, bytes))
        .is_ok_and(|stored| stored.call_ids.iter().any(|known| known == call_id))
}

fn read(path: &Path, bytes: Option<Vec<u8>>) -> anyhow::Result<Stored> {
    bytes.map_or_else(
        || Ok(Stored::default()),
        |bytes| serde_json::from_slice(&bytes).map_err(|err| file::broken(path, &err).into()),
    )
}

#[cfg(test)]
mod tests {
    use super::{contains, remember};

    #[test]
    fn only_placed_calls_are_the_owners() {
        let dir = std::env::temp_dir().join(format!("state-own-calls-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        assert!(!contains(&dir, "c1"));
        remember(&dir, "c1").unwrap();
        assert!(contains(&dir, "c1"));
        assert!(!contains(&dir, "c2"));
        for n in 0..300 {
            remember(&dir, &format!("n{n}")).unwrap();
        }
        assert!(!contains(&dir, "c1") && contains(&dir, "n299"));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
