//! A mission as the lifecycle sees it: the one place where the records of the state file become targets and events.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use state::clock::Moment;
use state::do_not_call::{self, DoNotCallEntry, DoNotCallList};
use state::phone::Phone;
use state::texted_numbers::{LastText, asks};

use super::outreach::{self, OutreachInputs};
use crate::context::CommandContext;
use crate::lifecycle::{
    AppliedEffects, Directive, MissionFacts, MissionTarget, OptOutReply, OutreachFacts,
    OutreachTargetFacts, PlanStep, RunState, decide,
};
use crate::scheduling::{self, RetryOf, TOOL};
use crate::store::{Mission, ScheduledEvent, event, progress};

/// What is stored outside the state file and matters to every mission.
#[derive(Debug)]
pub(crate) struct GlobalInputs {
    /// The names of the intents that were carried out, or may have been.
    intent_lines: BTreeSet<String>,
    /// The numbers that must not be called or texted.
    do_not_call: do_not_call::DoNotCallList,
    /// When this was read.
    read_at: Moment,
}

/// A mission as it is stored at one moment.
#[derive(Debug)]
pub(crate) struct MissionSnapshot {
    /// The effects that were applied to it.
    pub(crate) applied: AppliedEffects,
    /// Who is to be reached, in the order of scheduling.
    pub(crate) targets: Vec<MissionTarget>,
    /// The step that was named at scheduling as the one that ends with the last event.
    pub(crate) verify_step: Option<String>,
    /// The events of recipients who opted out.
    pub(crate) opted_out: HashSet<String>,
    /// What is planned, if it is an outreach.
    pub(crate) outreach: Option<OutreachFacts>,
}

impl GlobalInputs {
    /// Reads them. Fails if a file is broken: then nobody may be called.
    pub(crate) fn read(context: &CommandContext) -> anyhow::Result<Self> {
        let read_at = context.moment();
        // A deferred request was not carried out: it is sent again.
        let intents = context.intents().of_tool(TOOL)?.into_iter().filter(|one| !one.deferred);
        let intent_lines = intents.map(|intent| intent.line).collect();
        let do_not_call = do_not_call::load(context.config.skill_dir())?;
        Ok(Self { intent_lines, do_not_call, read_at })
    }
}

impl GlobalInputs {
    /// Whether somebody opted out of texts in the last two days by a word that may be an answer.
    pub(crate) fn has_recent_reply(&self, now: Timestamp) -> bool {
        let is_recent = |entry: &DoNotCallEntry| {
            reply_in(entry)
                .is_some_and(|reply| LastText { at: reply.at, asks: true }.may_be_answered_at(now))
        };
        self.do_not_call.iter().any(|(_, entry)| is_recent(entry))
    }

    fn reply_of(&self, to: &Phone) -> Option<OptOutReply> {
        self.do_not_call.get(to).and_then(reply_in)
    }
}

fn reply_in(entry: &DoNotCallEntry) -> Option<OptOutReply> {
    Some(OptOutReply { word: entry.reply.clone()?, at: entry.at.parse().ok()? })
}

impl MissionSnapshot {
    /// Reads a mission, with everything that matters to it now. Fails as [`read`](Self::read).
    pub(crate) fn of(context: &CommandContext, mission: &Mission) -> anyhow::Result<Self> {
        Self::read(mission, &GlobalInputs::read(context)?)
    }

    /// Reads a mission. Fails (exit 2) if a record of it cannot be read, and names it.
    pub(crate) fn read(mission: &Mission, inputs: &GlobalInputs) -> anyhow::Result<Self> {
        let applied = progress::applied(mission)?;
        let events = event::all(mission)?;
        let is_opt_out = |event: &ScheduledEvent| has_opted_out(&inputs.do_not_call, &event.to);
        let opted_out = events.iter().filter(|(_, event)| is_opt_out(event));
        let opted_out = opted_out.map(|(id, _)| (*id).to_owned()).collect();
        let mut withdrawn: HashMap<String, usize> = HashMap::new();
        for (id, event) in &events {
            if event.withdrawn {
                let first = event.retry_of.as_deref().unwrap_or(id);
                // Of a target whose first call was withdrawn, only its number is left.
                let key = if event.attempt == 0 { &*event.to } else { first };
                *withdrawn.entry(key.to_owned()).or_default() += 1;
            }
        }
        let events: Vec<_> = events.into_iter().filter(|(_, event)| !event.withdrawn).collect();
        let verify_step = events.iter().rev().find_map(|(_, event)| event.verify_step.clone());
        let mut places: HashMap<&str, usize> = HashMap::new();
        // Each target with the numbers of its events: 0 for the first, then those of the retries.
        let mut numbered: Vec<(MissionTarget, Vec<usize>)> = Vec::new();
        for (id, event) in events {
            let first = event.retry_of.as_deref().and_then(|first| places.get(first));
            if let Some(place) = first {
                let (target, numbers) = &mut numbered[*place];
                target.events.push(event.target_event(id));
                numbers.push(event.attempt);
            } else {
                places.insert(id, numbered.len());
                let number = event.attempt;
                numbered.push((target(id, event, inputs)?, vec![number]));
            }
        }
        let targets = numbered.into_iter().map(|(mut target, numbers)| {
            // An unconfirmed retry may have been found after a later one.
            let mut events: Vec<_> = numbers.into_iter().zip(target.events).collect();
            events.sort_by_key(|(number, _)| *number);
            target.events = events.into_iter().map(|(_, event)| event).collect();
            let n_events = target.events.len();
            target.n_withdrawn = withdrawn.get(&target.id).copied().unwrap_or_default();
            let line = || retry_of(&target).line();
            let has_intent =
                !inputs.intent_lines.is_empty() && inputs.intent_lines.contains(&line());
            let answers = |reply: &OptOutReply| {
                let mut texts =
                    target.events.iter().map(|event| LastText { at: event.at, asks: true });
                texts.any(|text| text.may_be_answered_at(reply.at))
            };
            target.reply = target.reply.take().filter(answers);
            target.unconfirmed =
                applied.unconfirmed(&target.id, n_events, has_intent, inputs.read_at);
            target
        });
        let mut targets: Vec<MissionTarget> = targets.collect();
        let of_outreach = OutreachInputs {
            intent_lines: &inputs.intent_lines,
            do_not_call: &inputs.do_not_call,
            read_at: inputs.read_at,
            applied: &applied,
            withdrawn: &withdrawn,
        };
        let outreach = outreach::read(mission, &of_outreach, &mut targets)?;
        Ok(Self { applied, targets, verify_step, opted_out, outreach })
    }

    /// What should happen to it now.
    pub(crate) fn decide(&self, now: Timestamp, steps: &[PlanStep], run: RunState) -> Directive {
        decide(&self.applied, self.facts(now, steps, run))
    }

    /// What the decisions rest on.
    pub(crate) fn facts<'a>(
        &'a self,
        now: Timestamp,
        steps: &'a [PlanStep],
        run: RunState,
    ) -> MissionFacts<'a> {
        let (verify_step, outreach) = (self.verify_step.as_deref(), self.outreach.as_ref());
        MissionFacts { now, steps, run, targets: &self.targets, verify_step, outreach }
    }

    /// When the service is next asked about one of its events.
    pub(crate) fn next_poll(&self, now: Timestamp) -> Option<Timestamp> {
        let planned = self.outreach.iter().flat_map(|outreach| &outreach.planned);
        let planned = planned.filter_map(|target| target.unconfirmed?.next_poll(now));
        self.targets.iter().filter_map(|target| target.next_poll(now)).chain(planned).min()
    }

    /// Whether a retry of it is unconfirmed.
    pub(crate) fn has_unconfirmed(&self) -> bool {
        let mut planned = self.outreach.iter().flat_map(|outreach| &outreach.planned);
        self.targets.iter().any(|target| target.unconfirmed.is_some())
            || planned.any(|target| target.unconfirmed.is_some())
    }

    /// How long an answer to a text of this outreach is waited for.
    pub(super) fn answers_within(&self) -> Option<SignedDuration> {
        self.outreach.as_ref().and_then(|outreach| outreach.answers_within)
    }

    /// Whether something is still scheduled that the do-not-call list forbids, and was not deleted yet.
    pub(crate) fn is_to_unschedule(&self) -> bool {
        let is_left = |target: &MissionTarget| !self.applied.has(&target.last().unschedule_key());
        let mut targets = self.targets.iter();
        targets.any(|target| target.is_forbidden_and_scheduled() && is_left(target))
    }

    /// Whether a reply is yet to be logged.
    pub(crate) fn has_reply_to_log(&self) -> bool {
        let is_new = |target: &MissionTarget| {
            let reply = target.reply.as_ref();
            reply.is_some_and(|reply| !self.applied.has(&reply.log_key(&target.id)))
        };
        self.targets.iter().any(is_new)
    }

    /// How many calls and texts have not ended, without those that were deleted and not polled since.
    pub(crate) fn n_unfinished(&self, mission: &Mission) -> usize {
        let is_deleted = |id: &str| event::get(mission, id).is_some_and(|event| event.is_deleted());
        let is_unfinished = |target: &&MissionTarget| {
            let last = target.last();
            target.unconfirmed.is_some() || (last.end.is_none() && !is_deleted(&last.id))
        };
        self.targets.iter().filter(is_unfinished).count()
    }
}

fn target(id: &str, event: ScheduledEvent, inputs: &GlobalInputs) -> anyhow::Result<MissionTarget> {
    let to: Phone = event.to.parse()?;
    Ok(MissionTarget {
        id: id.to_owned(),
        events: vec![event.target_event(id)],
        assistant: event.assistant_id,
        channel: event.channel,
        to: event.to,
        step: event.step_id,
        recipient: event.recipient,
        window: event.window.unwrap_or_else(|| scheduling::time::default_window(&to)),
        forbidden: inputs.do_not_call.forbids(&to, event.channel.reach()),
        unconfirmed: None,
        reply: event.text.filter(|text| asks(text)).and_then(|_| inputs.reply_of(&to)),
        n_withdrawn: 0,
        outreach: OutreachTargetFacts::default(),
    })
}

/// The next retry of a target, were there one.
pub(super) fn retry_of(target: &MissionTarget) -> RetryOf {
    let (target, attempt, withdrawn) = (target.id.clone(), target.events.len(), target.n_withdrawn);
    RetryOf { target, attempt, withdrawn }
}

/// Whether a number is on the list because somebody opted out.
pub(super) fn has_opted_out(list: &DoNotCallList, to: &str) -> bool {
    let entry = to.parse().ok().and_then(|to: Phone| list.get(&to));
    entry.is_some_and(DoNotCallEntry::is_opt_out)
}
