//! An outreach as the lifecycle sees it, and the answers to its texts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::SignedDuration;
use state::clock::Moment;
use state::do_not_call::DoNotCallList;
use state::phone::Phone;
use state::sanitize;

use super::Engine;
use crate::lifecycle::{
    Answer, AppliedEffects, DropReason, DroppedTarget, MissionTarget, OutreachFacts,
    OutreachTargetFacts, PlannedTarget,
};
use crate::scheduling::{RetryOf, first_key};
use crate::service::messages::{self, IncomingText};
use crate::store::outreach::{self, Outreach, OutreachTarget, STEP};
use crate::store::{Mission, progress};

/// As many answers of a target are kept, and of each so many characters.
const MOST_ANSWERS: usize = 20;
const LONGEST_ANSWER: usize = 1_000;

/// An answer may carry an earlier time than our text, by another clock.
const EARLY: SignedDuration = SignedDuration::from_mins(1);

/// What an outreach rests on besides what is stored in its mission.
pub(super) struct OutreachInputs<'a> {
    pub(super) intent_lines: &'a BTreeSet<String>,
    pub(super) do_not_call: &'a DoNotCallList,
    pub(super) read_at: Moment,
    pub(super) applied: &'a AppliedEffects,
    /// How many calls or texts were withdrawn, by the number.
    pub(super) withdrawn: &'a HashMap<String, usize>,
}

/// Reads what is planned, and completes the targets that were begun by what the list says of them. `None` if the mission is
/// no outreach. Fails (exit 2) if it cannot be read.
pub(super) fn read(
    mission: &Mission,
    inputs: &OutreachInputs,
    targets: &mut [MissionTarget],
) -> anyhow::Result<Option<OutreachFacts>> {
    let Some(outreach) = outreach::get(mission)? else { return Ok(None) };
    let mut begun: HashMap<String, &mut MissionTarget> =
        targets.iter_mut().map(|target| (target.to.clone(), target)).collect();
    let (mut planned, mut dropped) = (Vec::new(), Vec::new());
    for target in &outreach.targets {
        let to: Phone = target.to.parse()?;
        let entry = inputs.do_not_call.get(&to);
        let opted_out = entry.is_some_and(state::do_not_call::DoNotCallEntry::is_opt_out);
        if let Some(begun) = begun.get_mut(&target.to) {
            begun.outreach = facts_of(&outreach, target, opted_out);
        } else if let Some(why) = target.dropped {
            dropped.push(DroppedTarget { to: target.to.clone(), name: target.name.clone(), why });
        } else {
            let forbids = inputs.do_not_call.forbids(&to, outreach.channel.reach());
            let why = if opted_out { DropReason::OptedOut } else { DropReason::DoNotCall };
            planned.push(plan_of(mission, inputs, target, forbids.then_some(why)));
        }
    }
    Ok(Some(OutreachFacts {
        pacing: outreach.pacing,
        step: STEP.to_owned(),
        until: outreach.until,
        max_attempts: outreach.max_attempts,
        max_minutes: outreach.max_minutes,
        answers_within: outreach.answers_within(),
        assistant: mission
            .text("assistant_id")
            .filter(|_| !outreach.keeps_assistant)
            .map(str::to_owned),
        is_paused: outreach.paused,
        planned,
        dropped,
    }))
}

fn facts_of(outreach: &Outreach, target: &OutreachTarget, opted_out: bool) -> OutreachTargetFacts {
    OutreachTargetFacts {
        name: target.name.clone(),
        text: target.text.clone(),
        opted_out,
        one_message: true,
        answers_within: outreach.answers_within(),
        answers_polled_at: outreach.answers_polled_at,
        answers: target.answers.clone(),
    }
}

fn plan_of(
    mission: &Mission,
    inputs: &OutreachInputs,
    target: &OutreachTarget,
    forbidden: Option<DropReason>,
) -> PlannedTarget {
    let mission_id = mission.mission_id().unwrap_or_default();
    let withdrawn = inputs.withdrawn.get(&target.to).copied().unwrap_or_default();
    let line = RetryOf::first(mission_id, &target.to, withdrawn).line();
    let has_intent = inputs.intent_lines.contains(&line);
    let key = first_key(mission_id, &target.to);
    PlannedTarget {
        to: target.to.clone(),
        name: target.name.clone(),
        at: target.at,
        window: target.window.clone(),
        is_approved: target.approved,
        forbidden,
        unconfirmed: inputs.applied.unconfirmed(&key, 0, has_intent, inputs.read_at),
    }
}

/// Reads the service's list of messages for answers, if that is due, and stores them.
pub(super) fn poll_answers(
    engine: &Engine,
    slug: &str,
    targets: &[MissionTarget],
) -> anyhow::Result<()> {
    let now = engine.now();
    let is_due = |target: &MissionTarget| target.next_answer_poll(now).is_some_and(|at| at <= now);
    if !targets.iter().any(is_due) {
        return Ok(());
    }
    read_answers(engine, slug, targets)
}

/// The same whether it is due or not.
pub(crate) fn read_answers(
    engine: &Engine,
    slug: &str,
    targets: &[MissionTarget],
) -> anyhow::Result<()> {
    engine.read_opt_outs()?;
    let mut since: BTreeMap<&str, jiff::Timestamp> = BTreeMap::new();
    for target in targets {
        let first = target.events.iter().map(|event| event.at).min();
        let first = first.and_then(|at| at.checked_sub(EARLY).ok());
        first.map(|first| since.insert(&target.to, first));
    }
    let Some(earliest) = since.values().min().copied() else { return Ok(()) };
    let texts = messages::incoming_since(&engine.api, earliest)?;
    let is_answer =
        |text: &&IncomingText| since.get(text.from.as_str()).is_some_and(|since| text.at >= *since);
    let mut answers: Vec<&IncomingText> = texts.iter().filter(is_answer).collect();
    answers.sort_by_key(|text| text.at);
    let now = engine.now();
    engine.context.store.change_mission(slug, |mission| {
        outreach::change(mission, |outreach| {
            outreach.answers_polled_at = Some(now);
            for text in &answers {
                let Some(target) = outreach.target_mut(text.from.as_str()) else { continue };
                let is_known = target.answers.iter().any(|answer| answer.id == text.id);
                if is_known || target.answers.len() >= MOST_ANSWERS {
                    continue;
                }
                let said = sanitize::line_up_to(&text.body, LONGEST_ANSWER);
                target.answers.push(Answer { id: text.id.clone(), at: text.at, text: said });
            }
        })?;
        progress::set_tick_due(mission, Some(now));
        Ok(())
    })
}
