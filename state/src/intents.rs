//! What was about to be done: stored and fsynced before a POST that cannot be taken back.
//!
//! A crash between the request and its answer leaves one question open: was it carried out? An intent keeps that question
//! until it is settled. It holds the request's body, and its id goes out as the request's idempotency key: however often
//! one effect is tried, the service sees the same body with the same key. Whether it heeds the key is not known, so a
//! request whose answer leaves it in doubt is not tried again by itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Clock;
use crate::exit;
use crate::moment::{Moment, Uptime};
use crate::{file, out, paths, secret};

/// Settled intents are forgotten after a day, open ones after a week.
const KEEP_SETTLED: SignedDuration = SignedDuration::from_hours(24);
const KEEP_OPEN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A service that heeds idempotency keys remembers them for a day at most.
const KEY_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// One thing that was about to be done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Intent {
    /// Names it in this file, and is the idempotency key of its request.
    pub id: String,
    /// The tool: `call`, `sms`, `missions`.
    pub tool: String,
    /// The command line in one canonical form: the same line has the same text.
    pub line: String,
    /// When it was stored, before the request left.
    pub at: Timestamp,
    /// The same by the machine's uptime, if that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up: Option<Uptime>,
    /// What is sent, byte for byte at every try, and what its effect is recognised by.
    pub request: Value,
    /// Whether the service did nothing for now (429, or 503 with `Retry-After`): the same line tries it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
    /// What became of it, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

impl Intent {
    /// When it was stored, so that its age can be told.
    pub fn begun(&self) -> Moment {
        Moment { at: self.at, up: self.up }
    }

    /// Whether nobody knows what came of it.
    pub fn is_in_doubt(&self) -> bool {
        self.result.is_none() && !self.deferred
    }

    fn is_over(&self, now: Moment) -> bool {
        let keep = match self {
            Self { result: Some(_), .. } => KEEP_SETTLED,
            Self { deferred: true, .. } => KEY_LASTS,
            _ => KEEP_OPEN,
        };
        now.since(self.begun()) >= keep
    }
}

/// Which earlier intents of the same line stand in the way of a new one.
#[derive(Clone, Copy, Debug)]
pub enum Unless {
    /// None: the caller knows of them (`--again`).
    Never,
    /// One whose outcome is unknown, begun within this time.
    OpenWithin(Duration),
    /// One that was carried out or may have been, begun within this time.
    BegunWithin(Duration),
}

/// The answer to "may this be sent now?".
#[derive(Debug)]
pub enum Begun {
    /// Stored; send its `request` with its `id` as the key. That is an earlier try's where the service put that one off.
    New(Intent),
    /// The same line is open: it may have been carried out.
    Open(Intent),
    /// The same line was carried out.
    Settled(Intent),
}

impl Unless {
    fn covers(self, intent: &Intent, now: Moment) -> bool {
        if intent.deferred {
            return false;
        }
        let within = |window| {
            let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
            now.since(intent.begun()).abs() <= window
        };
        match self {
            Self::Never => false,
            Self::OpenWithin(window) => intent.result.is_none() && within(window),
            Self::BegunWithin(window) => within(window),
        }
    }
}

/// The intents of one skill folder.
#[derive(Debug)]
pub struct Intents {
    path: PathBuf,
    clock: Clock,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    intents: Vec<Intent>,
}

impl Intents {
    /// The intents kept in `skill`.
    pub fn of(skill: &Path, clock: Clock) -> Self {
        Self { path: paths::intents(skill), clock }
    }

    /// Stores an intent, durably, unless an earlier one of the same line stands in the way.
    pub fn begin(
        &self,
        tool: &str,
        line: &str,
        request: Value,
        unless: Unless,
    ) -> anyhow::Result<Begun> {
        let now = self.clock.moment();
        self.change(|intents| {
            let is_same = |intent: &Intent| intent.tool == tool && intent.line == line;
            let stands = intents.iter().rev().filter(|intent| is_same(intent));
            let mut stands = stands.filter(|intent| unless.covers(intent, now));
            let open = stands.clone().find(|intent| intent.result.is_none());
            if let Some(open) = open {
                return Ok(Begun::Open(open.clone()));
            }
            if let Some(settled) = stands.next() {
                return Ok(Begun::Settled(settled.clone()));
            }
            if let Some(deferred) = intents.iter_mut().find(|one| one.deferred && is_same(one)) {
                deferred.deferred = false;
                (deferred.at, deferred.up) = (now.at, now.up);
                return Ok(Begun::New(deferred.clone()));
            }
            let intent = Intent {
                id: new_id()?,
                tool: tool.to_owned(),
                line: line.to_owned(),
                at: now.at,
                up: now.up,
                request,
                deferred: false,
                result: None,
            };
            intents.push(intent.clone());
            Ok(Begun::New(intent))
        })
    }

    /// Stores what became of an intent, without the secrets that the service's answer may echo.
    pub fn settle(&self, id: &str, result: &Value) -> anyhow::Result<()> {
        self.change(|intents| {
            if let Some(intent) = intents.iter_mut().find(|intent| intent.id == id) {
                intent.result = Some(secret::clean_json(result).into_owned());
            }
            Ok(())
        })
    }

    /// Says that an intent was carried out, then keeps that it was said: from then on the same line is meant anew.
    /// Whoever is killed in between has not said it for sure, so the line stays in doubt.
    ///
    /// Fails with exit 8 if it cannot be said. That it cannot be kept is a warning: it was done.
    pub fn conclude(
        &self,
        id: &str,
        result: &Value,
        say: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if let Err(err) = say() {
            return Err(out::unsaid(&err)
                .hint("run the same line again: it says what is known, and repeats nothing")
                .into());
        }
        if let Err(err) = self.settle(id, result) {
            out::warning(&format!(
                "it was done, but that could not be kept: {}; the same line counts as in doubt",
                exit::told(&err)
            ));
        }
        Ok(())
    }

    /// Forgets an intent that had no effect, on the way to saying why it had none. That it cannot be forgotten is a
    /// warning: the same line is taken to be in doubt.
    pub fn let_go(&self, id: &str) {
        if let Err(err) = self.withdraw(id) {
            warn_of_doubt(&err);
        }
    }

    /// Keeps an intent that had no effect because the service does nothing for now, or forgets one that had none for
    /// another reason; on the way to saying which. What cannot be kept is a warning: the same line is taken to be in doubt.
    pub fn not_done(&self, id: &str, is_for_now: bool) {
        if !is_for_now {
            return self.let_go(id);
        }
        let kept = self.change(|intents| {
            if let Some(intent) = intents.iter_mut().find(|intent| intent.id == id) {
                intent.deferred = true;
            }
            Ok(())
        });
        if let Err(err) = kept {
            warn_of_doubt(&err);
        }
    }

    /// The request of this line that the service put off, if there is one.
    pub fn deferred(&self, tool: &str, line: &str) -> anyhow::Result<Option<Intent>> {
        let mut kept = self.of_tool(tool)?.into_iter();
        let now = self.clock.moment();
        Ok(kept.find(|one| one.deferred && one.line == line && !one.is_over(now)))
    }

    /// Forgets an intent that had no effect: it never left, or the service said no.
    pub fn withdraw(&self, id: &str) -> anyhow::Result<()> {
        self.change(|intents| {
            intents.retain(|intent| intent.id != id);
            Ok(())
        })
    }

    /// The intents of a tool whose outcome is not known.
    pub fn open(&self, tool: &str) -> anyhow::Result<Vec<Intent>> {
        Ok(self.of_tool(tool)?.into_iter().filter(Intent::is_in_doubt).collect())
    }

    /// All intents of a tool that are still kept, settled ones too.
    pub fn of_tool(&self, tool: &str) -> anyhow::Result<Vec<Intent>> {
        let stored = read(&self.path, file::read(&self.path)?)?;
        Ok(stored.intents.into_iter().filter(|intent| intent.tool == tool).collect())
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<Intent>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let now = self.clock.moment();
        file::update(&self.path, |bytes| {
            let mut stored = read(&self.path, bytes)?;
            stored.intents.retain(|intent| !intent.is_over(now));
            let result = change(&mut stored.intents)?;
            Ok((Some(serde_json::to_vec(&stored)?), result))
        })
    }
}

fn warn_of_doubt(err: &anyhow::Error) {
    out::warning(&format!(
        "nothing was sent, but that could not be kept: {}; the same line counts as in doubt",
        exit::told(err)
    ));
}

fn read(path: &Path, bytes: Option<Vec<u8>>) -> anyhow::Result<Stored> {
    bytes.map_or(Ok(Stored { format: 1, intents: Vec::new() }), |bytes| {
        serde_json::from_slice(&bytes).map_err(|err| file::broken(path, &err).into())
    })
}

fn new_id() -> anyhow::Result<String> {
    Ok(format!("{:016x}", getrandom::u64().context("asking the system for a random number")?))
}

#[cfg(test)]
mod tests {
    use super::{Begun, Intents, Unless};
    use crate::clock::Clock;
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn what_was_put_off_is_tried_again_with_its_own_body_and_key() {
        let dir = std::env::temp_dir().join(format!("state-deferred-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let intents = Intents::of(&dir, Clock::real());
        let begin = |n: u8| {
            intents.begin("call", "call in 5m", json!({"n": n}), Unless::BegunWithin(Duration::MAX))
        };
        let Begun::New(first) = begin(1).unwrap() else { panic!("not new") };
        intents.not_done(&first.id, true);
        assert!(intents.open("call").unwrap().is_empty(), "it is not in doubt");
        assert_eq!(intents.deferred("call", "call in 5m").unwrap().unwrap().id, first.id);
        let Begun::New(again) = begin(2).unwrap() else { panic!("not tried again") };
        assert_eq!((&again.id, &again.request), (&first.id, &json!({"n": 1})));
        assert!(matches!(begin(3).unwrap(), Begun::Open(_)), "it left, and is in doubt");
        intents.not_done(&again.id, false);
        let Begun::New(new) = begin(4).unwrap() else { panic!("not forgotten") };
        assert!(new.id != first.id && new.request == json!({"n": 4}));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn the_same_line_is_begun_once_until_it_is_settled_or_withdrawn() {
        let dir = std::env::temp_dir().join(format!("state-intents-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let intents = Intents::of(&dir, Clock::real());
        let minutes = Duration::from_secs(600);
        let begin = |unless| intents.begin("call", "call +1", json!({}), unless).unwrap();
        let Begun::New(first) = begin(Unless::BegunWithin(minutes)) else { panic!("not new") };
        assert!(matches!(begin(Unless::OpenWithin(minutes)), Begun::Open(_)));
        assert!(matches!(begin(Unless::Never), Begun::New(_)));
        assert_eq!(intents.open("call").unwrap().len(), 2);
        for intent in intents.open("call").unwrap() {
            if intent.id == first.id {
                intents.settle(&intent.id, &json!({"call_id": "c1"})).unwrap();
            } else {
                intents.withdraw(&intent.id).unwrap();
            }
        }
        let Begun::Settled(settled) = begin(Unless::BegunWithin(minutes)) else {
            panic!("not settled")
        };
        assert_eq!(settled.result.unwrap()["call_id"], "c1");
        assert!(matches!(begin(Unless::OpenWithin(minutes)), Begun::New(_)));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
