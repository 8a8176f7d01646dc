//! For which requests a fingerprint or face was asked: kept with their ids, so that whoever waits later holds the answer
//! to it too.

use std::path::PathBuf;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use state::clock::Clock;
use state::config::Config;
use state::moment::{Moment, Uptime};
use state::{file, paths};

/// So many are kept, the newest: a question was answered long before as many others were asked.
const MOST: usize = 500;

/// A request whose id was never heard is forgotten after a week: nobody can decide it any more.
const KEEP_NAMELESS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An id is told by so many of its letters and digits.
const LONGEST_ID: usize = 200;

/// The requests of one skill folder that want the check.
pub(crate) struct Checks {
    path: PathBuf,
    clock: Clock,
}

/// One request that wants the check, and is perhaps about to be made.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Check {
    /// Names it in this file.
    key: String,
    /// The id that the service gave it, as [`told`] tells it; `None` as long as that is not known.
    id: Option<String>,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    up: Option<Uptime>,
}

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    format: u32,
    checks: Vec<Check>,
}

impl Checks {
    /// Those kept in the configured skill folder.
    pub(crate) fn of(config: &Config) -> Self {
        Self { path: paths::approvals(config.skill_dir()), clock: config.clock() }
    }

    /// Keeps, durably, that a request with the check is about to be made; gives the key of that.
    ///
    /// Fails (exit 4, or 3 for a file that cannot be read) if it cannot be kept: then nothing may be sent.
    pub(crate) fn begin(&self) -> anyhow::Result<String> {
        let key = format!("{:016x}", getrandom::u64().context("asking for a random number")?);
        let Moment { at, up } = self.clock.moment();
        let check = Check { key: key.clone(), id: None, at, up };
        self.change(|checks| checks.push(check))
            .context("nothing was asked: that a fingerprint or face is wanted could not be kept")?;
        Ok(key)
    }

    /// The request was made, and this is its id.
    pub(crate) fn made(&self, key: &str, id: &str) -> anyhow::Result<()> {
        self.change(|checks| {
            if let Some(check) = checks.iter_mut().find(|check| check.key == key) {
                check.id = Some(told(id));
            }
        })
    }

    /// The request was not made.
    pub(crate) fn withdraw(&self, key: &str) -> anyhow::Result<()> {
        self.change(|checks| checks.retain(|check| check.key != key))
    }

    /// Whether the check was asked for with this request. A request whose id was never heard may be any, so as long as
    /// there is one every answer is held to the check.
    ///
    /// Fails (exit 3) if the file cannot be read: nobody knows then.
    pub(crate) fn wanted_for(&self, id: &str) -> anyhow::Result<bool> {
        let now = self.clock.moment();
        let checks = self.read(file::read(&self.path)?)?.checks;
        let id = told(id);
        let is_it = |check: &Check| check.id.as_ref().is_none_or(|kept| *kept == id);
        Ok(checks.iter().any(|check| !is_forgotten(check, now) && is_it(check)))
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Check>)) -> anyhow::Result<()> {
        let now = self.clock.moment();
        file::update(&self.path, |bytes| {
            let mut stored = self.read(bytes)?;
            stored.format = 1;
            stored.checks.retain(|check| !is_forgotten(check, now));
            change(&mut stored.checks);
            let excess = stored.checks.len().saturating_sub(MOST);
            stored.checks.drain(..excess);
            Ok((Some(serde_json::to_vec(&stored)?), ()))
        })
    }

    fn read(&self, bytes: Option<Vec<u8>>) -> anyhow::Result<Stored> {
        bytes.map_or_else(
            || Ok(Stored::default()),
            |bytes| {
                serde_json::from_slice(&bytes).map_err(|err| file::broken(&self.path, &err).into())
            },
        )
    }
}

fn is_forgotten(check: &Check, now: Moment) -> bool {
    check.id.is_none() && now.since(Moment { at: check.at, up: check.up }) >= KEEP_NAMELESS
}

/// An id by its letters and digits alone: a service that finds it by another case, or without its hyphens, must not be
/// asked past the check so.
fn told(id: &str) -> String {
    let letters = id.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    letters.take(LONGEST_ID).collect()
}

#[cfg(test)]
mod tests {
    use super::{Checks, MOST};
    use state::clock::Clock;
    use std::path::PathBuf;

    fn fresh(name: &str) -> (PathBuf, Checks) {
        let dir = std::env::temp_dir().join(format!("approval-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let checks = Checks { path: dir.join("checks.json"), clock: Clock::real() };
        (dir, checks)
    }

    #[test]
    fn a_check_is_wanted_for_its_request_however_the_id_is_written() {
        let (dir, checks) = fresh("ids");
        assert!(!checks.wanted_for("apr_1").unwrap());
        let key = checks.begin().unwrap();
        assert!(checks.wanted_for("apr_1").unwrap() && checks.wanted_for("any").unwrap());
        checks.made(&key, "0C43-407D").unwrap();
        for id in ["0C43-407D", "0c43-407d", "0c43407d", "{0C43407D}"] {
            assert!(checks.wanted_for(id).unwrap(), "{id}");
        }
        assert!(!checks.wanted_for("apr_1").unwrap());
        let key = checks.begin().unwrap();
        checks.withdraw(&key).unwrap();
        assert!(!checks.wanted_for("apr_1").unwrap());
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn the_file_is_bounded_and_a_broken_one_says_nothing() {
        let (dir, checks) = fresh("bounds");
        let kept = |n| format!(r#"{{"key":"k{n}","id":"i{n}","at":"2026-11-22T06:00:28Z"}}"#);
        let list = (0..MOST + 50).map(kept).collect::<Vec<_>>().join(",");
        std::fs::create_dir_all(&dir).unwrap();
        let write = |text: &str| state::file::replace(&checks.path, text.as_bytes()).unwrap();
        write(&format!(r#"{{"format":1,"checks":[{list}]}}"#));
        let key = checks.begin().unwrap();
        checks.made(&key, "x".repeat(1 << 20).as_str()).unwrap();
        assert!(std::fs::metadata(&checks.path).unwrap().len() < 100_000);
        assert!(!checks.wanted_for("i5").unwrap() && checks.wanted_for("i60").unwrap());
        write("{");
        assert!(checks.wanted_for("i60").is_err() && checks.begin().is_err());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
