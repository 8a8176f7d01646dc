//! Carrying out an effect once, as far as this machine can know, and recording that it was applied.

use std::time::Duration;

use jiff::Timestamp;
use state::do_not_call;
use state::exit::{self, Exit, Fault};
use state::gateway::{self, TurnKind, TurnOutcome};
use state::{failure, shell};

use super::Engine;
use super::poll::mark_polled;
use super::report::MissionReport;
use super::snapshot::{GlobalInputs, MissionSnapshot, has_opted_out};
use crate::context::not_recorded;
use crate::cron;
use crate::lifecycle::{
    Action, Effect, EventEnd, EventOutcome, MissionIds, MissionTarget, PendingRetry,
};
use crate::scheduling::{self, RetryOf, ScheduleRequest, Submission};
use crate::service::{self, NewLogEntry, NewScheduledEvent, RunResult};
use crate::store::{Mission, MissionStatus, event, progress};

/// How long the gateway may take to accept a message that nobody waits for.
const NOTIFY_WITHIN: Duration = Duration::from_secs(10);

/// What became of an effect.
#[derive(Debug)]
pub(super) enum EffectResult {
    /// It was carried out, and that is recorded.
    Applied,
    /// The service refuses it, now and always; recorded as applied, since to ask again would not help.
    Refused(String),
    /// Something changed meanwhile: what follows must be decided again.
    Stale,
}

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
        | Action::Archive(_) => return record(engine, ids.slug, effect),
        Action::Retry { target, attempt, at } => {
            return retry(engine, ids, target, *attempt, *at, report);
        }
        Action::RemoveCron => cron::remove(engine.context, ids.slug).map(drop),
        Action::NotifyAgent(text) => notify_agent(engine, ids.slug, text),
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
        Err(err) if is_refusal(&err) && !matches!(effect.action, Action::NotifyAgent(_)) => {
            record(engine, ids.slug, effect)?;
            Ok(EffectResult::Refused(exit::one_line(&err)))
        }
        Err(err) => Err(err),
    }
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

/// Schedules a retry: the retry is recorded as pending, then its intent is stored, then its request leaves, then its event
/// is recorded. A lost answer never leads to a second call.
fn retry(
    engine: &Engine,
    ids: MissionIds,
    target: &str,
    attempt: usize,
    at: Timestamp,
    report: &mut MissionReport,
) -> anyhow::Result<EffectResult> {
    let (context, api) = (engine.context, &engine.api);
    let missions = context.store.read()?;
    let mission = missions.require(ids.slug)?;
    let inputs = GlobalInputs::read(context)?;
    let (started_at, up) = (engine.now(), context.moment().uptime);
    let snapshot = MissionSnapshot::read(&mission, &inputs)?;
    let Some(target) = snapshot.targets.iter().find(|one| one.id == target) else {
        return Ok(EffectResult::Stale);
    };
    let is_late = at.duration_since(started_at) < scheduling::NOTICE;
    if target.events.len() != attempt || target.unconfirmed.is_some() || is_late {
        return Ok(EffectResult::Stale);
    }
    let request = retry_request(ids, target, &mission, attempt, at);
    drop(missions);
    let request = scheduling::submit::with_deferred_body(context, api, request)?;
    let at = request.body.at().unwrap_or(at);
    engine.read_opt_outs()?;
    // Read again, since `connect` may have put the number onto the list just now.
    let list = do_not_call::load(context.config.skill_dir())?;
    if list.forbids(&request.phone()?, target.channel.reach()) {
        return Ok(EffectResult::Stale);
    }
    let pending = PendingRetry { attempt, at, started_at, up, polled_at: None };
    let is_next = context.store.change_mission(ids.slug, |mission| {
        progress::change_applied(mission, |applied| {
            applied.start_retry(&target.id, pending, attempt)
        })
    })?;
    if !is_next {
        return Ok(EffectResult::Stale);
    }
    let submission =
        scheduling::submit::submit_retry(context, api, &request).inspect_err(|err| {
            scheduling::opt_out::record_if_refused(context, api, &request.body.to, err);
        })?;
    match submission {
        Submission::Confirmed(row) => {
            scheduling::record::record(context, api, &request, &row)
                .map_err(|err| not_recorded("scheduled again", &err))?;
            report.add_retry(&row, at);
        }
        Submission::Unconfirmed(why) => {
            report.add_unconfirmed_request(&request, &why);
            mark_polled(engine, ids.slug, &target.id)
                .map_err(|err| not_recorded("it may have been scheduled", &err))?;
        }
    }
    Ok(EffectResult::Applied)
}

/// The request that calls or texts a target again: as its first event, at another time.
fn retry_request(
    ids: MissionIds,
    target: &MissionTarget,
    mission: &Mission,
    attempt: usize,
    at: Timestamp,
) -> ScheduleRequest {
    let first = event::get(mission, &target.id);
    let first = first.expect("the target was read from the record of its first event");
    let when = at.to_string();
    ScheduleRequest {
        body: NewScheduledEvent {
            assistant_id: first.assistant_id,
            channel: first.channel,
            to: first.to,
            from: first.from,
            scheduled_at: when.clone(),
            text: first.text,
            mission_id: Some(ids.run.mission.to_owned()),
            run_id: Some(ids.run.run.to_owned()),
            step_id: first.step_id,
        },
        when,
        slug: Some(ids.slug.to_owned()),
        with_mission: true,
        verify_step: first.verify_step,
        window: first.window,
        recipient: first.recipient,
        retry: Some(RetryOf { target: target.id.clone(), attempt }),
    }
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
