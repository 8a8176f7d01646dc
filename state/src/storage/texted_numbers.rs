//! The numbers that we texted of our own accord, and when last: `sms send` and `missions` record them, and `connect` tells
//! their answers from the texts of people who write first. Automatic replies are not recorded: whoever writes first stays
//! somebody who wrote first.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::exit;
use crate::process::out;
use crate::storage::{file, paths};
use crate::text::phone::Phone;
use crate::text::sanitize;

/// As many numbers are kept; those that were texted longest ago go first.
const MAX_KEPT: usize = 5_000;

/// So long after a text that asked something CANCEL, END or QUIT may be meant as its answer.
const ANSWERS_WITHIN: SignedDuration = SignedDuration::from_hours(48);

/// What is known of a number that we texted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastText {
    /// When the last text was sent, or is to be sent.
    pub at: Timestamp,
    /// Whether it asked something.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks: bool,
}

/// Whether a text asks something.
pub fn asks(text: &str) -> bool {
    text.contains(['?', '？', '؟'])
}

impl LastText {
    /// Whether what somebody sends at `at` may be meant as the answer to this text.
    pub fn may_be_answered_at(self, at: Timestamp) -> bool {
        let age = at.duration_since(self.at);
        self.asks && !age.is_negative() && age <= ANSWERS_WITHIN
    }

    /// The word of a text that opts out of texts alone, where it may also be meant as the answer to this one: CANCEL, END
    /// or QUIT soon after we asked something.
    pub fn answered_by(self, body: &str, at: Timestamp) -> Option<String> {
        let word = || body.split(|c: char| !c.is_alphanumeric()).collect::<String>().to_uppercase();
        self.may_be_answered_at(at).then(|| sanitize::line_up_to(&word(), 20))
    }
}

/// The numbers that we texted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TextedNumbers {
    format: u32,
    numbers: BTreeMap<String, LastText>,
}

impl TextedNumbers {
    /// The last text to a number; `None` if we never wrote to it.
    pub fn get(&self, phone: &Phone) -> Option<LastText> {
        self.numbers.get(phone.as_str()).copied()
    }
}

/// Records a text that is about to be sent, now or at the time that it is scheduled for.
///
/// Fails if the file cannot be read or written.
pub fn record(skill: &Path, to: &Phone, text: &str, at: Timestamp) -> anyhow::Result<()> {
    let path = paths::texted_numbers(skill);
    file::update(&path, |bytes| {
        let mut texted = read(&path, bytes)?;
        texted.format = 1;
        let last = LastText { at, asks: asks(text) };
        let is_newer = texted.get(to).is_none_or(|earlier| earlier.at <= at);
        if is_newer {
            texted.numbers.insert(to.to_string(), last);
        }
        if texted.numbers.len() > MAX_KEPT {
            let oldest = texted.numbers.iter().min_by_key(|(_, last)| last.at);
            let oldest = oldest.map(|(number, _)| number.clone());
            oldest.map(|number| texted.numbers.remove(&number));
        }
        Ok((is_newer.then(|| serde_json::to_vec(&texted)).transpose()?, ()))
    })
}

/// The same. Warns if it cannot be recorded: whoever it is may be taken for somebody who wrote first.
pub fn record_or_warn(skill: &Path, to: &Phone, text: &str, at: Timestamp) {
    if let Err(err) = record(skill, to, text, at) {
        let why = exit::one_line(&err);
        out::warning(&format!("{to} is not recorded as a number that we texted: {why}"));
    }
}

/// Reads the numbers of a skill folder.
///
/// Fails if the file cannot be read.
pub fn load(skill: &Path) -> anyhow::Result<TextedNumbers> {
    let path = paths::texted_numbers(skill);
    read(&path, file::read(&path)?)
}

fn read(path: &Path, bytes: Option<Vec<u8>>) -> anyhow::Result<TextedNumbers> {
    Ok(file::parse(path, bytes)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{MAX_KEPT, load, record};
    use crate::storage::paths;
    use crate::text::phone::Phone;
    use jiff::{SignedDuration, Timestamp};

    fn phone(n: usize) -> Phone {
        format!("+1555{n:07}").parse().unwrap()
    }

    #[test]
    fn the_newest_text_to_each_number_is_kept() {
        let dir = std::env::temp_dir().join(format!("state-texted-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let (now, hour) = (Timestamp::UNIX_EPOCH, SignedDuration::from_hours(1));
        assert_eq!(load(&dir).unwrap().get(&phone(1)), None);
        record(&dir, &phone(1), "Is eight fine?", now + hour).unwrap();
        record(&dir, &phone(1), "See you", now).unwrap();
        let last = load(&dir).unwrap().get(&phone(1)).unwrap();
        assert_eq!((last.at, last.asks), (now + hour, true));
        record(&dir, &phone(1), "See you", now + hour).unwrap();
        assert!(!load(&dir).unwrap().get(&phone(1)).unwrap().asks);
        // As if very many had been texted since.
        let numbers: serde_json::Map<_, _> = (0..MAX_KEPT)
            .map(|n| (phone(n).to_string(), serde_json::json!({"at": now + hour})))
            .chain([(phone(0).to_string(), serde_json::json!({"at": now}))])
            .collect();
        let full = serde_json::json!({"format": 1, "numbers": numbers});
        crate::storage::file::replace(&paths::texted_numbers(&dir), full.to_string().as_bytes())
            .unwrap();
        record(&dir, &phone(MAX_KEPT), "Hi", now + hour).unwrap();
        let texted = load(&dir).unwrap();
        assert!(texted.numbers.len() == MAX_KEPT && texted.get(&phone(0)).is_none());
        assert!(texted.get(&phone(MAX_KEPT)).is_some());
        crate::storage::file::replace(&paths::texted_numbers(&dir), b"{").unwrap();
        assert!(load(&dir).is_err());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
