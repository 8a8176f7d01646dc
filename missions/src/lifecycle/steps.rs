//! The end of a plan step, and everything that follows from it: the step's status at the service, an entry in the log, a
//! value in the memory, a message to the agent.

use serde_json::json;

use super::action::{Action, Effect};
use super::decision_tree::DecisionTree;
use super::end::StepEnd;
use super::facts::{PlanStep, StepStatus};
use super::target::MissionTarget;
use super::{replies, summary};

/// Stores which step ends with the last event, before anything is done that would make it less clear.
pub(super) fn set_verify_step(tree: &mut DecisionTree) {
    if let (Some(step), None) = (tree.verify_step, &tree.applied.verify_step) {
        tree.add("verify", Action::SetVerifyStep(step.to_owned()));
    }
}

/// Finishes recording the steps that an earlier pass ended.
pub(super) fn record_ended(tree: &mut DecisionTree) {
    for step in tree.facts.steps {
        if let Some(end) = tree.applied.steps.get(&step.id) {
            record(tree, step, end);
        }
    }
}

/// Ends each step with events all of whose targets are over: completed if one was reached, failed if none was.
pub(super) fn end_steps(tree: &mut DecisionTree) {
    for step in tree.facts.steps {
        let targets = tree.targets_of(&step.id);
        let is_its_own = |target: &MissionTarget| target.step.as_ref() == Some(&step.id);
        let ends_later = tree.verify_step == Some(&*step.id);
        let is_of_outreach = tree.facts.outreach.is_some_and(|outreach| outreach.step == step.id);
        let is_whole = !is_of_outreach || !tree.has_planned();
        let has_targets = is_of_outreach || !targets.is_empty();
        if has_targets && is_whole && !ends_later && tree.are_over(is_its_own) {
            end_step(tree, step, &targets);
        }
    }
    let verify = tree.verify_step.and_then(|id| tree.position(id)).map(|at| &tree.facts.steps[at]);
    let targets = tree.targets();
    if let Some(step) = verify
        && !targets.is_empty()
        && !tree.statuses.contains(&StepStatus::Failed)
        && tree.are_all_over()
    {
        end_step(tree, step, &targets);
    }
}

fn end_step<'a>(tree: &mut DecisionTree<'a>, step: &'a PlanStep, targets: &[&MissionTarget]) {
    let at = tree.position(&step.id).expect("the step was found in the plan");
    if tree.statuses[at].is_over() {
        return;
    }
    let completed = targets.iter().any(|target| summary::is_reached(target));
    let summary =
        if completed { summary::tally(targets) } else { summary::why_none_was_reached(targets) };
    tree.statuses[at] = if completed { StepStatus::Completed } else { StepStatus::Failed };
    let end = StepEnd { completed, summary };
    // Before anything is said of it: everything that follows rests on what is stored, not on what the next poll may show.
    tree.effects.push(Effect {
        key: format!("step/{}", step.id),
        action: Action::EndStep(step.id.clone(), end.clone()),
    });
    record(tree, step, &end);
    tree.ended_steps.push((step, end));
}

/// What is done for a step that ended: its status, the log, the memory.
fn record(tree: &mut DecisionTree, step: &PlanStep, end: &StepEnd) {
    let id = &step.id;
    let word = if end.completed { "completed" } else { "failed" };
    if !step.status.is_over() {
        tree.add(&format!("step/{id}/update"), Action::UpdateStep(id.clone(), word));
    }
    let Some(summary) = summary_of(tree, id, end) else { return };
    let (kind, text) = if end.completed {
        ("step_completed", format!("Completed: {} ({summary})", step.description))
    } else {
        ("error", format!("Failed: {summary}"))
    };
    let payload = json!({ "step_id": id, "status": word });
    let log = Action::Log { kind, summary: text, step: Some(id.clone()), payload };
    tree.add(&format!("step/{id}/log"), log);
    let (key, memory) = if end.completed {
        (format!("step_{id}"), json!({ "status": word, "summary": summary }))
    } else {
        (format!("error_{id}"), json!({ "error": summary, "recoverable": false }))
    };
    tree.add(&format!("step/{id}/memory"), Action::SaveMemory(key, memory));
}

/// What came of a step in a few words; `None` as long as insights may still show that a call reached a voicemail only.
fn summary_of(tree: &DecisionTree, id: &str, end: &StepEnd) -> Option<String> {
    let targets = tree.targets_that_end(id);
    if !end.completed || targets.is_empty() {
        return Some(end.summary.clone());
    }
    let is_open = targets.iter().any(|target| target.last().may_turn_out_a_voicemail());
    (!is_open || tree.applied.ending.is_some()).then(|| summary::tally(&targets))
}

/// Notifies the agent of the end of each step, once the insights of its calls are there or will never be.
pub(super) fn notify_ends(tree: &mut DecisionTree) {
    let before = tree.applied.steps.iter().map(|(id, end)| (id.clone(), end.clone()));
    let now = tree.ended_steps.iter().map(|(step, end)| (step.id.clone(), end.clone()));
    for (id, end) in before.chain(now).collect::<Vec<_>>() {
        let targets = tree.targets_that_end(&id);
        let mut events = targets.into_iter().flat_map(|target| &target.events);
        if events.all(|event| event.next_insights_poll().is_none())
            && let Some(summary) = summary_of(tree, &id, &end)
        {
            let rows = replies::at_end(tree);
            let text = format!("The step `{id}` is completed: {summary}.{rows}");
            tree.add(&format!("step/{id}/tell"), Action::NotifyAgent(text));
        }
    }
    let n_events: usize = tree.facts.targets.iter().map(|target| target.events.len()).sum();
    let is_quiet = tree.are_all_over() && tree.next_insights_poll().is_none();
    if tree.facts.steps.is_empty() && n_events > 0 && is_quiet {
        let text = format!(
            "Everything that was scheduled has ended ({}), and the mission has no plan.",
            summary::tally(&tree.targets())
        );
        tree.add(&format!("events/{n_events}/tell"), Action::NotifyAgent(text));
    }
}
