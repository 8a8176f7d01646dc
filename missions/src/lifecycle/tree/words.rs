//! What came of calls and texts, in sentences for the log, the run's summary and the agent.

use serde_json::{Value, json};

use super::super::ending::Outcome;
use super::super::target::Target;
use crate::service::Channel;

/// As many are named one by one.
const NAMED: usize = 5;
/// As many are listed for programs.
const LISTED: usize = 100;

/// What a target is, at the beginning of a sentence.
pub(super) fn noun_of(target: &Target) -> &'static str {
    match target.channel {
        Channel::Call => "Call",
        Channel::Sms => "SMS",
    }
}

/// Whether somebody was reached, by the service's own fields.
pub(super) fn is_reached(target: &Target) -> bool {
    target.last().end.as_ref().is_some_and(|end| end.outcome == Outcome::Succeeded)
        && target.in_doubt().is_none()
}

/// Whether it is counted as reached: what is said of the call may speak of a voicemail.
fn counts(target: &Target) -> bool {
    is_reached(target) && !target.last().maybe_voicemail
}

/// `2 of 3 calls answered`.
pub(super) fn tally(targets: &[&Target]) -> String {
    let n_counted = targets.iter().filter(|target| counts(target)).count();
    let n_maybe = targets.iter().filter(|target| is_reached(target)).count() - n_counted;
    let (one, many, verb) = noun(targets);
    let noun = if targets.len() == 1 { one } else { many };
    let maybe = match n_maybe {
        0 => String::new(),
        n => format!(", {n} perhaps by a voicemail"),
    };
    format!("{n_counted} of {} {noun} {verb}{maybe}", targets.len())
}

fn noun(targets: &[&Target]) -> (&'static str, &'static str, &'static str) {
    let has = |channel| targets.iter().any(|target| target.channel == channel);
    match (has(Channel::Call), has(Channel::Sms)) {
        (true, false) => ("call", "calls", "answered"),
        (false, true) => ("text", "texts", "delivered"),
        _ => ("call and text", "calls and texts", "got through"),
    }
}

/// Why nobody was reached: `the call to +1…: busy after 4 attempts`.
pub(super) fn why(targets: &[&Target]) -> String {
    match targets {
        [] => "nothing was scheduled".to_owned(),
        [one] => format!("the {} to {}", noun(targets).0, one_end(one)),
        _ => {
            let (_, many, verb) = noun(targets);
            let mut named: Vec<String> =
                targets.iter().take(NAMED).map(|one| one_end(one)).collect();
            if targets.len() > NAMED {
                named.push(format!("and {} more", targets.len() - NAMED));
            }
            format!("none of {} {many} {verb}: {}", targets.len(), named.join("; "))
        }
    }
}

/// `+1…: busy after 4 attempts`.
fn one_end(target: &Target) -> String {
    let outcome = outcome(target);
    let attempts = match target.attempts.len() + usize::from(target.in_doubt().is_some()) {
        1 => String::new(),
        n => format!(" after {n} attempts"),
    };
    format!("{}: {}{attempts}", target.to, outcome.words())
}

/// How the last attempt ended; one that may have been carried out counts as never reported.
pub(super) fn outcome(target: &Target) -> Outcome {
    let end = target.last().end.as_ref().map(|end| end.outcome.clone());
    if target.in_doubt().is_some() { Outcome::Stuck } else { end.unwrap_or(Outcome::Stuck) }
}

/// The same for programs.
pub(super) fn payload(targets: &[&Target]) -> Value {
    let one = |target: &&Target| {
        let mut end = json!({
            "to": target.to,
            "channel": target.channel,
            "event_id": target.last().event,
            "attempts": target.attempts.len(),
            "outcome": outcome(target).words(),
        });
        if target.last().maybe_voicemail {
            end["maybe_voicemail"] = true.into();
        }
        end
    };
    let n_counted = targets.iter().filter(|target| counts(target)).count();
    let ends: Vec<Value> = targets.iter().take(LISTED).map(one).collect();
    json!({ "targets": targets.len(), "reached": n_counted, "ends": ends })
}
