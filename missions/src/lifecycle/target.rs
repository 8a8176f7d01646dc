//! Somebody to be reached: one call or text with the attempts that followed it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ending::{self, Outcome, STUCK_AFTER, Standing};
use super::look::{self, Seen};
use super::retry::Recipient;
use crate::service::Channel;
use crate::window::Window;

/// How long insights are waited for after the end of a call; they come some seconds after it, or never.
pub(crate) const INSIGHTS_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// A chain of attempts.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The id of the first event.
    pub(crate) id: String,
    /// The assistant that carries it out.
    pub(crate) assistant: String,
    /// Call or text.
    pub(crate) channel: Channel,
    /// Who, in E.164.
    pub(crate) to: String,
    /// The plan step that it belongs to.
    pub(crate) step: Option<String>,
    /// The kind of recipient, if it is tried again at all.
    pub(crate) recipient: Option<Recipient>,
    /// When it may be tried.
    pub(crate) window: Window,
    /// Whether the number must not be called any more.
    pub(crate) forbidden: bool,
    /// The attempts in their order; never empty.
    pub(crate) attempts: Vec<Attempt>,
    /// A retry that was begun and is not among the attempts.
    pub(crate) begun: Option<Unsettled>,
}

/// One scheduled event.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// Its id.
    pub(crate) event: String,
    /// When it was to happen.
    pub(crate) at: Timestamp,
    /// The last look.
    pub(crate) looked: Option<Timestamp>,
    /// What it saw, if the event has begun.
    pub(crate) seen: Option<Seen>,
    /// How it ended.
    pub(crate) end: Option<End>,
    /// What is known of its conversation.
    pub(crate) insights: Insights,
    /// Whether that speaks of a voicemail.
    pub(crate) maybe_voicemail: bool,
}

/// How an attempt ended, and when that was noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    /// How.
    pub(crate) outcome: Outcome,
    /// When.
    pub(crate) at: Timestamp,
}

/// What the service concluded from a conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Insights {
    /// There was no conversation.
    #[default]
    None,
    /// Not there yet; when that was last seen.
    Awaited(Option<Timestamp>),
    /// These, in one line.
    Got(String),
}

impl Insights {
    /// Whether there is nothing to be known.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// A retry whose request may have left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsettled {
    /// When it was to happen.
    pub(crate) at: Timestamp,
    /// When it was begun.
    pub(crate) since: Timestamp,
    /// When its event was last looked for.
    pub(crate) looked: Option<Timestamp>,
    /// Whether its intent was stored: without one, nothing has left.
    pub(crate) has_intent: bool,
}

impl Target {
    /// The newest attempt.
    pub(crate) fn last(&self) -> &Attempt {
        self.attempts.last().expect("a target begins with an event")
    }

    /// Whether it waits although its number must not be reached so any more.
    pub(crate) fn is_unwanted(&self) -> bool {
        let last = self.last();
        self.forbidden && last.end.is_none() && last.seen.is_none()
    }

    /// The retry that may be at the service without our knowing its id; after a while it never becomes known.
    pub(crate) fn in_doubt(&self) -> Option<Unsettled> {
        self.begun.filter(|begun| begun.has_intent)
    }

    /// When it is next looked at.
    pub(crate) fn next_look(&self, now: Timestamp) -> Option<Timestamp> {
        let doubt = self.in_doubt().and_then(|doubt| doubt.next_look(now));
        self.attempts.iter().filter_map(Attempt::next_look).chain(doubt).min()
    }
}

impl Unsettled {
    /// When its event is next looked for in the list, and at last when it is lost.
    pub(crate) fn next_look(self, now: Timestamp) -> Option<Timestamp> {
        if self.is_lost(now) {
            return None;
        }
        let next =
            self.looked.map_or(self.since, |last| look::next(self.at, Some(last), Seen::Nothing));
        Some(next.min(self.at.checked_add(STUCK_AFTER).unwrap_or(Timestamp::MAX)))
    }

    /// Whether it never becomes known what came of it.
    pub(crate) fn is_lost(self, now: Timestamp) -> bool {
        now.duration_since(self.at) >= STUCK_AFTER
    }
}

impl Attempt {
    /// Under which key it is kept that this event was taken back.
    pub(crate) fn withdrawal(&self) -> String {
        format!("withdraw/{}", self.event)
    }

    /// When it is next looked at: one that goes on, or insights that are not there.
    pub(crate) fn next_look(&self) -> Option<Timestamp> {
        match &self.end {
            None => Some(look::next(self.at, self.looked, self.seen.unwrap_or(Seen::Nothing))),
            Some(_) => self.next_insights(),
        }
    }

    /// Takes over what a look saw: the service's row, or that there is none. An end is an end, whatever comes.
    pub(crate) fn see(&mut self, row: Option<&Value>, now: Timestamp) {
        self.looked = Some(now);
        if self.end.is_some() {
            return;
        }
        let standing =
            row.map_or(Standing::Ended(Outcome::Gone), |row| ending::of(row, self.at, now));
        match standing {
            Standing::Waiting => self.seen = None,
            Standing::Active(seen) => self.seen = Some(seen),
            Standing::Ended(outcome) => {
                self.end = Some(End { outcome, at: now });
                if row.is_some_and(|row| ending::conversation(row).is_some()) {
                    self.insights = Insights::Awaited(None);
                }
            }
        }
    }

    /// Whether somebody answered or a machine did may still be told.
    pub(crate) fn is_answer_open(&self) -> bool {
        let is_answered = self.end.as_ref().is_some_and(|end| end.outcome == Outcome::Succeeded);
        is_answered && self.next_insights().is_some()
    }

    /// When insights are next looked for; `None` if there is nothing to wait for. The last look comes when they
    /// are overdue, however late that is.
    pub(crate) fn next_insights(&self) -> Option<Timestamp> {
        let (Insights::Awaited(looked), Some(end)) = (&self.insights, &self.end) else {
            return None;
        };
        let Some(looked) = *looked else { return Some(end.at) };
        let is_last = looked.duration_since(end.at) >= INSIGHTS_WITHIN;
        (!is_last).then(|| looked.checked_add(look::INSIGHTS).unwrap_or(Timestamp::MAX))
    }
}
