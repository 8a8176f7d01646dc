//! What came of each target, as the agent and the owner read it: one row for each, in their words, without ids.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use state::sanitize;

use super::applied::AppliedEffects;
use super::decision_tree::{DecisionTree, TargetState};
use super::event_status::EventOutcome;
use super::facts::MissionFacts;
use super::target::{CallInsights, MissionTarget};
use super::why_dropped::DropReason;
use crate::service::Channel;

/// How much of a stranger's words stands in a row, in characters.
const SHORT: usize = 240;

/// What came of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TargetOutcome {
    /// A call that a person took.
    Answered,
    /// A text that was answered.
    Replied,
    /// A text that reached them, and asked nothing.
    Delivered,
    /// A text that reached them, asked something, and was not answered.
    Silent,
    /// A machine took the call, by a field that says so.
    Voicemail,
    /// The line was busy.
    Busy,
    /// Nobody picked up.
    NoAnswer,
    /// They declined the call.
    Rejected,
    /// The call could not be carried.
    Failed,
    /// The text could not be delivered.
    Undelivered,
    /// They opted out.
    OptedOut,
    /// It was called off, or never begun.
    Canceled,
    /// They may have been reached.
    Unknown,
    /// An answer to a text is waited for.
    Waiting,
    /// Something goes on, or is to be tried again.
    Trying,
    /// Nothing was tried yet.
    Planned,
}

impl TargetOutcome {
    /// The word for it on stdout.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Replied => "replied",
            Self::Delivered => "delivered",
            Self::Silent => "silent",
            Self::Voicemail => "voicemail",
            Self::Busy => "busy",
            Self::NoAnswer => "no answer",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Undelivered => "undelivered",
            Self::OptedOut => "opted out",
            Self::Canceled => "canceled",
            Self::Unknown => "unknown",
            Self::Waiting => "waiting",
            Self::Trying => "trying",
            Self::Planned => "planned",
        }
    }

    /// Whether nothing more comes of it.
    pub(crate) fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Trying | Self::Planned)
    }
}

impl fmt::Display for TargetOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What came of one target.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TargetRow {
    /// The number, in E.164.
    pub(crate) to: String,
    /// What the list calls them.
    pub(crate) name: Option<String>,
    /// What came of it.
    pub(crate) outcome: TargetOutcome,
    /// How often they were called or texted.
    pub(crate) tries: usize,
    /// When that was last, or is to be next.
    pub(crate) at: Option<Timestamp>,
    /// What the service concluded from the conversation: a stranger's words, in part.
    pub(crate) said: Option<String>,
    /// Their newest text: a stranger's words.
    pub(crate) reply: Option<String>,
    /// What we wrote to them.
    pub(crate) text: Option<String>,
    /// Why they were neither called nor texted.
    pub(crate) why: Option<DropReason>,
    /// Whether the insights mention a voicemail.
    pub(crate) maybe_voicemail: bool,
    /// How long it was talked, in seconds; rather too much than too little.
    pub(crate) seconds: u32,
}

impl TargetRow {
    /// The row as JSON; what it does not have is left out. `whole`: strangers' words are not cut.
    pub(crate) fn json(&self, whole: bool) -> Value {
        let cut = |text: &String| {
            if whole { text.clone() } else { sanitize::line_up_to(text, SHORT) }
        };
        let mut row = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            value.map(|value| row.insert(key.to_owned(), value));
        };
        put("to", Some(self.to.as_str().into()));
        put("name", self.name.as_deref().map(Value::from));
        put("outcome", Some(self.outcome.word().into()));
        put("tries", Some(self.tries.into()));
        put("at", self.at.map(|at| format!("{at:.0}").into()));
        put("said", self.said.as_ref().map(|text| cut(text).into()));
        put("reply", self.reply.as_ref().map(|text| cut(text).into()));
        put("why", self.why.map(|why| why.describe().into()));
        put("maybe_voicemail", self.maybe_voicemail.then(|| true.into()));
        row.into()
    }
}

/// A row for each target of a mission: those that were begun, then the others.
pub(crate) fn rows(applied: &AppliedEffects, facts: MissionFacts) -> Vec<TargetRow> {
    rows_of(&DecisionTree::new(applied, facts))
}

/// The same in the course of a decision.
pub(super) fn rows_of(tree: &DecisionTree) -> Vec<TargetRow> {
    let begun = tree.facts.targets.iter().zip(&tree.target_states);
    let begun = begun.map(|(target, state)| row(tree, target, state));
    let (now, is_over) = (tree.facts.now, !tree.is_reaching());
    let outreach = tree.facts.outreach;
    let planned = outreach.into_iter().flat_map(|outreach| &outreach.planned).map(|target| {
        let (outcome, at) = match target.unconfirmed {
            Some(one) if one.is_lost(now) || is_over => (TargetOutcome::Unknown, Some(one.at)),
            Some(one) => (TargetOutcome::Trying, Some(one.at)),
            None if is_over => (TargetOutcome::Canceled, None),
            None => (TargetOutcome::Planned, Some(target.at)),
        };
        let tries = usize::from(target.unconfirmed.is_some());
        let why = target.forbidden;
        TargetRow { tries, at, why, ..blank(&target.to, target.name.as_ref(), outcome) }
    });
    let dropped = outreach.into_iter().flat_map(|outreach| &outreach.dropped).map(|target| {
        let is_opt_out = target.why == DropReason::OptedOut;
        let outcome = if is_opt_out { TargetOutcome::OptedOut } else { TargetOutcome::Canceled };
        let why = Some(target.why).filter(|_| !is_opt_out);
        TargetRow { why, ..blank(&target.to, target.name.as_ref(), outcome) }
    });
    begun.chain(planned).chain(dropped).collect()
}

fn blank(to: &str, name: Option<&String>, outcome: TargetOutcome) -> TargetRow {
    TargetRow {
        to: to.to_owned(),
        name: name.cloned(),
        outcome,
        tries: 0,
        at: None,
        said: None,
        reply: None,
        text: None,
        why: None,
        maybe_voicemail: false,
        seconds: 0,
    }
}

fn row(tree: &DecisionTree, target: &MissionTarget, state: &TargetState) -> TargetRow {
    let facts = &target.outreach;
    let said = target.events.iter().rev().find_map(|event| match &event.insights {
        CallInsights::Got(text) if !text.trim().is_empty() => Some(text.clone()),
        _ => None,
    });
    let next = if let TargetState::RetryAt(at) = state { Some(*at) } else { None };
    TargetRow {
        tries: target.events.len() + usize::from(target.unconfirmed.is_some()),
        at: Some(next.unwrap_or(target.last().at)),
        said,
        reply: facts.answers.last().map(|answer| answer.text.clone()),
        text: facts.text.clone(),
        maybe_voicemail: target.last().maybe_voicemail,
        seconds: target.events.iter().map(|event| event.seconds).sum(),
        ..blank(&target.to, facts.name.as_ref(), outcome(tree, target, state))
    }
}

fn outcome(tree: &DecisionTree, target: &MissionTarget, state: &TargetState) -> TargetOutcome {
    let has_ended = tree.applied.ending.is_some();
    if let Some(unconfirmed) = target.unconfirmed {
        let is_lost = has_ended || unconfirmed.is_lost(tree.facts.now);
        return if is_lost { TargetOutcome::Unknown } else { TargetOutcome::Trying };
    }
    let Some(end) = &target.last().end else { return TargetOutcome::Trying };
    let is_call = target.channel == Channel::Call;
    let is_reached = end.outcome == EventOutcome::Succeeded;
    if target.outreach.opted_out && !(is_call && is_reached) {
        return TargetOutcome::OptedOut;
    }
    if !has_ended && matches!(state, TargetState::RetryAt(_) | TargetState::Paused) {
        return TargetOutcome::Trying;
    }
    match &end.outcome {
        EventOutcome::Succeeded if is_call => {
            if target.last().next_insights_poll().is_some() && !has_ended {
                TargetOutcome::Trying
            } else if target.last().maybe_voicemail {
                TargetOutcome::Unknown
            } else {
                TargetOutcome::Answered
            }
        }
        EventOutcome::Succeeded if !target.outreach.answers.is_empty() => TargetOutcome::Replied,
        EventOutcome::Succeeded if target.outreach.answers_within.is_none() => {
            TargetOutcome::Delivered
        }
        EventOutcome::Succeeded => {
            let waits = target.awaits_answer_until(tree.facts.now).is_some() && !has_ended;
            if waits { TargetOutcome::Waiting } else { TargetOutcome::Silent }
        }
        EventOutcome::NoAnswer => TargetOutcome::NoAnswer,
        EventOutcome::Busy => TargetOutcome::Busy,
        EventOutcome::Rejected => TargetOutcome::Rejected,
        EventOutcome::Canceled | EventOutcome::Gone => TargetOutcome::Canceled,
        EventOutcome::Failed(_) if is_call => TargetOutcome::Failed,
        EventOutcome::Failed(_) => TargetOutcome::Undelivered,
        EventOutcome::Voicemail => TargetOutcome::Voicemail,
        EventOutcome::OptedOut => TargetOutcome::OptedOut,
        EventOutcome::Stuck | EventOutcome::Unknown(_) => TargetOutcome::Unknown,
    }
}
