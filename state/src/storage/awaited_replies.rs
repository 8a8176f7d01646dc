//! The numbers whose texts a live mission waits for: `missions` records them before it texts, and `connect` leaves their
//! texts to the mission instead of making turns of them. The texts themselves stand in the service's list of messages.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::storage::{file, paths};
use crate::text::phone::Phone;

/// As many numbers are kept; those that are waited for the shortest go first.
const MAX_KEPT: usize = 20_000;

/// The numbers, each until when its texts are a mission's.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AwaitedReplies {
    format: u32,
    numbers: BTreeMap<String, Awaited>,
}

/// Who waits for the texts of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Awaited {
    /// The slug of the mission.
    mission: String,
    until: Timestamp,
}

impl AwaitedReplies {
    /// The mission whose texts those of a number are now.
    pub fn mission_of(&self, phone: &Phone, now: Timestamp) -> Option<&str> {
        let awaited = self.numbers.get(phone.as_str())?;
        (now < awaited.until).then_some(awaited.mission.as_str())
    }
}

/// Reads the numbers of a skill folder.
///
/// Fails if the file cannot be read.
pub fn load(skill: &Path) -> anyhow::Result<AwaitedReplies> {
    let path = paths::awaited_replies(skill);
    Ok(file::parse(&path, file::read(&path)?)?.unwrap_or_default())
}

/// From now on the texts of these numbers are a mission's, each until its time.
///
/// Fails if the file cannot be read or written.
pub fn add(
    skill: &Path,
    mission: &str,
    numbers: &[(Phone, Timestamp)],
    now: Timestamp,
) -> anyhow::Result<()> {
    update(skill, |awaited| {
        awaited.numbers.retain(|_, one| one.until > now);
        for (phone, until) in numbers {
            let one = Awaited { mission: mission.to_owned(), until: *until };
            awaited.numbers.insert(phone.to_string(), one);
        }
        while awaited.numbers.len() > MAX_KEPT {
            let first = awaited.numbers.iter().min_by_key(|(_, one)| one.until);
            let first = first.map(|(number, _)| number.clone());
            first.map(|number| awaited.numbers.remove(&number));
        }
    })
}

/// A mission waits for nobody any more.
///
/// Fails if the file cannot be read or written.
pub fn remove(skill: &Path, mission: &str) -> anyhow::Result<()> {
    update(skill, |awaited| awaited.numbers.retain(|_, one| one.mission != mission))
}

fn update(skill: &Path, change: impl FnOnce(&mut AwaitedReplies)) -> anyhow::Result<()> {
    let path = paths::awaited_replies(skill);
    file::update(&path, |bytes| {
        let mut awaited: AwaitedReplies = file::parse(&path, bytes)?.unwrap_or_default();
        let before = awaited.numbers.clone();
        change(&mut awaited);
        awaited.format = 1;
        let is_changed = before != awaited.numbers;
        Ok((is_changed.then(|| serde_json::to_vec(&awaited)).transpose()?, ()))
    })
}

#[cfg(test)]
mod tests {
    use super::{add, load, remove};
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn a_number_is_a_missions_until_its_time() {
        let dir = std::env::temp_dir().join(format!("state-awaited-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let (now, hour) = (Timestamp::UNIX_EPOCH, SignedDuration::from_hours(1));
        let (ann, bob) = ("+15551230001".parse().unwrap(), "+15551230002".parse().unwrap());
        let of = |phone, at| load(&dir).unwrap().mission_of(phone, at).map(str::to_owned);
        assert_eq!(of(&ann, now), None);
        add(&dir, "party", &[(ann.clone(), now + hour)], now).unwrap();
        assert_eq!(of(&ann, now).as_deref(), Some("party"));
        assert_eq!((of(&bob, now), of(&ann, now + hour)), (None, None));
        add(&dir, "other", &[(bob.clone(), now + hour * 3)], now + hour * 2).unwrap();
        assert_eq!(of(&ann, now), None, "what is over is not kept");
        remove(&dir, "other").unwrap();
        assert_eq!(of(&bob, now), None);
        std::fs::remove_dir_all(dir).unwrap();
    }
}
