//! What the lifecycle keeps of a mission besides its events: what was decided, and what of that was carried out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use state::moment::{Moment, Uptime};

use super::plan::{Act, Effect};
use super::target::Unsettled;

/// Settled intents are forgotten after a day (`state::intents`): that there is none proves nothing any more.
const INTENTS_LAST: SignedDuration = SignedDuration::from_hours(23);

/// The key of the removal of the cron line, the last thing that is done for a mission.
pub(crate) const CRON: &str = "mission/cron";

/// The key of the withdrawal of what is scheduled, where nothing is to be withdrawn.
const LEFT: &str = "mission/withdraw";

/// Kept in a mission under one key; everything in it is decided once and never taken back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ledger {
    /// The step that ends with the mission's last event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verify_step: Option<String>,
    /// How steps ended that the program ended.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) steps: BTreeMap<String, StepEnd>,
    /// The last retry that was begun for each chain, by the chain's first event.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) retries: BTreeMap<String, Begun>,
    /// How the mission ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ending: Option<Ending>,
    /// The keys of the effects that were carried out.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) done: BTreeSet<String>,
}

/// The end of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StepEnd {
    /// Whether it is `completed`; else `failed`.
    pub(crate) completed: bool,
    /// What came of it, or why it failed.
    pub(crate) summary: String,
}

/// A retry that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// Which attempt it is.
    pub(crate) attempt: usize,
    /// When the call or text is to happen.
    pub(crate) at: Timestamp,
    /// When it was begun.
    pub(crate) since: Timestamp,
    /// The same by the machine's uptime, if that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) up: Option<Uptime>,
    /// When it was last looked for, if its event is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) looked: Option<Timestamp>,
}

/// The end of a mission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ending {
    /// How.
    pub(crate) status: RunEnd,
    /// The step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<String>,
    /// What came of it, or why it failed.
    pub(crate) summary: String,
    /// When that was decided.
    pub(crate) at: Timestamp,
    /// Whether somebody did it who knows: then nobody is told.
    #[serde(default)]
    pub(crate) by_hand: bool,
}

/// How a run ends (facts/server.md 5, run status).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RunEnd {
    /// All steps are done.
    Succeeded,
    /// A step failed for good.
    Failed,
    /// It was called off.
    Cancelled,
}

impl RunEnd {
    /// The service's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Ledger {
    /// Whether an effect was carried out.
    pub(crate) fn has_done(&self, key: &str) -> bool {
        self.done.contains(key)
    }

    /// Keeps that an effect was carried out and, where it is a decision, the decision.
    ///
    /// False if another program decided otherwise meanwhile: then nothing changes, and the effects that follow
    /// must not be carried out but decided anew.
    pub(crate) fn keep(&mut self, effect: &Effect) -> bool {
        match &effect.act {
            Act::Verify(step) => put(&mut self.verify_step, step),
            Act::End(ending) => {
                // Two programs find the same end at two moments.
                self.ending.is_none() && put(&mut self.ending, ending)
            }
            Act::Conclude(step, end) => {
                self.steps.entry(step.clone()).or_insert_with(|| end.clone()) == end
            }
            _ => {
                self.done.insert(effect.key.clone());
                true
            }
        }
    }

    /// Keeps that a retry is begun; `made` is how many attempts of its chain there are. False if it is not the
    /// next one any more.
    pub(crate) fn begin(&mut self, target: &str, begun: Begun, made: usize) -> bool {
        let is_next = begun.attempt == made && self.ending.is_none();
        if is_next {
            self.retries.insert(target.to_owned(), begun);
        }
        is_next
    }

    /// Keeps an end that somebody brought about by hand, with everything done that belongs to it but for the cron
    /// line: a tick removes that if whoever closes the mission does not come to it.
    pub(crate) fn close(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
        for key in ["mission/run", "mission/result", "mission/archive", LEFT] {
            self.done.insert(key.to_owned());
        }
    }

    /// Keeps that nothing runs ticks for the mission any more.
    pub(crate) fn cron_removed(&mut self) {
        self.done.insert(CRON.to_owned());
    }

    /// Whether what is scheduled stays so after the end, for somebody else to decide about.
    pub(crate) fn leaves_scheduled(&self) -> bool {
        self.has_done(LEFT)
    }

    /// Keeps that the event of a begun retry was looked for.
    pub(crate) fn looked_for(&mut self, target: &str, now: Timestamp) {
        if let Some(begun) = self.retries.get_mut(target) {
            begun.looked = Some(now);
        }
    }

    /// The retry of a chain that was begun and is not among its attempts, of which there are `made`.
    pub(crate) fn unsettled(
        &self,
        target: &str,
        made: usize,
        has_intent: bool,
        now: Moment,
    ) -> Option<Unsettled> {
        let begun = self.retries.get(target).filter(|begun| begun.attempt == made)?;
        let then = Moment { at: begun.since, up: begun.up };
        let is_forgotten = now.since(then) >= INTENTS_LAST;
        Some(Unsettled {
            at: begun.at,
            since: begun.since,
            looked: begun.looked,
            has_intent: has_intent || is_forgotten,
        })
    }

    /// Whether everything that an ended mission needs was done.
    pub(crate) fn is_settled(&self) -> bool {
        self.ending.is_some() && self.has_done(CRON)
    }
}

fn put<T: Clone + PartialEq>(place: &mut Option<T>, value: &T) -> bool {
    place.get_or_insert_with(|| value.clone()) == value
}
