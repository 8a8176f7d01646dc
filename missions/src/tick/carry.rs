//! Carrying out what was decided: each effect once, as far as this machine can know, and kept as done.

use jiff::Timestamp;
use state::do_not_call;
use state::exit::{self, Exit};
use state::gateway::{self, Outcome, Turn};
use state::words::for_shell;

use super::Tick;
use super::known::{Around, Known};
use super::report::Report;
use crate::context::unkept;
use crate::cron;
use crate::lifecycle::{Act, Begun, Effect, Target};
use crate::schedule::{self, Again, Order, Tried};
use crate::service::{self, NewLogEntry, NewScheduledEvent, RunRef, RunResult};
use crate::state_file::Status;

/// Who writes the log, as in the seed.
const AGENT: &str = "clawdtalk-missions";

/// How long the gateway may take to accept a message that nobody waits for.
const TELL_WITHIN: std::time::Duration = std::time::Duration::from_secs(10);

/// A run and the names by which it is known here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    pub(super) slug: &'a str,
    pub(super) mission: &'a str,
    pub(super) run: &'a str,
}

/// What became of an effect.
#[derive(Debug)]
pub(super) enum Carried {
    /// Done, and kept as done.
    Done,
    /// The service refuses it, now and whenever it is asked; kept as done, since asking again helps nobody.
    Refused(String),
    /// Things have changed: what follows is to be decided anew.
    Otherwise,
}

impl Tick<'_> {
    /// Carries out one effect. Fails if it could not be done now.
    pub(super) fn carry_out(
        &mut self,
        names: Names,
        effect: &Effect,
        report: &mut Report,
    ) -> anyhow::Result<Carried> {
        let of = RunRef { mission: names.mission, run: names.run };
        let asked = match &effect.act {
            Act::Verify(_)
            | Act::Conclude(..)
            | Act::End(_)
            | Act::Remember(..)
            | Act::Archive(_) => {
                return self.keep(names.slug, effect);
            }
            Act::Retry { target, attempt, at } => {
                return self.retry(names, target, *attempt, *at, report);
            }
            Act::RemoveCron => cron::remove(self.context, names.slug).map(drop),
            Act::Tell(text) => self.tell(names, text),
            Act::UpdateStep(step, status) => {
                service::plan::update_step(&self.api, of, step, status).map(drop)
            }
            Act::Log { kind, summary, step, payload } => {
                let key = effect.idempotency_key(names.run);
                let event = NewLogEntry {
                    kind,
                    summary,
                    agent_id: AGENT,
                    step_id: step.as_deref(),
                    payload: Some(payload),
                    idempotency_key: Some(&key),
                };
                service::run_log::add(&self.api, of, &event).map(drop)
            }
            Act::UpdateRun { status, summary, payload } => {
                let payload = Some(payload).filter(|payload| !payload.is_null());
                let result = RunResult { summary: Some(summary), payload };
                service::runs::update(&self.api, of, status.word(), result).map(drop)
            }
            Act::Unschedule { assistant, event } => {
                match service::scheduled_events::delete(&self.api, assistant, event) {
                    Err(err) if service::is_not_found(&err) => Ok(()),
                    other => other.map(drop),
                }
            }
        };
        match asked {
            Ok(()) => self.keep(names.slug, effect).map_err(|err| unkept("done", &err)),
            Err(err) if exit::code_of(&err) == Exit::No && !matches!(effect.act, Act::Tell(_)) => {
                self.keep(names.slug, effect)?;
                Ok(Carried::Refused(exit::told(&err)))
            }
            Err(err) => Err(err),
        }
    }

    /// Keeps that an effect was carried out, together with what it changes in the state.
    fn keep(&self, slug: &str, effect: &Effect) -> anyhow::Result<Carried> {
        let now = self.context.now();
        let agrees = self.context.file.change_mission(slug, |mission| {
            match &effect.act {
                Act::Remember(key, value) => {
                    mission.memory(now).insert(key.clone(), value.clone());
                }
                Act::Archive(status) => {
                    let status = Status::read(status.word());
                    mission.set_status(&status, now);
                }
                Act::UpdateRun { summary, .. } => {
                    mission.set("result_summary", summary.as_str());
                }
                Act::Unschedule { event, .. } => {
                    if let Some(mut tracked) = mission.view().event(event) {
                        "deleted".clone_into(&mut tracked.status);
                        mission.set_event(event, &tracked)?;
                    }
                }
                _ => {}
            }
            mission.change_ledger(slug, |ledger| ledger.keep(effect))
        })?;
        Ok(if agrees { Carried::Done } else { Carried::Otherwise })
    }

    /// Begun, then the intent, then the request, then what it made: no lost answer leads to a second dial.
    fn retry(
        &mut self,
        names: Names,
        target: &str,
        attempt: usize,
        at: Timestamp,
        report: &mut Report,
    ) -> anyhow::Result<Carried> {
        let missions = self.context.file.read()?;
        let mission = missions.known(names.slug)?;
        let around = Around::read(self.context)?;
        let (now, up) = (self.now(), self.context.moment().up);
        let known = Known::read(&mission, &around)?;
        let Some(chain) = known.targets.iter().find(|one| one.id == target) else {
            return Ok(Carried::Otherwise);
        };
        let is_late = at.duration_since(now) < schedule::NOTICE;
        if chain.attempts.len() != attempt || chain.in_doubt().is_some() || is_late {
            return Ok(Carried::Otherwise);
        }
        let order = order(names, chain, &mission.events()?, attempt, at);
        let order = schedule::resumed(self.context, &self.api, order)?;
        let at = order.new.at().unwrap_or(at);
        let phone = order.to()?;
        let list = do_not_call::list(self.context.config.skill_dir())?;
        if list.forbids(&phone, chain.channel.reach()) {
            return Ok(Carried::Otherwise);
        }
        let begun = Begun { attempt, at, since: now, up, looked: None };
        let is_next = self.context.file.change_mission(names.slug, |mission| {
            mission.change_ledger(names.slug, |ledger| ledger.begin(target, begun, attempt))
        })?;
        if !is_next {
            return Ok(Carried::Otherwise);
        }
        let tried = schedule::try_again(self.context, &self.api, &order)
            .inspect_err(|err| schedule::heed_refusal(self.context, &self.api, &order, err))?;
        match tried {
            Tried::Made(event) => {
                schedule::keep(self.context, &self.api, &order, &event)
                    .map_err(|err| unkept("scheduled again", &err))?;
                report.tried_again(&event, at);
                Ok(Carried::Done)
            }
            Tried::InDoubt(why) => {
                report.doubt(&order, &why);
                self.looked_for(names.slug, target)
                    .map_err(|err| unkept("it may have been scheduled", &err))?;
                Ok(Carried::Done)
            }
        }
    }

    /// Tells the agent's main session. What may have arrived is not said again.
    fn tell(&mut self, names: Names, text: &str) -> anyhow::Result<()> {
        let slug = names.slug;
        let message = format!(
            "[ClawdTalk mission `{slug}`] {text} `missions next {}` prints what the mission needs now.",
            for_shell(slug)
        );
        let client = match &self.gateway {
            Some(client) => client.clone(),
            None => gateway::Client::new(self.context.config.gateway()?),
        };
        let outcome = client.turn(&Turn::Report, &message, TELL_WITHIN);
        self.gateway = Some(client);
        match outcome {
            Outcome::Reply(_)
            | Outcome::Accepted { .. }
            | Outcome::NoReply
            | Outcome::Unanswered { .. }
            | Outcome::Failed { .. }
            | Outcome::MayBeRunning { .. } => Ok(()),
            untold => {
                let hint = untold.hint();
                let fault = exit::Fault::new(
                    Exit::Unavailable,
                    format!("the agent's session was not told: {untold}"),
                );
                Err(match hint {
                    Some(hint) => fault.hint(hint),
                    None => fault,
                }
                .into())
            }
        }
    }
}

/// The order that tries the recipient of a chain again.
fn order(
    names: Names,
    chain: &Target,
    events: &[(&str, crate::tracked::Tracked)],
    attempt: usize,
    at: Timestamp,
) -> Order {
    let first = events.iter().find(|(id, _)| *id == chain.id).map(|(_, event)| event.clone());
    let first = first.expect("a chain was read from the record of its first event");
    let when = at.to_string();
    Order {
        new: NewScheduledEvent {
            assistant_id: first.assistant_id,
            channel: first.channel,
            to: first.to,
            from: first.from,
            scheduled_at: when.clone(),
            text: first.text,
            mission_id: Some(names.mission.to_owned()),
            run_id: Some(names.run.to_owned()),
            step_id: first.step_id,
        },
        when,
        slug: Some(names.slug.to_owned()),
        by_mission: true,
        verify_step: first.verify_step,
        window: first.window,
        recipient: first.recipient,
        again: Some(Again { of: chain.id.clone(), attempt }),
    }
}
