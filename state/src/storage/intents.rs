//! Intents: records of requests that cannot be taken back, stored and fsynced before they are sent.
//!
//! After a crash between the request and its response nobody knows whether it was carried out: the intent is
//! *unconfirmed* until somebody finds out. It holds the request's body, and its id is sent as the idempotency key: however
//! often one effect is attempted, the service sees the same body with the same key. Whether the service obeys the key is not
//! known, so an unconfirmed request is never sent again by itself.
//!
//! An intent ends as one of these: *completed* (its result is stored), *discarded* (it had no effect), or *deferred* (the
//! service does nothing for now: the same command line sends it again, with the same body and key).

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::exit;
use crate::process::clock::{Clock, Moment, Uptime};
use crate::process::out;
use crate::storage::{file, paths};
use crate::text::secret;

/// How long a completed intent is kept, and an unconfirmed one.
const KEEP_COMPLETED: SignedDuration = SignedDuration::from_hours(24);
const KEEP_UNCONFIRMED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a deferred one is kept: services that obey idempotency keys remember them for a day at most.
const KEEP_DEFERRED: SignedDuration = SignedDuration::from_hours(24);

/// A request that was about to be sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Intent {
    /// Identifies it in the file, and is the idempotency key of its request.
    pub id: String,
    /// The tool: `call`, `sms`, `missions`.
    pub tool: String,
    /// The command line in a canonical form: lines that mean the same have the same text.
    pub line: String,
    /// When it was stored, just before the request was sent.
    pub at: Timestamp,
    /// The same by the machine's uptime, if that was known.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "up")]
    pub uptime: Option<Uptime>,
    /// The body, the same byte for byte at every attempt, and what its effect is recognised by.
    pub request: Value,
    /// Whether the service did nothing for now (429, or 503 with `Retry-After`), so that the same line sends it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
    /// What it led to, once it is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

impl Intent {
    /// When it was stored, by both clocks.
    pub fn stored_at(&self) -> Moment {
        Moment { at: self.at, uptime: self.uptime }
    }

    /// Whether it is not known if the request was carried out.
    pub fn is_unconfirmed(&self) -> bool {
        self.result.is_none() && !self.deferred
    }

    fn is_expired(&self, now: Moment) -> bool {
        let keep = match self {
            Self { result: Some(_), .. } => KEEP_COMPLETED,
            Self { deferred: true, .. } => KEEP_DEFERRED,
            _ => KEEP_UNCONFIRMED,
        };
        now.since(self.stored_at()) >= keep
    }
}

/// Which earlier intents of the same command line prevent a new one.
#[derive(Clone, Copy, Debug)]
pub enum DuplicatePolicy {
    /// None: the caller wants it once more (`--again`).
    Allow,
    /// An unconfirmed one, stored within this time.
    RefuseUnconfirmed(Duration),
    /// An unconfirmed or completed one, stored within this time.
    RefuseAny(Duration),
}

/// Whether a request may be sent now.
#[derive(Debug)]
pub enum Admission {
    /// Yes. The intent is stored: send its `request` with its `id` as the key. Where an earlier attempt was deferred that
    /// is the earlier intent.
    New(Intent),
    /// No: the same line is unconfirmed.
    Unconfirmed(Intent),
    /// No: the same line was carried out.
    Completed(Intent),
}

impl DuplicatePolicy {
    /// Whether `intent` prevents a new one.
    fn refuses(self, intent: &Intent, now: Moment) -> bool {
        if intent.deferred {
            return false;
        }
        let within = |window| {
            let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
            now.since(intent.stored_at()).abs() <= window
        };
        match self {
            Self::Allow => false,
            Self::RefuseUnconfirmed(window) => intent.result.is_none() && within(window),
            Self::RefuseAny(window) => within(window),
        }
    }
}

/// The intents of one skill folder.
#[derive(Debug)]
pub struct IntentStore {
    path: PathBuf,
    clock: Clock,
}

#[derive(Serialize, Deserialize)]
struct IntentFile {
    format: u32,
    intents: Vec<Intent>,
}

impl IntentStore {
    /// The intents of `skill`. The file is read when it is needed.
    pub fn new(skill: &Path, clock: Clock) -> Self {
        Self { path: paths::intents(skill), clock }
    }

    /// Stores an intent, unless an earlier one of the same line prevents that by `policy`.
    ///
    /// Fails if the file cannot be read or written; nothing may be sent then.
    pub fn begin(
        &self,
        tool: &str,
        line: &str,
        request: Value,
        policy: DuplicatePolicy,
    ) -> anyhow::Result<Admission> {
        let now = self.clock.moment();
        self.change(|intents| {
            let is_same = |intent: &Intent| intent.tool == tool && intent.line == line;
            let same = intents.iter().rev().filter(|intent| is_same(intent));
            let mut duplicates = same.filter(|intent| policy.refuses(intent, now));
            if let Some(one) = duplicates.clone().find(|intent| intent.result.is_none()) {
                return Ok(Admission::Unconfirmed(one.clone()));
            }
            if let Some(completed) = duplicates.next() {
                return Ok(Admission::Completed(completed.clone()));
            }
            if let Some(deferred) = intents.iter_mut().find(|one| one.deferred && is_same(one)) {
                deferred.deferred = false;
                (deferred.at, deferred.uptime) = (now.at, now.uptime);
                return Ok(Admission::New(deferred.clone()));
            }
            let intent = Intent {
                id: new_id()?,
                tool: tool.to_owned(),
                line: line.to_owned(),
                at: now.at,
                uptime: now.uptime,
                request,
                deferred: false,
                result: None,
            };
            intents.push(intent.clone());
            Ok(Admission::New(intent))
        })
    }

    /// Completes an intent: stores its result, with secrets redacted that the service may have echoed.
    pub fn complete(&self, id: &str, result: &Value) -> anyhow::Result<()> {
        self.change(|intents| {
            if let Some(intent) = intents.iter_mut().find(|intent| intent.id == id) {
                intent.result = Some(secret::redact_json(result).into_owned());
            }
            Ok(())
        })
    }

    /// Prints the result of a request that was carried out, then completes the intent: from then on the same line is a new
    /// wish of the user's. In this order, since a kill in between leaves the line unconfirmed, and never a result that
    /// nobody has seen.
    ///
    /// Fails with exit 8 if it cannot be printed. That it cannot be stored is a warning: it was done.
    pub fn print_then_complete(
        &self,
        id: &str,
        result: &Value,
        print: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if let Err(err) = print() {
            return Err(out::output_failed(&err)
                .hint("run the same line again: it says what is known, and repeats nothing")
                .into());
        }
        if let Err(err) = self.complete(id, result) {
            out::warning(&format!(
                "it was done, but that could not be stored: {}; the same line counts as unconfirmed",
                exit::one_line(&err)
            ));
        }
        Ok(())
    }

    /// Discards an intent that had no effect, for callers that go on to report why. That it cannot be removed is a
    /// warning: the same line then counts as unconfirmed.
    pub fn discard(&self, id: &str) {
        if let Err(err) = self.remove(id) {
            warn_unconfirmed(&err);
        }
    }

    /// Defers an intent that had no effect because the service does nothing for now (`is_temporary`), discards one that
    /// had none for another reason. That this cannot be stored is a warning, as for [`discard`](Self::discard).
    pub fn defer_or_discard(&self, id: &str, is_temporary: bool) {
        if !is_temporary {
            return self.discard(id);
        }
        let stored = self.change(|intents| {
            if let Some(intent) = intents.iter_mut().find(|intent| intent.id == id) {
                intent.deferred = true;
            }
            Ok(())
        });
        if let Err(err) = stored {
            warn_unconfirmed(&err);
        }
    }

    /// The deferred intent of this line, if there is one.
    ///
    /// Fails if the file cannot be read.
    pub fn find_deferred(&self, tool: &str, line: &str) -> anyhow::Result<Option<Intent>> {
        let mut intents = self.of_tool(tool)?.into_iter();
        let now = self.clock.moment();
        Ok(intents.find(|one| one.deferred && one.line == line && !one.is_expired(now)))
    }

    /// Removes an intent that had no effect: the request was not sent, or the service refused it.
    pub fn remove(&self, id: &str) -> anyhow::Result<()> {
        self.change(|intents| {
            intents.retain(|intent| intent.id != id);
            Ok(())
        })
    }

    /// The unconfirmed intents of a tool.
    pub fn unconfirmed(&self, tool: &str) -> anyhow::Result<Vec<Intent>> {
        Ok(self.of_tool(tool)?.into_iter().filter(Intent::is_unconfirmed).collect())
    }

    /// All intents of a tool that are still kept, the oldest first.
    pub fn of_tool(&self, tool: &str) -> anyhow::Result<Vec<Intent>> {
        let file = parse(&self.path, file::read(&self.path)?)?;
        Ok(file.intents.into_iter().filter(|intent| intent.tool == tool).collect())
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<Intent>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let now = self.clock.moment();
        file::update(&self.path, |bytes| {
            let mut file = parse(&self.path, bytes)?;
            file.intents.retain(|intent| !intent.is_expired(now));
            let result = change(&mut file.intents)?;
            Ok((Some(serde_json::to_vec(&file)?), result))
        })
    }
}

fn warn_unconfirmed(err: &anyhow::Error) {
    out::warning(&format!(
        "nothing was sent, but that could not be stored: {}; the same line counts as unconfirmed",
        exit::one_line(err)
    ));
}

fn parse(path: &Path, bytes: Option<Vec<u8>>) -> anyhow::Result<IntentFile> {
    Ok(file::parse(path, bytes)?.unwrap_or_else(|| IntentFile { format: 1, intents: Vec::new() }))
}

fn new_id() -> anyhow::Result<String> {
    Ok(format!("{:016x}", getrandom::u64().context("asking the system for a random number")?))
}

#[cfg(test)]
mod tests {
    use super::{Admission, DuplicatePolicy, IntentStore};
    use crate::process::clock::Clock;
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn a_deferred_request_is_sent_again_with_its_own_body_and_key() {
        let dir = std::env::temp_dir().join(format!("state-deferred-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let intents = IntentStore::new(&dir, Clock::system());
        let begin = |n: u8| {
            let policy = DuplicatePolicy::RefuseAny(Duration::MAX);
            intents.begin("call", "call in 5m", json!({"n": n}), policy)
        };
        let Admission::New(first) = begin(1).unwrap() else { panic!("not new") };
        intents.defer_or_discard(&first.id, true);
        assert!(intents.unconfirmed("call").unwrap().is_empty(), "it is deferred");
        assert_eq!(intents.find_deferred("call", "call in 5m").unwrap().unwrap().id, first.id);
        let Admission::New(again) = begin(2).unwrap() else { panic!("not sent again") };
        assert_eq!((&again.id, &again.request), (&first.id, &json!({"n": 1})));
        assert!(matches!(begin(3).unwrap(), Admission::Unconfirmed(_)), "it was sent");
        intents.defer_or_discard(&again.id, false);
        let Admission::New(new) = begin(4).unwrap() else { panic!("not discarded") };
        assert!(new.id != first.id && new.request == json!({"n": 4}));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_line_has_one_intent_until_that_is_completed_or_removed() {
        let dir = std::env::temp_dir().join(format!("state-intents-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let intents = IntentStore::new(&dir, Clock::system());
        let minutes = Duration::from_secs(600);
        let begin = |policy| intents.begin("call", "call +1", json!({}), policy).unwrap();
        let Admission::New(first) = begin(DuplicatePolicy::RefuseAny(minutes)) else {
            panic!("not new")
        };
        assert!(matches!(
            begin(DuplicatePolicy::RefuseUnconfirmed(minutes)),
            Admission::Unconfirmed(_)
        ));
        assert!(matches!(begin(DuplicatePolicy::Allow), Admission::New(_)));
        assert_eq!(intents.unconfirmed("call").unwrap().len(), 2);
        for intent in intents.unconfirmed("call").unwrap() {
            if intent.id == first.id {
                intents.complete(&intent.id, &json!({"call_id": "c1"})).unwrap();
            } else {
                intents.remove(&intent.id).unwrap();
            }
        }
        let Admission::Completed(completed) = begin(DuplicatePolicy::RefuseAny(minutes)) else {
            panic!("not completed")
        };
        assert_eq!(completed.result.unwrap()["call_id"], "c1");
        assert!(matches!(begin(DuplicatePolicy::RefuseUnconfirmed(minutes)), Admission::New(_)));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
