//! The requests that were made here, stored before they leave: which need a fingerprint or face, so that a later `status` or
//! `wait` accepts no approval without it; and which ids the service gave to two of them, so that neither counts as approved,
//! whichever process asked.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use state::api::Client;
use state::approval_status::ExpectedApproval;
use state::args::Common;
use state::clock::{Clock, Moment, Uptime};
use state::config::Config;
use state::{file, paths};

/// At most so many are stored, the newest: a request is decided long before as many others were made.
const MAX_STORED: usize = 500;

/// What cannot be decided any more is forgotten after a week: a request whose id was never received, or is another's too.
const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// So many letters and digits of an id are compared.
const MAX_ID_LENGTH: usize = 200;

/// Between two looks at a request of another process whose id is on its way.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The requests of one skill folder.
#[derive(Clone)]
pub(crate) struct StoredRequests {
    path: PathBuf,
    clock: Clock,
    /// The key of the request that this process made.
    own: Option<String>,
}

/// One request. Earlier versions stored only those that need a fingerprint or face, without the last three fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StoredRequest {
    /// Identifies it in this file.
    key: String,
    /// The id that the service gave it, [`normalized`]; `None` as long as it is not known.
    id: Option<String>,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    up: Option<Uptime>,
    /// Whether it needs a fingerprint or face.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    biometric: bool,
    /// While its id is on its way: how long that may take, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered_within: Option<u64>,
    /// While it is not decided: how long the owner has, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open_for: Option<u64>,
    /// Whether its id was given to another one too that was open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    repeated: bool,
}

#[derive(Default, Serialize, Deserialize)]
struct RequestFile {
    format: u32,
    #[serde(rename = "checks")]
    requests: Vec<StoredRequest>,
}

/// What became of the creation of a request.
pub(crate) enum Creation<'a> {
    /// It was made, and has this id.
    Made(&'a str),
    /// It was not made.
    NotMade,
    /// It may have been made, with an id that was never received.
    Unconfirmed,
}

impl StoredRequests {
    /// Those of the configured skill folder.
    pub(crate) fn of(config: &Config) -> Self {
        Self { path: paths::approvals(config.skill_dir()), clock: config.clock(), own: None }
    }

    /// A request that was made before, by its id, with what it takes to ask about it.
    ///
    /// Fails (exit 3) if the file cannot be read.
    pub(crate) fn earlier(
        common: &Common,
        id: &str,
    ) -> anyhow::Result<(Client, Self, ExpectedApproval)> {
        let config = Config::load(common)?;
        let client = Client::from_config(&config, common.request_deadline())?;
        let stored = Self::of(&config);
        let biometric = stored.needs_biometric(id)?;
        Ok((client, stored, ExpectedApproval { id: id.to_owned(), action: None, biometric }))
    }

    /// The clock that they are stored by.
    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// Stores, durably, that a request is about to be made that the service answers within `answer` and the owner decides
    /// within `decision`.
    ///
    /// Fails (exit 4, or 3 for a file that cannot be read) if it cannot be stored: then nothing may be sent.
    pub(crate) fn begin(
        &mut self,
        biometric: bool,
        answer: Duration,
        decision: Duration,
    ) -> anyhow::Result<()> {
        let key = format!("{:016x}", getrandom::u64().context("asking for a random number")?);
        let Moment { at, uptime: up } = self.clock.moment();
        let request = StoredRequest {
            key: key.clone(),
            id: None,
            at,
            up,
            biometric,
            answered_within: Some(answer.as_secs() + 1),
            open_for: Some(decision.as_secs()),
            repeated: false,
        };
        self.update(|requests, _| requests.push(request))
            .context("nothing was asked: the request could not be stored")?;
        self.own = Some(key);
        Ok(())
    }

    /// Stores what became of the creation; false if its id is that of another request which is open. Then neither counts.
    pub(crate) fn created(&self, creation: &Creation) -> anyhow::Result<bool> {
        let is_own = |request: &StoredRequest| Some(&request.key) == self.own.as_ref();
        self.update(|requests, now| {
            if let Creation::NotMade = creation {
                requests.retain(|request| !is_own(request));
            }
            let id = match creation {
                Creation::Made(id) => Some(normalized(id)),
                _ => None,
            };
            let (own, others): (Vec<_>, Vec<_>) =
                requests.iter_mut().partition(|request| is_own(request));
            let is_twin =
                |other: &&mut StoredRequest| id.is_some() && other.id == id && other.is_open(now);
            let twins: Vec<_> = others.into_iter().filter(is_twin).collect();
            let is_alone = twins.is_empty();
            for twin in twins {
                twin.repeated = true;
            }
            for request in own {
                request.answered_within = None;
                request.repeated = !is_alone;
                request.id.clone_from(&id);
            }
            is_alone
        })
    }

    /// Whether an approval of this request counts only with a fingerprint or face. A request that needs it and whose id was
    /// never received may be any: as long as one is stored, every request needs it.
    ///
    /// Fails (exit 3) if the file cannot be read.
    pub(crate) fn needs_biometric(&self, id: &str) -> anyhow::Result<bool> {
        let now = self.clock.moment();
        let requests = self.parse(file::read(&self.path)?)?.requests;
        let id = normalized(id);
        let may_be_it = |request: &StoredRequest| {
            request.biometric && request.id.as_ref().is_none_or(|stored| *stored == id)
        };
        Ok(requests.iter().any(|request| !request.is_forgotten(now) && may_be_it(request)))
    }

    /// The request of this id was decided. False if the service gave the id to another one too: then the decision may be
    /// about either. Waits for requests of other processes whose ids are on their way.
    ///
    /// Fails if the file cannot be read or written: then it is not known.
    pub(crate) fn decided(&self, id: &str) -> anyhow::Result<bool> {
        let id = Some(normalized(id));
        let mut awaited: Option<Vec<String>> = None;
        loop {
            let now = self.clock.moment();
            let requests = self.parse(file::read(&self.path)?)?.requests;
            let in_flight = requests.into_iter().filter(|request| request.is_in_flight(now));
            let in_flight: Vec<String> = in_flight.map(|request| request.key).collect();
            // What is asked from now on is asked after the decision.
            let awaited = awaited.get_or_insert_with(|| in_flight.clone());
            if !awaited.iter().any(|key| in_flight.contains(key)) {
                break;
            }
            thread::sleep(LOOK_AGAIN);
        }
        if !self.parse(file::read(&self.path)?)?.requests.iter().any(|request| request.id == id) {
            return Ok(true);
        }
        self.update(|requests, _| {
            let mut is_alone = true;
            for request in requests.iter_mut().filter(|request| request.id == id) {
                request.open_for = None;
                // Of another process's the newest is meant: the service gives an id anew only after a decision.
                if self.own.as_ref().is_none_or(|own| *own == request.key) {
                    is_alone = !request.repeated;
                }
            }
            is_alone
        })
    }

    fn update<T>(
        &self,
        change: impl FnOnce(&mut Vec<StoredRequest>, Moment) -> T,
    ) -> anyhow::Result<T> {
        let now = self.clock.moment();
        file::update(&self.path, |bytes| {
            let mut stored = self.parse(bytes)?;
            stored.format = 1;
            let result = change(&mut stored.requests, now);
            stored.requests.retain(|request| !request.is_forgotten(now));
            let excess = stored.requests.len().saturating_sub(MAX_STORED);
            stored.requests.drain(..excess);
            Ok((Some(serde_json::to_vec(&stored)?), result))
        })
    }

    fn parse(&self, bytes: Option<Vec<u8>>) -> anyhow::Result<RequestFile> {
        Ok(file::parse(&self.path, bytes)?.unwrap_or_default())
    }
}

impl StoredRequest {
    fn is_in_flight(&self, now: Moment) -> bool {
        self.is_within(self.answered_within, now)
    }

    fn is_open(&self, now: Moment) -> bool {
        self.is_within(self.open_for, now)
    }

    fn is_within(&self, seconds: Option<u64>, now: Moment) -> bool {
        let limit =
            |seconds| i64::try_from(seconds).map_or(SignedDuration::MAX, SignedDuration::from_secs);
        seconds.is_some_and(|seconds| self.age(now) < limit(seconds))
    }

    fn age(&self, now: Moment) -> SignedDuration {
        now.since(Moment { at: self.at, uptime: self.up })
    }

    /// Whether nothing depends on it any more.
    fn is_forgotten(&self, now: Moment) -> bool {
        let is_old = self.age(now) >= FORGET_AFTER;
        match (self.biometric, &self.id) {
            _ if self.is_in_flight(now) => false,
            (true, Some(_)) => false,
            (true, None) => is_old,
            (false, _) if self.repeated => is_old,
            (false, id) => id.is_none() || !self.is_open(now),
        }
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

/// An id reduced to its letters and digits, in lower case: an id that the service finds although it is written in another
/// case, or without its hyphens, must not get past the need for a fingerprint or face.
fn normalized(id: &str) -> String {
    let letters = id.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    letters.take(MAX_ID_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::{Creation, MAX_STORED, StoredRequests};
    use state::clock::Clock;
    use std::path::PathBuf;
    use std::time::Duration;

    fn fresh(name: &str) -> (PathBuf, StoredRequests) {
        let dir = std::env::temp_dir().join(format!("approval-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let requests =
            StoredRequests { path: dir.join("checks.json"), clock: Clock::system(), own: None };
        (dir, requests)
    }

    /// As another process that has just begun a request.
    fn begin(
        stored: &StoredRequests,
        biometric: bool,
        answer: u64,
        decision: u64,
    ) -> StoredRequests {
        let (mut process, seconds) = (stored.clone(), Duration::from_secs);
        process.begin(biometric, seconds(answer), seconds(decision)).unwrap();
        process
    }

    fn made(process: &StoredRequests, id: &str) -> bool {
        process.created(&Creation::Made(id)).unwrap()
    }

    #[test]
    fn a_request_needs_a_fingerprint_however_its_id_is_written() {
        let (dir, requests) = fresh("ids");
        assert!(!requests.needs_biometric("apr_1").unwrap());
        let process = begin(&requests, true, 60, 300);
        assert!(
            requests.needs_biometric("apr_1").unwrap() && requests.needs_biometric("any").unwrap()
        );
        made(&process, "0C43-407D");
        for id in ["0C43-407D", "0c43-407d", "0c43407d", "{0C43407D}"] {
            assert!(requests.needs_biometric(id).unwrap(), "{id}");
        }
        assert!(!requests.needs_biometric("apr_1").unwrap());
        // Also once it was decided.
        assert!(requests.decided("0C43-407D").unwrap());
        assert!(requests.needs_biometric("0C43-407D").unwrap());
        for (biometric, creation) in [(true, Creation::NotMade), (false, Creation::Unconfirmed)] {
            begin(&requests, biometric, 60, 300).created(&creation).unwrap();
            assert!(!requests.needs_biometric("apr_1").unwrap());
        }
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn an_id_of_two_open_requests_is_approved_for_neither() {
        let (dir, requests) = fresh("twins");
        let [first, second] = [300, 300].map(|decision| begin(&requests, false, 60, decision));
        assert!(made(&first, "apr_1") && !made(&second, "apr_1"));
        assert!(!made(&begin(&requests, false, 60, 300), "apr_1"), "nor for a third");
        for process in [&requests, &first, &second] {
            assert!(!process.decided("APR-1").unwrap());
        }
        // One that was decided, or can be no more, was about itself.
        let later = begin(&requests, false, 60, 300);
        assert!(made(&later, "apr_1") && later.decided("apr_1").unwrap());
        assert!(!first.decided("apr_1").unwrap());
        assert!(made(&begin(&requests, false, 60, 0), "apr_1"));
        assert!(made(&begin(&requests, false, 60, 300), "apr_1"));
        assert!(requests.decided("apr_1").unwrap() && requests.decided("another").unwrap());
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_decision_waits_for_the_id_that_is_on_its_way() {
        let (dir, requests) = fresh("flight");
        let [first, second] = [60, 60].map(|answer| begin(&requests, false, answer, 300));
        assert!(made(&first, "apr_1"));
        let deciding = std::thread::spawn(move || first.decided("apr_1").unwrap());
        assert!(!made(&second, "apr_1"));
        assert!(!deciding.join().unwrap());
        std::fs::remove_dir_all(&dir).unwrap();
        // A process that was killed is not waited for longer than its answer could take.
        let process = begin(&requests, false, 60, 300);
        assert!(made(&process, "a"));
        begin(&requests, false, 0, 300);
        assert!(process.decided("a").unwrap());
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
        made(&begin(&requests, true, 60, 300), &"x".repeat(1 << 20));
        assert!(std::fs::metadata(&requests.path).unwrap().len() < 100_000);
        assert!(
            !requests.needs_biometric("i5").unwrap() && requests.needs_biometric("i60").unwrap()
        );
        write("{");
        assert!(requests.needs_biometric("i60").is_err() && requests.decided("i60").is_err());
        let begun = requests.clone().begin(true, Duration::ZERO, Duration::ZERO);
        assert!(begun.is_err());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
