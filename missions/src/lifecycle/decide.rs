//! The decision tree: what should happen to a mission now. Its branches are listed in [`lifecycle`](super).

use jiff::SignedDuration;
use serde_json::json;

use super::action::{Action, Directive, MissionDecision};
use super::applied::AppliedEffects;
use super::decision_tree::{DecisionTree, TargetState};
use super::end::{MissionEnd, RunEnd};
use super::event_status::EventOutcome;
use super::facts::{MissionFacts, RunState, StepStatus};
use super::poll_schedule::later;
use super::target::{CallInsights, MissionTarget};
use super::{finish, planned, replies, steps, summary};

/// How long nothing is done for a run that is paused.
const WHILE_PAUSED: SignedDuration = SignedDuration::from_mins(5);

/// What should happen to a mission now.
pub(crate) fn decide(applied: &AppliedEffects, facts: MissionFacts) -> Directive {
    let mut tree = DecisionTree::new(applied, facts);
    log_replies(&mut tree);
    if let Some(end) = &applied.ending {
        return finish::finish(tree, end);
    }
    let end = |status, step, summary, by_hand| {
        let at = facts.now;
        MissionEnd { status, step, summary, at, by_hand }
    };
    if let RunState::Ended(status) = facts.run {
        let end = end(status, None, "ended at the service".to_owned(), true);
        return finish::end_mission(tree, &end);
    }
    steps::set_verify_step(&mut tree);
    log_ends(&mut tree);
    unschedule_unwanted(&mut tree);
    steps::record_ended(&mut tree);
    planned::begin(&mut tree);
    steps::end_steps(&mut tree);
    if let Some((step, reason)) = failed_step(&tree) {
        let end = end(RunEnd::Failed, Some(step.clone()), reason.clone(), false);
        let directive = finish::end_mission(tree, &end);
        return Directive { decision: MissionDecision::Fail { step, reason }, ..directive };
    }
    if is_complete(&tree) && tree.next_insights_poll().is_none() {
        let summary = summary_of(&tree);
        let end = end(RunEnd::Succeeded, None, summary.clone(), false);
        let directive = finish::end_mission(tree, &end);
        return Directive { decision: MissionDecision::Complete { summary }, ..directive };
    }
    retry_targets(&mut tree);
    replies::notify(&mut tree);
    steps::notify_ends(&mut tree);
    Directive { decision: decision(&tree), effects: tree.effects }
}

/// The end of every call and text is logged once, and so are the insights of its conversation.
fn log_ends(tree: &mut DecisionTree) {
    for target in tree.facts.targets {
        let log = |summary, payload| Action::Log {
            kind: "custom",
            summary,
            step: target.step.clone(),
            payload,
        };
        for event in &target.events {
            let Some(end) = &event.end else { continue };
            let noun = summary::noun_of(target);
            let what = format!("{noun} to {}: {}", target.to, end.outcome);
            let payload = json!({ "event_id": event.id, "outcome": end.outcome.to_string() });
            tree.add(&format!("end/{}/log", event.id), log(what, payload));
            if let CallInsights::Got(insights) = &event.insights {
                let payload = json!({ "event_id": event.id });
                let what = format!("Insights of the call to {}: {insights}", target.to);
                tree.add(&format!("insights/{}/log", event.id), log(what, payload));
            }
        }
    }
}

/// A word that opts out of texts and may be meant as the answer to one is logged as the reply that it is.
fn log_replies(tree: &mut DecisionTree) {
    for target in tree.facts.targets {
        let Some(reply) = &target.reply else { continue };
        let log = Action::Log {
            kind: "message",
            summary: format!("Reply of {}: {}", target.to, reply.word),
            step: target.step.clone(),
            payload: json!({ "event_id": target.last().id, "text": reply.word, "opted_out": "texts" }),
        };
        tree.add(&reply.log_key(&target.id), log);
    }
}

/// Deletes what is still scheduled although the do-not-call list forbids it by now, or although its time is long past.
fn unschedule_unwanted(tree: &mut DecisionTree) {
    for target in tree.facts.targets {
        let last = target.last();
        let is_overdue = summary::outcome(target) == EventOutcome::Stuck
            && last.end.is_some()
            && last.activity.is_none();
        if target.is_forbidden_and_scheduled() || is_overdue {
            tree.unschedule(target);
        }
    }
}

fn retry_targets(tree: &mut DecisionTree) {
    for (target, state) in tree.facts.targets.iter().zip(tree.target_states.clone()) {
        if let TargetState::RetryAt(at) = state {
            let (target, attempt) = (target.id.clone(), target.events.len());
            let key = format!("retry/{target}/{attempt}");
            tree.add(&key, Action::Retry { target, attempt, at });
        }
    }
}

/// The first step that failed and of which no target can be reached any more, with the reason.
fn failed_step(tree: &DecisionTree) -> Option<(String, String)> {
    let mut steps = tree.facts.steps.iter().zip(&tree.statuses);
    let (step, _) = steps.find(|(step, status)| {
        let is_its_own = |target: &MissionTarget| target.step.as_ref() == Some(&step.id);
        **status == StepStatus::Failed && tree.are_over(is_its_own)
    })?;
    let now = tree.ended_steps.iter().find(|(ended, _)| ended.id == step.id).map(|(_, end)| end);
    let end = now.or_else(|| tree.applied.steps.get(&step.id)).filter(|end| !end.completed);
    let by_hand = || format!("the step `{}` was marked as failed", step.id);
    Some((step.id.clone(), end.map_or_else(by_hand, |end| end.summary.clone())))
}

fn is_complete(tree: &DecisionTree) -> bool {
    let are_done = tree.statuses.iter().all(|status| status.is_over());
    !tree.statuses.is_empty() && are_done && tree.are_all_over()
}

fn decision(tree: &DecisionTree) -> MissionDecision {
    let mut states = tree.facts.targets.iter().zip(&tree.target_states);
    let retry = states.find_map(|(target, state)| match state {
        TargetState::RetryAt(at) => {
            Some(MissionDecision::Retry { target: target.id.clone(), at: *at })
        }
        _ => None,
    });
    if let Some(retry) = retry {
        return retry;
    }
    let now = tree.facts.now;
    if !tree.are_all_over() || is_complete(tree) {
        let planned = tree.facts.outreach.map_or(&[][..], |outreach| &outreach.planned);
        let unconfirmed = planned.iter().filter_map(|one| one.unconfirmed?.next_poll(now));
        let polls = tree.facts.targets.iter().filter_map(|target| target.next_poll(now));
        let next_poll = polls.chain(unconfirmed).min();
        return MissionDecision::Wait {
            until: next_poll.unwrap_or_else(|| later(now, WHILE_PAUSED)),
        };
    }
    let mut steps = tree.facts.steps.iter().zip(&tree.statuses);
    let next = steps.find(|(_, status)| !status.is_over());
    MissionDecision::Continue {
        step: next.map(|(step, _)| step.id.clone()),
        started: next.is_some_and(|(_, status)| *status == StepStatus::InProgress),
        work: next.map(|(step, _)| step.description.clone()),
        has_events: !tree.facts.targets.is_empty(),
    }
}

/// What came of a mission all steps of which are done.
fn summary_of(tree: &DecisionTree) -> String {
    let n = tree.statuses.len();
    let n_skipped = tree.statuses.iter().filter(|one| **one == StepStatus::Skipped).count();
    let steps = match (n, n_skipped) {
        (1, 0) => "the only step is completed".to_owned(),
        (n, 0) => format!("all {n} steps are completed"),
        (n, skipped) => {
            format!("{} of {n} steps are completed, {skipped} skipped", n - skipped)
        }
    };
    let targets = tree.targets();
    if targets.is_empty() { steps } else { format!("{steps}; {}", summary::tally(&targets)) }
}
