//! The end of a mission, and everything that follows from it: what is scheduled is deleted, the run gets its status and
//! result, the memory its `result`, the agent is notified, and at last the cron line is removed.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::action::{Action, Directive, Effect, MissionDecision};
use super::applied::REMOVE_CRON;
use super::decision_tree::DecisionTree;
use super::end::{MissionEnd, RunEnd};
use super::facts::RunState;
use super::target::MissionTarget;
use super::{replies, steps, summary};

/// How long it is tried to notify the agent. After that the cron line is removed even if the gateway never came up.
const NOTIFY_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// Ends the mission: its end is stored first, since everything else follows from that.
pub(super) fn end_mission(mut tree: DecisionTree, end: &MissionEnd) -> Directive {
    tree.effects
        .push(Effect { key: "mission/end".to_owned(), action: Action::EndMission(end.clone()) });
    wrap_up(tree, end)
}

/// What is left to be done for a mission that has ended.
pub(super) fn finish(mut tree: DecisionTree, end: &MissionEnd) -> Directive {
    steps::record_ended(&mut tree);
    wrap_up(tree, end)
}

fn wrap_up(mut tree: DecisionTree, end: &MissionEnd) -> Directive {
    let leaves_scheduled = tree.applied.leaves_scheduled();
    for target in tree.facts.targets {
        if target.last().is_scheduled() && !leaves_scheduled {
            tree.unschedule(target);
        }
    }
    let targets = tree.targets();
    if !matches!(tree.facts.run, RunState::Ended(_)) {
        let payload = if targets.is_empty() { Value::Null } else { summary::payload(&targets) };
        let (status, summary) = (end.status, end.summary.clone());
        tree.add("mission/run", Action::UpdateRun { status, summary, payload });
    }
    tree.add("mission/result", Action::SaveMemory("result".to_owned(), result(end)));
    tree.add("mission/archive", Action::Archive(end.status));
    let since_end = tree.facts.now.duration_since(end.at);
    if !end.by_hand && since_end < NOTIFY_WITHIN {
        let (word, summary) = (end.status.word(), &end.summary);
        let text = match &end.step {
            Some(step) => format!("The mission has {word}: step `{step}`: {summary}."),
            None => format!("The mission has {word}: {summary}."),
        };
        let text = text + &replies::at_end(&tree);
        tree.add("mission/tell", Action::NotifyAgent(text));
    }
    // An unconfirmed retry may exist at the service: ticks go on until it is found, and deleted, or is lost.
    let now = tree.facts.now;
    let is_searched_for = |target: &&MissionTarget| {
        target.unconfirmed.is_some_and(|retry| retry.next_poll(now).is_some())
    };
    let planned = tree.facts.outreach.map_or(&[][..], |outreach| &outreach.planned);
    let may_begin = planned.iter().any(|target| {
        target.unconfirmed.is_some_and(|unconfirmed| unconfirmed.next_poll(now).is_some())
    });
    if leaves_scheduled || !(may_begin || targets.iter().any(is_searched_for)) {
        let is_going_on = targets.iter().any(|target| target.last().end.is_none());
        if let Some(assistant) = tree.facts.outreach.and_then(|outreach| outreach.assistant.clone())
            && !is_going_on
        {
            tree.add("mission/assistant", Action::DeleteAssistant(assistant));
        }
        tree.add(REMOVE_CRON, Action::RemoveCron);
    }
    Directive { decision: MissionDecision::Over(end.status), effects: tree.effects }
}

/// The value of the memory `result`.
fn result(end: &MissionEnd) -> Value {
    let word = end.status.word();
    match (end.status, &end.step) {
        (RunEnd::Succeeded, _) => json!({ "status": word, "summary": end.summary }),
        (_, Some(step)) => {
            json!({ "status": word, "reason": end.summary, "failed_step": step })
        }
        (_, None) => json!({ "status": word, "reason": end.summary }),
    }
}
