//! Carrying out an effect once, as far as this machine can know, and recording that it was applied.

use std::time::Duration;

use state::exit::{self, Exit, Fault};
use state::gateway::{self, TurnKind, TurnOutcome};
use state::{awaited_replies, do_not_call};
use state::{failure, shell};

use super::Engine;
use super::attempt;
use super::effect_result::EffectResult;
use super::report::MissionReport;
use super::snapshot::has_opted_out;
use crate::context::not_recorded;
use crate::cron;
use crate::lifecycle::{Action, Effect, EventEnd, EventOutcome, MissionIds};
use crate::service::{self, NewLogEntry, RunResult};
use crate::store::{MissionStatus, event, outreach, progress};

/// How long the gateway may take to accept a message that nobody waits for.
const NOTIFY_WITHIN: Duration = Duration::from_secs(10);

/// Carries out one effect. Fails if that is not possible now.
pub(super) fn execute(
    engine: &mut Engine,
    ids: MissionIds,
    effect: &Effect,
    report: &mut MissionReport,
) -> anyhow::Result<EffectResult> {
    let done = match &effect.action {
        Action::SetVerifyStep(_)
        | Action::EndStep(..)
        | Action::EndMission(_)
        | Action::SaveMemory(..)
        | Action::Drop { .. }
        | Action::Archive(_) => return record(engine, ids.slug, effect),
        Action::Retry { target, attempt, at } => {
            return attempt::retry(engine, ids, target, *attempt, *at, report);
        }
        Action::Begin { to, at } => return attempt::begin(engine, ids, to, *at, report),
        Action::RemoveCron => {
            // From now on their texts are nobody's answer.
            awaited_replies::remove(engine.context.config.skill_dir(), ids.slug)?;
            cron::remove(engine.context, ids.slug).map(drop)
        }
        Action::NotifyAgent(text) | Action::NotifyOfReplies { text, .. } => {
            notify_agent(engine, ids.slug, text)
        }
        Action::DeleteAssistant(id) => match service::assistants::delete(&engine.api, id) {
            Err(err) if service::is_not_found(&err) => Ok(()),
            other => other,
        },
        Action::UpdateStep(step, status) => {
            service::plan::update_step(&engine.api, ids.run, step, status).map(drop)
        }
        Action::Log { kind, summary, step, payload } => {
            let key = effect.idempotency_key(ids.run.run);
            let entry = NewLogEntry {
                kind,
                summary,
                agent_id: service::run_log::OWN_AGENT_ID,
                step_id: step.as_deref(),
                payload: Some(payload),
                idempotency_key: Some(&key),
            };
            service::run_log::add(&engine.api, ids.run, &entry).map(drop)
        }
        Action::UpdateRun { status, summary, payload } => {
            let payload = Some(payload).filter(|payload| !payload.is_null());
            let result = RunResult { summary: Some(summary), payload };
            service::runs::update(&engine.api, ids.run, status.word(), result).map(drop)
        }
        Action::Unschedule { assistant, event } => {
            match service::scheduled_events::delete(&engine.api, assistant, event) {
                Err(err) if service::is_not_found(&err) => Ok(()),
                other => other.map(drop),
            }
        }
    };
    match done {
        Ok(()) => record(engine, ids.slug, effect).map_err(|err| not_recorded("done", &err)),
        Err(err) if is_refusal(&err) && !notifies(&effect.action) => {
            record(engine, ids.slug, effect)?;
            Ok(EffectResult::Refused(exit::one_line(&err)))
        }
        Err(err) => Err(err),
    }
}

fn notifies(action: &Action) -> bool {
    matches!(action, Action::NotifyAgent(_) | Action::NotifyOfReplies { .. })
}

fn is_refusal(err: &anyhow::Error) -> bool {
    failure::exit_of(err) == Exit::No
}

/// Records that an effect was applied, together with what it changes in the state.
fn record(engine: &Engine, slug: &str, effect: &Effect) -> anyhow::Result<EffectResult> {
    let now = engine.context.now();
    let list = matches!(effect.action, Action::Unschedule { .. })
        .then(|| do_not_call::load(engine.context.config.skill_dir()))
        .transpose()?;
    let opted_out = |to: &str| list.as_ref().is_some_and(|list| has_opted_out(list, to));
    // Nearer to its time it may be on its way: then a poll says what came of it.
    let is_early = |at| service::scheduled_events::is_safely_ahead(at, engine.now());
    let agrees = engine.context.store.change_mission(slug, |mission| {
        match &effect.action {
            Action::SaveMemory(key, value) => {
                mission.memory(now).insert(key.clone(), value.clone());
            }
            Action::Archive(status) => {
                let status = MissionStatus::read(status.word());
                mission.set_status(&status, now);
            }
            Action::Drop { to, why } => outreach::change(mission, |outreach| {
                if let Some(target) = outreach.target_mut(to) {
                    target.dropped = Some(*why);
                }
            })?,
            Action::UpdateRun { summary, .. } => {
                mission.set("result_summary", summary.as_str());
            }
            Action::Unschedule { event, .. } => {
                let end = event::get(&mission.view(), event)
                    .filter(|event| opted_out(&event.to))
                    .filter(|event| is_early(event.scheduled_at))
                    .map(|_| EventEnd { outcome: EventOutcome::OptedOut, at: now });
                event::mark_deleted(mission, event, end)?;
            }
            _ => {}
        }
        progress::change_applied(mission, |applied| applied.apply(effect))
    })?;
    Ok(if agrees { EffectResult::Applied } else { EffectResult::Stale })
}

/// Sends a message to the agent's main session. A message that may have arrived is not repeated.
fn notify_agent(engine: &mut Engine, slug: &str, text: &str) -> anyhow::Result<()> {
    let message = format!(
        "[ClawdTalk mission `{slug}`] {text} `missions next {}` prints what the mission needs now.",
        shell::quote(slug)
    );
    let client = match &engine.gateway {
        Some(client) => client.clone(),
        None => gateway::GatewayClient::new(state::gateway::GatewayEndpoint::from_config(
            &engine.context.config,
        )?),
    };
    let outcome = client.run_turn(&TurnKind::Notification, &message, NOTIFY_WITHIN);
    engine.gateway = Some(client);
    match outcome {
        TurnOutcome::Reply(_)
        | TurnOutcome::Accepted { .. }
        | TurnOutcome::NoReply
        | TurnOutcome::Unanswered { .. }
        | TurnOutcome::Failed { .. }
        | TurnOutcome::Unconfirmed { .. } => Ok(()),
        not_delivered => {
            let text = format!("the agent's session was not notified: {not_delivered}");
            let fault = Fault::new(Exit::Unavailable, text);
            Err(match not_delivered.hint() {
                Some(hint) => fault.hint(hint),
                None => fault,
            }
            .into())
        }
    }
}
