//! The do-not-call list (spec 4): checked by every tool before a call or a text, and by automatic replies.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::exit::{Exit, Fault};
use crate::file;
use crate::paths;
use crate::phone::Phone;

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    /// Number to when it was added.
    numbers: BTreeMap<String, String>,
}

/// The numbers on the list of a skill folder, with the time each was added.
///
/// Fails if the file is broken: a list that cannot be read must not count as empty.
pub fn list(skill: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let path = paths::do_not_call(skill);
    Ok(read(&path, file::read(&path)?)?.numbers)
}

/// Refuses (exit 1) a number that is on the list.
pub fn check(skill: &Path, phone: &Phone) -> anyhow::Result<()> {
    if list(skill)?.contains_key(phone.as_str()) {
        let text = format!("`{phone}` is on the do-not-call list");
        return Err(Fault::new(Exit::No, text)
            .hint(format!("`missions dnc remove {phone}` takes it off"))
            .into());
    }
    Ok(())
}

/// Puts a number on the list; false if it was there.
pub fn add(skill: &Path, phone: &Phone, now: jiff::Timestamp) -> anyhow::Result<bool> {
    change(skill, |numbers| {
        let was_there = numbers.contains_key(phone.as_str());
        numbers.entry(phone.as_str().to_owned()).or_insert_with(|| now.to_string());
        !was_there
    })
}

/// Takes a number off the list; false if it was not there.
pub fn remove(skill: &Path, phone: &Phone) -> anyhow::Result<bool> {
    change(skill, |numbers| numbers.remove(phone.as_str()).is_some())
}

fn change(
    skill: &Path,
    change: impl FnOnce(&mut BTreeMap<String, String>) -> bool,
) -> anyhow::Result<bool> {
    let path = paths::do_not_call(skill);
    file::update(&path, |bytes| {
        let mut stored = read(&path, bytes)?;
        let changed = change(&mut stored.numbers);
        let bytes = changed.then(|| serde_json::to_vec_pretty(&stored)).transpose()?;
        Ok((bytes, changed))
    })
}

fn read(path: &Path, bytes: Option<Vec<u8>>) -> anyhow::Result<Stored> {
    bytes.map_or(Ok(Stored { format: 1, numbers: BTreeMap::new() }), |bytes| {
        serde_json::from_slice(&bytes).map_err(|err| file::broken(path, &err).into())
    })
}

#[cfg(test)]
mod tests {
    use super::{add, check, remove};

    #[test]
    fn a_listed_number_is_refused_until_it_is_removed() {
        let dir = std::env::temp_dir().join(format!("state-dnc-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let phone = "+15551234567".parse().unwrap();
        assert!(check(&dir, &phone).is_ok());
        assert!(add(&dir, &phone, jiff::Timestamp::UNIX_EPOCH).unwrap());
        assert!(!add(&dir, &phone, jiff::Timestamp::UNIX_EPOCH).unwrap());
        assert!(check(&dir, &phone).is_err());
        assert!(remove(&dir, &phone).unwrap());
        assert!(check(&dir, &phone).is_ok());
        crate::file::replace(&super::paths::do_not_call(&dir), b"{").unwrap();
        assert!(check(&dir, &phone).is_err());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
