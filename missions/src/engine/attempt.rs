//! One more call or text to a target, the first or a retry: once, whatever is killed or lost.

use jiff::Timestamp;
use state::api::Error;
use state::do_not_call;
use state::phone::Phone;

use super::Engine;
use super::effect_result::EffectResult;
use super::poll::mark_polled;
use super::report::MissionReport;
use super::snapshot::{GlobalInputs, MissionSnapshot, retry_of};
use crate::context::not_recorded;
use crate::lifecycle::{MissionIds, MissionTarget, PendingRetry};
use crate::scheduling::{self, RetryOf, ScheduleRequest, Submission};
use crate::service::NewScheduledEvent;
use crate::store::{Mission, event, outreach, progress};

/// Schedules a retry.
pub(super) fn retry(
    engine: &Engine,
    ids: MissionIds,
    target: &str,
    attempt: usize,
    at: Timestamp,
    report: &mut MissionReport,
) -> anyhow::Result<EffectResult> {
    let missions = engine.context.store.read()?;
    let mission = missions.require(ids.slug)?;
    let snapshot = MissionSnapshot::read(&mission, &GlobalInputs::read(engine.context)?)?;
    let Some(target) = snapshot.targets.iter().find(|one| one.id == target) else {
        return Ok(EffectResult::Stale);
    };
    if target.events.len() != attempt || target.unconfirmed.is_some() {
        return Ok(EffectResult::Stale);
    }
    let request = retry_request(ids, target, &mission, at);
    drop(missions);
    submit(engine, ids, request, &target.id, at, report)
}

/// Schedules the first call or text to a target of an outreach.
pub(super) fn begin(
    engine: &Engine,
    ids: MissionIds,
    to: &str,
    at: Timestamp,
    report: &mut MissionReport,
) -> anyhow::Result<EffectResult> {
    let missions = engine.context.store.read()?;
    let mission = missions.require(ids.slug)?;
    let snapshot = MissionSnapshot::read(&mission, &GlobalInputs::read(engine.context)?)?;
    let mut planned = snapshot.outreach.iter().flat_map(|outreach| &outreach.planned);
    let is_open = planned.any(|one| one.to == to && one.is_approved && one.unconfirmed.is_none());
    let request = first_request(ids, &mission, to, at)?;
    drop(missions);
    let (true, Some(request)) = (is_open, request) else { return Ok(EffectResult::Stale) };
    if let (Some(within), Some(_)) = (snapshot.answers_within(), &request.body.text) {
        let until = at.checked_add(within).unwrap_or(Timestamp::MAX);
        let (skill, now) = (engine.context.config.skill_dir(), engine.context.now());
        state::awaited_replies::add(skill, ids.slug, &[(request.phone()?, until)], now)?;
    }
    let key = scheduling::first_key(ids.run.mission, to);
    submit(engine, ids, request, &key, at, report).inspect_err(|err| widen(engine, ids, err))
}

/// After the service asked for fewer requests there is more time between two batches.
fn widen(engine: &Engine, ids: MissionIds, err: &anyhow::Error) {
    if err.downcast_ref::<Error>().is_some_and(Error::is_temporary) {
        let widened = engine.context.store.change_mission(ids.slug, |mission| {
            outreach::change(mission, |outreach| outreach.pacing = outreach.pacing.widened())
        });
        if let Err(err) = widened {
            state::out::warning(&state::exit::one_line(&err));
        }
    }
}

/// The attempt is recorded as pending, then its intent is stored, then its request leaves, then its event is recorded. A
/// lost answer never leads to a second call.
fn submit(
    engine: &Engine,
    ids: MissionIds,
    request: ScheduleRequest,
    key: &str,
    at: Timestamp,
    report: &mut MissionReport,
) -> anyhow::Result<EffectResult> {
    let (context, api) = (engine.context, &engine.api);
    let (started_at, up) = (engine.now(), context.moment().uptime);
    if at.duration_since(started_at) < scheduling::NOTICE {
        return Ok(EffectResult::Stale);
    }
    let attempt = request.retry.as_ref().map_or(0, |retry| retry.attempt);
    let request = scheduling::submit::with_deferred_body(context, api, request)?;
    let at = request.body.at().unwrap_or(at);
    engine.read_opt_outs()?;
    // Read again, since `connect` may have put the number onto the list just now.
    let list = do_not_call::load(context.config.skill_dir())?;
    if list.forbids(&request.phone()?, request.body.channel.reach()) {
        return Ok(EffectResult::Stale);
    }
    let pending = PendingRetry { attempt, at, started_at, up, polled_at: None };
    let is_next = context.store.change_mission(ids.slug, |mission| {
        progress::change_applied(mission, |applied| applied.start_retry(key, pending, attempt))
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
                .map_err(|err| not_recorded("scheduled", &err))?;
            if attempt > 0 {
                report.add_retry(&row, at);
            }
        }
        Submission::Unconfirmed(why) => {
            report.add_unconfirmed_request(&request, &why);
            mark_polled(engine, ids.slug, key)
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
        retry: Some(retry_of(target)),
    }
}

/// The request of the first call or text; `None` if the list does not have the number any more, or the mission has no
/// assistant with a number yet.
fn first_request(
    ids: MissionIds,
    mission: &Mission,
    to: &str,
    at: Timestamp,
) -> anyhow::Result<Option<ScheduleRequest>> {
    let mut outreach = outreach::require(mission)?;
    let (assistant, from) = (mission.text("assistant_id"), mission.text("agent_phone"));
    let (Some(assistant), Some(from)) = (assistant, from) else { return Ok(None) };
    let from: Phone = from.parse()?;
    let withdrawn = event::n_withdrawn(mission, to);
    let (channel, recipient) = (outreach.channel, outreach.recipient);
    let Some(target) = outreach.target_mut(to) else { return Ok(None) };
    let when = at.to_string();
    Ok(Some(ScheduleRequest {
        body: NewScheduledEvent {
            assistant_id: assistant.to_owned(),
            channel,
            to: to.to_owned(),
            from: from.to_string(),
            scheduled_at: when.clone(),
            text: target.text.take(),
            mission_id: Some(ids.run.mission.to_owned()),
            run_id: Some(ids.run.run.to_owned()),
            step_id: Some(outreach::STEP.to_owned()),
        },
        when,
        slug: Some(ids.slug.to_owned()),
        with_mission: true,
        verify_step: None,
        window: Some(target.window.clone()),
        recipient,
        retry: Some(RetryOf::first(ids.run.mission, to, withdrawn)),
    }))
}
