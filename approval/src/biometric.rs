//! Which requests need a fingerprint or face: stored by their ids, so that a later `status` or `wait` accepts no approval
//! without it.

use std::path::PathBuf;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use state::clock::{Clock, Moment, Uptime};
use state::config::Config;
use state::{file, paths};

/// At most so many are stored, the newest: a request is decided long before as many others were made.
const MAX_STORED: usize = 500;

/// A request whose id was never received is forgotten after a week: nobody can decide it any more.
const FORGET_WITHOUT_ID_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// So many letters and digits of an id are compared.
const MAX_ID_LENGTH: usize = 200;

/// The requests of one skill folder that need a fingerprint or face.
pub(crate) struct BiometricRequests {
    path: PathBuf,
    clock: Clock,
}

/// One request that needs it; stored before it is made.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct BiometricRequest {
    /// Identifies it in this file.
    key: String,
    /// The id that the service gave it, [`normalized`]; `None` as long as it is not known.
    id: Option<String>,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    up: Option<Uptime>,
}

#[derive(Default, Serialize, Deserialize)]
struct StoredRequests {
    format: u32,
    #[serde(rename = "checks")]
    requests: Vec<BiometricRequest>,
}

impl BiometricRequests {
    /// Those stored in the configured skill folder.
    pub(crate) fn stored(config: &Config) -> Self {
        Self { path: paths::approvals(config.skill_dir()), clock: config.clock() }
    }

    /// Stores, durably, that a request which needs a fingerprint or face is about to be made; gives its key.
    ///
    /// Fails (exit 4, or 3 for a file that cannot be read) if it cannot be stored: then nothing may be sent.
    pub(crate) fn begin(&self) -> anyhow::Result<String> {
        let key = format!("{:016x}", getrandom::u64().context("asking for a random number")?);
        let Moment { at, uptime: up } = self.clock.moment();
        let request = BiometricRequest { key: key.clone(), id: None, at, up };
        self.update(|requests| requests.push(request)).context(
            "nothing was asked: that a fingerprint or face is needed could not be stored",
        )?;
        Ok(key)
    }

    /// Stores the id of the request, which was made.
    pub(crate) fn set_id(&self, key: &str, id: &str) -> anyhow::Result<()> {
        self.update(|requests| {
            if let Some(request) = requests.iter_mut().find(|request| request.key == key) {
                request.id = Some(normalized(id));
            }
        })
    }

    /// Removes the request, which was not made.
    pub(crate) fn remove(&self, key: &str) -> anyhow::Result<()> {
        self.update(|requests| requests.retain(|request| request.key != key))
    }

    /// Whether an approval of this request counts only with a fingerprint or face. A request whose id was never received
    /// may be any: as long as one is stored, every request needs it.
    ///
    /// Fails (exit 3) if the file cannot be read.
    pub(crate) fn needs_biometric(&self, id: &str) -> anyhow::Result<bool> {
        let now = self.clock.moment();
        let requests = self.parse(file::read(&self.path)?)?.requests;
        let id = normalized(id);
        let may_be_it =
            |request: &BiometricRequest| request.id.as_ref().is_none_or(|stored| *stored == id);
        Ok(requests.iter().any(|request| !is_expired(request, now) && may_be_it(request)))
    }

    fn update(&self, change: impl FnOnce(&mut Vec<BiometricRequest>)) -> anyhow::Result<()> {
        let now = self.clock.moment();
        file::update(&self.path, |bytes| {
            let mut stored = self.parse(bytes)?;
            stored.format = 1;
            stored.requests.retain(|request| !is_expired(request, now));
            change(&mut stored.requests);
            let excess = stored.requests.len().saturating_sub(MAX_STORED);
            stored.requests.drain(..excess);
            Ok((Some(serde_json::to_vec(&stored)?), ()))
        })
    }

    fn parse(&self, bytes: Option<Vec<u8>>) -> anyhow::Result<StoredRequests> {
        Ok(file::parse(&self.path, bytes)?.unwrap_or_default())
    }
}

fn is_expired(request: &BiometricRequest, now: Moment) -> bool {
    let stored = Moment { at: request.at, uptime: request.up };
    request.id.is_none() && now.since(stored) >= FORGET_WITHOUT_ID_AFTER
}

/// An id reduced to its letters and digits, in lower case: an id that the service finds although it is written in another
/// case, or without its hyphens, must not get past the need for a fingerprint or face.
fn normalized(id: &str) -> String {
    let letters = id.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    letters.take(MAX_ID_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::{BiometricRequests, MAX_STORED};
    use state::clock::Clock;
    use std::path::PathBuf;

    fn fresh(name: &str) -> (PathBuf, BiometricRequests) {
        let dir = std::env::temp_dir().join(format!("approval-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let requests = BiometricRequests { path: dir.join("checks.json"), clock: Clock::system() };
        (dir, requests)
    }

    #[test]
    fn a_request_needs_a_fingerprint_however_its_id_is_written() {
        let (dir, requests) = fresh("ids");
        assert!(!requests.needs_biometric("apr_1").unwrap());
        let key = requests.begin().unwrap();
        assert!(
            requests.needs_biometric("apr_1").unwrap() && requests.needs_biometric("any").unwrap()
        );
        requests.set_id(&key, "0C43-407D").unwrap();
        for id in ["0C43-407D", "0c43-407d", "0c43407d", "{0C43407D}"] {
            assert!(requests.needs_biometric(id).unwrap(), "{id}");
        }
        assert!(!requests.needs_biometric("apr_1").unwrap());
        let key = requests.begin().unwrap();
        requests.remove(&key).unwrap();
        assert!(!requests.needs_biometric("apr_1").unwrap());
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn the_file_is_bounded_and_a_broken_one_is_an_error() {
        let (dir, requests) = fresh("bounds");
        let stored = |n| format!(r#"{{"key":"k{n}","id":"i{n}","at":"2026-11-22T06:00:28Z"}}"#);
        let list = (0..MAX_STORED + 50).map(stored).collect::<Vec<_>>().join(",");
        std::fs::create_dir_all(&dir).unwrap();
        let write = |text: &str| state::file::replace(&requests.path, text.as_bytes()).unwrap();
        write(&format!(r#"{{"format":1,"checks":[{list}]}}"#));
        let key = requests.begin().unwrap();
        requests.set_id(&key, "x".repeat(1 << 20).as_str()).unwrap();
        assert!(std::fs::metadata(&requests.path).unwrap().len() < 100_000);
        assert!(
            !requests.needs_biometric("i5").unwrap() && requests.needs_biometric("i60").unwrap()
        );
        write("{");
        assert!(requests.needs_biometric("i60").is_err() && requests.begin().is_err());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
