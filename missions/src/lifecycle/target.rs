//! A target: somebody whom a mission is to reach, with the first call or text to them and the retries that followed.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event_status::{self, EventOutcome, EventState, STUCK_AFTER};
use super::poll_schedule::{self, Activity};
use super::retry::Recipient;
use crate::service::Channel;
use crate::window::Window;

/// Between two looks for answers.
const ANSWERS: SignedDuration = SignedDuration::from_mins(1);

/// How long insights are waited for after the end of a call; they come some seconds after it, or never.
pub(crate) const INSIGHTS_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// Somebody to be reached.
#[derive(Clone, Debug)]
pub(crate) struct MissionTarget {
    /// The id of the first event.
    pub(crate) id: String,
    /// The assistant that calls or texts.
    pub(crate) assistant: String,
    /// Call or text.
    pub(crate) channel: Channel,
    /// The number, in E.164.
    pub(crate) to: String,
    /// The plan step that it belongs to.
    pub(crate) step: Option<String>,
    /// The kind of recipient; without one there are no retries.
    pub(crate) recipient: Option<Recipient>,
    /// When a call or text to them may begin.
    pub(crate) window: Window,
    /// Whether the do-not-call list forbids it by now.
    pub(crate) forbidden: bool,
    /// The first event and the retries, in their order; never empty.
    pub(crate) events: Vec<TargetEvent>,
    /// A retry that may exist at the service and is not among the events.
    pub(crate) unconfirmed: Option<UnconfirmedRetry>,
    /// The word by which they opted out of texts, if it may be meant as the answer to one of these.
    pub(crate) reply: Option<OptOutReply>,
    /// How many calls or texts to them were withdrawn before their time, and are not among the events.
    pub(crate) n_withdrawn: usize,
    /// What is known of them as a target of an outreach.
    pub(crate) outreach: OutreachTargetFacts,
}

/// CANCEL, END or QUIT soon after a text that asked something.
#[derive(Clone, Debug)]
pub(crate) struct OptOutReply {
    /// The word.
    pub(crate) word: String,
    /// When it came.
    pub(crate) at: Timestamp,
}

impl OptOutReply {
    /// The key of the effect that logs it.
    pub(crate) fn log_key(&self, target: &str) -> String {
        format!("reply/{target}/{}", self.at)
    }
}

/// What an outreach knows of a target besides its calls and texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutreachTargetFacts {
    /// What the list calls them.
    pub(crate) name: Option<String>,
    /// What we write to them.
    pub(crate) text: Option<String>,
    /// Whether they opted out.
    pub(crate) opted_out: bool,
    /// Whether a voicemail is reason enough not to try again: a message is left there once.
    pub(crate) one_message: bool,
    /// How long an answer to our text is waited for, if that asked something.
    pub(crate) answers_within: Option<SignedDuration>,
    /// When the service's list of messages was last read for answers.
    pub(crate) answers_polled_at: Option<Timestamp>,
    /// What they answered, in the order of time.
    pub(crate) answers: Vec<Answer>,
}

/// A text that answers ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// The service's id.
    pub(crate) id: String,
    /// When it came.
    pub(crate) at: Timestamp,
    /// What it says: a stranger's words.
    pub(crate) text: String,
}

/// One scheduled call or text of a target.
#[derive(Clone, Debug)]
pub(crate) struct TargetEvent {
    /// The service's id.
    pub(crate) id: String,
    /// When it is to happen.
    pub(crate) at: Timestamp,
    /// When it was last polled.
    pub(crate) polled_at: Option<Timestamp>,
    /// What it was doing then, if it had begun.
    pub(crate) activity: Option<Activity>,
    /// How it ended.
    pub(crate) end: Option<EventEnd>,
    /// What is known of its conversation.
    pub(crate) insights: CallInsights,
    /// Whether the insights mention a voicemail.
    pub(crate) maybe_voicemail: bool,
    /// Whether it is the first of its target.
    pub(crate) is_first: bool,
    /// How long it was talked, in seconds; rather too much than too little.
    pub(crate) seconds: u32,
}

/// How an event ended, and when that was noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventEnd {
    /// How it ended.
    pub(crate) outcome: EventOutcome,
    /// When that was noticed, by the service's time.
    pub(crate) at: Timestamp,
}

/// What the service concluded from a conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CallInsights {
    /// There was no conversation.
    #[default]
    None,
    /// They are not there yet; when they were last asked for.
    Awaited(Option<Timestamp>),
    /// These, in one line.
    Got(String),
}

impl CallInsights {
    /// Whether there was no conversation.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// A retry whose request may have been carried out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnconfirmedRetry {
    /// When the call or text is to happen.
    pub(crate) at: Timestamp,
    /// When the retry was started.
    pub(crate) started_at: Timestamp,
    /// When its event was last searched for.
    pub(crate) polled_at: Option<Timestamp>,
}

impl MissionTarget {
    /// The newest event.
    pub(crate) fn last(&self) -> &TargetEvent {
        self.events.last().expect("a target begins with an event")
    }

    /// Whether a call or text is still scheduled although the do-not-call list forbids it by now.
    pub(crate) fn is_forbidden_and_scheduled(&self) -> bool {
        self.forbidden && self.last().is_scheduled()
    }

    /// When the service is next asked about it.
    pub(crate) fn next_poll(&self, now: Timestamp) -> Option<Timestamp> {
        let retry = self.unconfirmed.and_then(|retry| retry.next_poll(now));
        let events = self.events.iter().filter_map(TargetEvent::next_poll);
        events.chain(retry).chain(self.next_answer_poll(now)).min()
    }

    /// Until when an answer to a text that was delivered is waited for; `None` if there is nothing to wait for.
    pub(crate) fn awaits_answer_until(&self, now: Timestamp) -> Option<Timestamp> {
        let facts = &self.outreach;
        let last = self.last();
        let is_delivered =
            last.end.as_ref().is_some_and(|end| end.outcome == EventOutcome::Succeeded);
        let until = last.at.checked_add(facts.answers_within?).unwrap_or(Timestamp::MAX);
        let waits = is_delivered && facts.answers.is_empty() && !facts.opted_out && !self.forbidden;
        // Until the list was read once more after that, whenever that is possible.
        let is_read = facts.answers_polled_at.is_some_and(|polled| polled >= until);
        (waits && !(is_read && now >= until)).then_some(until)
    }

    /// When the service's list of messages is read for their answer.
    pub(crate) fn next_answer_poll(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.awaits_answer_until(now)?;
        let next = self.outreach.answers_polled_at.and_then(|last| last.checked_add(ANSWERS).ok());
        Some(next.unwrap_or(self.last().at).min(until))
    }
}

impl UnconfirmedRetry {
    /// When its event is next searched for; `None` once it is lost.
    pub(crate) fn next_poll(self, now: Timestamp) -> Option<Timestamp> {
        if self.is_lost(now) {
            return None;
        }
        let next = self.polled_at.map_or(self.started_at, |last| {
            poll_schedule::next_poll(self.at, Some(last), Activity::Unknown)
        });
        // At last when it is lost, so that this is noticed.
        Some(next.min(poll_schedule::later(self.at, STUCK_AFTER)))
    }

    /// Whether it will never be known what came of it.
    pub(crate) fn is_lost(self, now: Timestamp) -> bool {
        now.duration_since(self.at) >= STUCK_AFTER
    }
}

impl TargetEvent {
    /// Whether it has neither begun nor ended, as far as is known.
    pub(crate) fn is_scheduled(&self) -> bool {
        self.end.is_none() && self.activity.is_none()
    }

    /// The key of the effect that deletes this event at the service.
    pub(crate) fn unschedule_key(&self) -> String {
        format!("withdraw/{}", self.id)
    }

    /// When it is polled next: while it goes on, and then for its insights.
    pub(crate) fn next_poll(&self) -> Option<Timestamp> {
        match &self.end {
            None => {
                let activity = self.activity.unwrap_or(Activity::Unknown);
                Some(poll_schedule::next_poll(self.at, self.polled_at, activity))
            }
            Some(_) => self.next_insights_poll(),
        }
    }

    /// Takes over what a poll returned: the service's row, or that there is none. An end never changes again.
    pub(crate) fn record_poll(&mut self, row: Option<&Value>, now: Timestamp) {
        self.polled_at = Some(now);
        if self.end.is_some() {
            return;
        }
        let state = row.map_or(EventState::Ended(EventOutcome::Gone), |row| {
            event_status::state_of(row, self.at, now)
        });
        match state {
            EventState::Waiting => self.activity = None,
            EventState::Active(activity) => self.activity = Some(activity),
            EventState::Ended(outcome) => {
                self.seconds = row.map_or(0, |row| event_status::seconds(row, self.at, &outcome));
                self.end = Some(EventEnd { outcome, at: now });
                if row.is_some_and(|row| event_status::conversation(row).is_some()) {
                    self.insights = CallInsights::Awaited(None);
                }
            }
        }
    }

    /// Whether its insights may still say that a voicemail answered, not a person.
    pub(crate) fn may_turn_out_a_voicemail(&self) -> bool {
        let is_answered =
            self.end.as_ref().is_some_and(|end| end.outcome == EventOutcome::Succeeded);
        is_answered && self.next_insights_poll().is_some()
    }

    /// When insights are next asked for; `None` if there is nothing to wait for. The last time is when they are overdue,
    /// however late that is.
    pub(crate) fn next_insights_poll(&self) -> Option<Timestamp> {
        let (CallInsights::Awaited(last), Some(end)) = (&self.insights, &self.end) else {
            return None;
        };
        let Some(last) = *last else { return Some(end.at) };
        let was_last = last.duration_since(end.at) >= INSIGHTS_WITHIN;
        (!was_last).then(|| poll_schedule::later(last, poll_schedule::INSIGHTS))
    }
}
