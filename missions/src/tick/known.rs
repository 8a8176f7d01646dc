//! What is kept of a mission, as the lifecycle sees it: the one place where records of the state file become
//! targets and attempts.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::Deserialize as _;
use state::do_not_call;
use state::exit::Fault;
use state::moment::Moment;
use state::phone::Phone;
use state::words::for_shell;

use crate::context::Context;
use crate::lifecycle::{Ledger, Target};
use crate::schedule::{self, Again, TOOL};
use crate::state_file::{Mission, MissionMut};
use crate::tracked::Tracked;

/// The key in a mission under which its ledger is kept.
const LEDGER: &str = "lifecycle";

/// The key in a mission of the time from which a tick has something to do, whatever its events say.
const DUE: &str = "tick_due";

/// What is kept outside the state file and matters to every mission.
#[derive(Debug)]
pub(crate) struct Around {
    /// The lines of the intents of what was carried out, or may have been.
    intents: BTreeSet<String>,
    /// The numbers that are never called or texted.
    do_not_call: do_not_call::List,
    /// When that was read.
    at: Moment,
}

/// A mission with what was decided for it.
#[derive(Debug)]
pub(crate) struct Known {
    /// What was decided, and what of that was done.
    pub(crate) ledger: Ledger,
    /// Who is to be reached, in the order of scheduling.
    pub(crate) targets: Vec<Target>,
    /// The step that was named at scheduling as the one that ends with the last event.
    pub(crate) verify_step: Option<String>,
}

impl Around {
    /// Reads it. Fails if a file is broken: then nothing must be dialled.
    pub(crate) fn read(context: &Context) -> anyhow::Result<Self> {
        let at = context.moment();
        // What the service put off has not left for good: it is tried again.
        let intents = context.intents().of_tool(TOOL)?.into_iter().filter(|one| !one.deferred);
        let intents = intents.map(|intent| intent.line);
        let do_not_call = do_not_call::list(context.config.skill_dir())?;
        Ok(Self { intents: intents.collect(), do_not_call, at })
    }
}

impl Known {
    /// Reads a mission. Fails (exit 2) if a record of it cannot be read, and names it.
    pub(crate) fn read(mission: &Mission, around: &Around) -> anyhow::Result<Self> {
        let ledger = ledger(mission, mission.slug())?;
        let events = mission.events()?;
        let verify_step = events.iter().rev().find_map(|(_, event)| event.verify_step.clone());
        let mut chains: HashMap<&str, usize> = HashMap::new();
        let mut targets: Vec<(Target, Vec<usize>)> = Vec::new();
        for (id, event) in events {
            let first = event.retry_of.as_deref().and_then(|first| chains.get(first));
            if let Some(at) = first {
                targets[*at].0.attempts.push(event.attempt(id));
                targets[*at].1.push(event.attempt);
            } else {
                chains.insert(id, targets.len());
                let attempt = event.attempt;
                targets.push((target(id, event, around)?, vec![attempt]));
            }
        }
        let targets = targets.into_iter().map(|(mut target, numbers)| {
            // A retry whose answer was lost may have been found after a later one.
            let mut attempts: Vec<_> = numbers.into_iter().zip(target.attempts).collect();
            attempts.sort_by_key(|(number, _)| *number);
            target.attempts = attempts.into_iter().map(|(_, attempt)| attempt).collect();
            let made = target.attempts.len();
            let line = || Again { of: target.id.clone(), attempt: made }.line();
            let has_intent = !around.intents.is_empty() && around.intents.contains(&line());
            target.begun = ledger.unsettled(&target.id, made, has_intent, around.at);
            target
        });
        Ok(Self { targets: targets.collect(), ledger, verify_step })
    }

    /// How many calls and texts have not ended, those left out that were withdrawn and not looked at since.
    pub(crate) fn n_open(&self, mission: &Mission) -> usize {
        let is_withdrawn = |id: &str| mission.event(id).is_some_and(|event| event.is_withdrawn());
        let is_open = |target: &&Target| {
            let last = target.last();
            target.begun.is_some() || (last.end.is_none() && !is_withdrawn(&last.event))
        };
        self.targets.iter().filter(is_open).count()
    }

    /// Whether something waits that must not happen any more, and was not taken back yet.
    pub(crate) fn is_to_withdraw(&self) -> bool {
        let is_left = |target: &Target| !self.ledger.has_done(&target.last().withdrawal());
        self.targets.iter().any(|target| target.is_unwanted() && is_left(target))
    }

    /// When its events are next looked at.
    pub(crate) fn next_look(&self, now: Timestamp) -> Option<Timestamp> {
        self.targets.iter().filter_map(|target| target.next_look(now)).min()
    }
}

fn target(id: &str, event: Tracked, around: &Around) -> anyhow::Result<Target> {
    let to: Phone = event.to.parse()?;
    Ok(Target {
        id: id.to_owned(),
        attempts: vec![event.attempt(id)],
        assistant: event.assistant_id,
        channel: event.channel,
        to: event.to,
        step: event.step_id,
        recipient: event.recipient,
        window: event.window.unwrap_or_else(|| schedule::usual_window(&to)),
        forbidden: around.do_not_call.forbids(&to, event.channel.reach()),
        begun: None,
    })
}

fn ledger(mission: &Mission, slug: &str) -> Result<Ledger, Fault> {
    let Some(value) = mission.fields().get(LEDGER) else { return Ok(Ledger::default()) };
    Ledger::deserialize(value).map_err(|err| {
        Fault::usage(format!("what `{LEDGER}` keeps of mission `{slug}` cannot be read: {err}"))
            .hint(format!(
                "mend it by hand; `missions get-state {} | jq .{LEDGER}` shows it",
                for_shell(slug)
            ))
    })
}

impl Mission<'_> {
    /// Whether it has ended and nothing is left to be done for it. A ledger that cannot be read says no.
    pub(crate) fn is_settled(&self) -> bool {
        self.status().is_over() && self.part::<Ledger>(LEDGER).is_some_and(|one| one.is_settled())
    }

    /// The time from which a tick has something to do here, whatever the events say.
    pub(crate) fn tick_due(&self) -> Option<Timestamp> {
        self.part(DUE)
    }
}

impl MissionMut<'_> {
    /// Changes the ledger of mission `slug`. Fails (exit 2) if it cannot be read.
    pub(crate) fn change_ledger<T>(
        &mut self,
        slug: &str,
        change: impl FnOnce(&mut Ledger) -> T,
    ) -> anyhow::Result<T> {
        let mut ledger = ledger(&self.view(), slug)?;
        let result = change(&mut ledger);
        self.set_part(LEDGER, &ledger)?;
        Ok(result)
    }

    /// Lets a tick have something to do from then on; `None`: only when its events say so.
    pub(crate) fn set_tick_due(&mut self, at: Option<Timestamp>) -> &mut Self {
        match at {
            Some(at) => self.set(DUE, at.to_string()),
            None => self.unset(DUE),
        }
    }
}
