//! What came of calls and texts, in sentences for the log, the run's result and the agent.

use serde_json::{Value, json};
use state::sanitize;

use super::event_status::EventOutcome;
use super::target::{CallInsights, MissionTarget};
use crate::service::Channel;

/// How many targets are named one by one.
const NAMED: usize = 5;
/// How many targets are listed in the run's result.
const LISTED: usize = 100;
/// How much of what they said stands there, in characters.
const SAID: usize = 240;

/// Call or SMS, at the beginning of a sentence.
pub(super) fn noun_of(target: &MissionTarget) -> &'static str {
    match target.channel {
        Channel::Call => "Call",
        Channel::Sms => "SMS",
    }
}

/// Whether the target was reached, by the service's own fields.
pub(super) fn is_reached(target: &MissionTarget) -> bool {
    target.last().end.as_ref().is_some_and(|end| end.outcome == EventOutcome::Succeeded)
        && target.unconfirmed.is_none()
}

/// Whether it is counted as reached: insights may mention a voicemail.
fn is_counted(target: &MissionTarget) -> bool {
    is_reached(target) && !target.last().maybe_voicemail
}

/// `2 of 3 calls answered`.
pub(super) fn tally(targets: &[&MissionTarget]) -> String {
    let n_counted = targets.iter().filter(|target| is_counted(target)).count();
    let n_maybe = targets.iter().filter(|target| is_reached(target)).count() - n_counted;
    let (one, many, verb) = noun(targets);
    let noun = if targets.len() == 1 { one } else { many };
    let maybe = match n_maybe {
        0 => String::new(),
        n => format!(", {n} perhaps by a voicemail"),
    };
    format!("{n_counted} of {} {noun} {verb}{maybe}", targets.len())
}

fn noun(targets: &[&MissionTarget]) -> (&'static str, &'static str, &'static str) {
    let has = |channel| targets.iter().any(|target| target.channel == channel);
    match (has(Channel::Call), has(Channel::Sms)) {
        (true, false) => ("call", "calls", "answered"),
        (false, true) => ("text", "texts", "delivered"),
        _ => ("call and text", "calls and texts", "got through"),
    }
}

/// Why nobody was reached: `the call to +1…: busy after 4 attempts`.
pub(super) fn why_none_was_reached(targets: &[&MissionTarget]) -> String {
    match targets {
        [] => "nothing was scheduled".to_owned(),
        [one] => format!("the {} to {}", noun(targets).0, end_of(one)),
        _ => {
            let (_, many, verb) = noun(targets);
            let mut named: Vec<String> =
                targets.iter().take(NAMED).map(|one| end_of(one)).collect();
            if targets.len() > NAMED {
                named.push(format!("and {} more", targets.len() - NAMED));
            }
            format!("none of {} {many} {verb}: {}", targets.len(), named.join("; "))
        }
    }
}

/// `+1…: busy after 4 attempts`.
fn end_of(target: &MissionTarget) -> String {
    let outcome = outcome(target);
    let attempts = match target.events.len() + usize::from(target.unconfirmed.is_some()) {
        1 => String::new(),
        n => format!(" after {n} attempts"),
    };
    format!("{}: {outcome}{attempts}", target.to)
}

/// How the last event ended; an unconfirmed retry counts as one whose end was never reported.
pub(super) fn outcome(target: &MissionTarget) -> EventOutcome {
    let end = target.last().end.as_ref().map(|end| end.outcome.clone());
    if target.unconfirmed.is_some() {
        EventOutcome::Stuck
    } else {
        end.unwrap_or(EventOutcome::Stuck)
    }
}

/// What came of the targets, as the JSON of the run's result.
pub(super) fn payload(targets: &[&MissionTarget]) -> Value {
    let one = |target: &&MissionTarget| {
        let mut end = json!({
            "to": target.to,
            "channel": target.channel,
            "event_id": target.last().id,
            "attempts": target.events.len(),
            "outcome": outcome(target).to_string(),
        });
        if target.last().maybe_voicemail {
            end["maybe_voicemail"] = true.into();
        }
        if let Some(name) = &target.outreach.name {
            end["name"] = name.as_str().into();
        }
        if let CallInsights::Got(said) = &target.last().insights {
            end["said"] = sanitize::line_up_to(said, SAID).into();
        }
        if let Some(answer) = target.outreach.answers.last() {
            end["reply"] = sanitize::line_up_to(&answer.text, SAID).into();
        }
        end
    };
    let n_counted = targets.iter().filter(|target| is_counted(target)).count();
    let ends: Vec<Value> = targets.iter().take(LISTED).map(one).collect();
    json!({ "targets": targets.len(), "reached": n_counted, "ends": ends })
}
