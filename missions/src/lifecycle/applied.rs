//! What the lifecycle stores of a mission besides its scheduled events: which decisions were made, which effects were
//! carried out, and which retries were started.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use state::clock::{Moment, Uptime};

use super::action::{Action, Effect};
use super::end::{MissionEnd, StepEnd};
use super::target::UnconfirmedRetry;

/// Settled intents are deleted after a day ([`state::intents`]): after that, that there is none proves nothing.
const INTENTS_LAST: SignedDuration = SignedDuration::from_hours(23);

/// The key of the removal of the cron line, the last effect of a mission.
pub(crate) const REMOVE_CRON: &str = "mission/cron";

/// A key that says that what is scheduled stays scheduled after the end; no effect has it.
const LEAVE_SCHEDULED: &str = "mission/withdraw";

/// The effects that were applied to a mission, stored in it under one key. Nothing in it is taken back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AppliedEffects {
    /// The step that ends with the mission's last event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verify_step: Option<String>,
    /// The ends of the steps that this program ended.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) steps: BTreeMap<String, StepEnd>,
    /// The last retry that was started for each target, by the id of the target's first event.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) retries: BTreeMap<String, PendingRetry>,
    /// Of which texts that answered ours the agent was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) told: Option<ToldAnswers>,
    /// How the mission ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ending: Option<MissionEnd>,
    /// The keys of the effects that were carried out.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) done: BTreeSet<String>,
}

/// The texts that the agent was told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ToldAnswers {
    /// When it was told last.
    pub(crate) at: Timestamp,
    /// How many of each number.
    pub(crate) counts: BTreeMap<String, usize>,
}

/// A retry that was started: stored before its intent, which is stored before its request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingRetry {
    /// Which retry it is, from 1.
    pub(crate) attempt: usize,
    /// When the call or text is to happen.
    pub(crate) at: Timestamp,
    /// When it was started, by the service's time.
    #[serde(rename = "since")]
    pub(crate) started_at: Timestamp,
    /// The same by the machine's uptime, if that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) up: Option<Uptime>,
    /// When its event was last searched for, while it is unconfirmed.
    #[serde(rename = "looked", default, skip_serializing_if = "Option::is_none")]
    pub(crate) polled_at: Option<Timestamp>,
}

impl AppliedEffects {
    /// Whether the effect of this key was carried out.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.done.contains(key)
    }

    /// Records that an effect was carried out and, where it is a decision, the decision.
    ///
    /// False if another program decided otherwise meanwhile: then nothing changes, and what follows must be decided again
    /// before anything else is carried out.
    pub(crate) fn apply(&mut self, effect: &Effect) -> bool {
        match &effect.action {
            Action::SetVerifyStep(step) => set_once(&mut self.verify_step, step),
            // Two programs may find the same end at two moments: the first one counts.
            Action::EndMission(end) => self.ending.is_none() && set_once(&mut self.ending, end),
            Action::EndStep(step, end) => {
                self.steps.entry(step.clone()).or_insert_with(|| end.clone()) == end
            }
            Action::NotifyOfReplies { at, counts, .. } => {
                self.told = Some(ToldAnswers { at: *at, counts: counts.clone() });
                self.done.insert(effect.key.clone());
                true
            }
            _ => {
                self.done.insert(effect.key.clone());
                true
            }
        }
    }

    /// Records that a retry is started; `n_events` is how many events its target has. False if it is not the next one any
    /// more.
    pub(crate) fn start_retry(
        &mut self,
        target: &str,
        retry: PendingRetry,
        n_events: usize,
    ) -> bool {
        let is_next = retry.attempt == n_events && self.ending.is_none();
        if is_next {
            self.retries.insert(target.to_owned(), retry);
        }
        is_next
    }

    /// Records that a command ended the mission and did what belongs to that, except for the cron line: a tick removes
    /// that if the command does not get to it.
    pub(crate) fn close_by_hand(&mut self, end: MissionEnd) {
        self.ending.get_or_insert(end);
        for key in ["mission/run", "mission/result", "mission/archive", LEAVE_SCHEDULED] {
            self.done.insert(key.to_owned());
        }
    }

    /// Records that nothing runs ticks for the mission any more.
    pub(crate) fn cron_was_removed(&mut self) {
        self.done.insert(REMOVE_CRON.to_owned());
    }

    /// Whether what is scheduled stays so after the end: whoever ended the mission decides about it.
    pub(crate) fn leaves_scheduled(&self) -> bool {
        self.has(LEAVE_SCHEDULED)
    }

    /// Records that the event of an unconfirmed retry was searched for.
    pub(crate) fn retry_was_polled(&mut self, target: &str, now: Timestamp) {
        if let Some(retry) = self.retries.get_mut(target) {
            retry.polled_at = Some(now);
        }
    }

    /// The retry of a target that was started and is not among its events, of which there are `n_events`. Without an
    /// intent its request never left, unless the intent may have been deleted by now.
    pub(crate) fn unconfirmed(
        &self,
        target: &str,
        n_events: usize,
        has_intent: bool,
        now: Moment,
    ) -> Option<UnconfirmedRetry> {
        let retry = self.retries.get(target).filter(|retry| retry.attempt == n_events)?;
        let started = Moment { at: retry.started_at, uptime: retry.up };
        let may_be_deleted = now.since(started) >= INTENTS_LAST;
        (has_intent || may_be_deleted).then_some(UnconfirmedRetry {
            at: retry.at,
            started_at: retry.started_at,
            polled_at: retry.polled_at,
        })
    }

    /// Whether everything that an ended mission needs was done.
    pub(crate) fn is_finished(&self) -> bool {
        self.ending.is_some() && self.has(REMOVE_CRON)
    }
}

fn set_once<T: Clone + PartialEq>(place: &mut Option<T>, value: &T) -> bool {
    place.get_or_insert_with(|| value.clone()) == value
}
