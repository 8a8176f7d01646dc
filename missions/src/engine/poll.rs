//! Polling: what the service says of the events that are due, by one list for each assistant, of unconfirmed retries, and
//! of conversations that have insights.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use state::{carrier_opt_out, sanitize};

use super::outreach;
use super::pushed_events::PushedFields;
use super::report::MissionReport;
use super::snapshot::{MissionSnapshot, retry_of};
use super::{Engine, EventRows};
use crate::lifecycle::{CallInsights, PlannedTarget, TargetEvent, UnconfirmedRetry, trim_row};
use crate::scheduling::{self, RetryOf, ScheduleRequest, Submission, TOOL};
use crate::service::{self, Channel, Pages, ScheduledRow};
use crate::store::{ScheduledEvent, event, progress};

/// How much of the insights of a call is stored, in characters.
const LONGEST_INSIGHTS: usize = 1_000;

/// Polls everything of a mission that is due or was pushed, and stores what was found.
pub(super) fn poll(
    engine: &mut Engine,
    slug: &str,
    snapshot: &MissionSnapshot,
    pushed: &PushedFields,
    report: &mut MissionReport,
) -> anyhow::Result<()> {
    poll_unconfirmed(engine, slug, snapshot, report)?;
    outreach::poll_answers(engine, slug, &snapshot.targets)?;
    let has_ended = poll_events(engine, slug, snapshot, pushed, report)?;
    let is_awaited = |event: &TargetEvent| matches!(event.insights, CallInsights::Awaited(_));
    let mut events = snapshot.targets.iter().flat_map(|target| &target.events);
    if has_ended || events.any(is_awaited) {
        poll_insights(engine, slug, pushed, report)?;
    }
    Ok(())
}

/// Searches for the events of unconfirmed retries.
fn poll_unconfirmed(
    engine: &Engine,
    slug: &str,
    snapshot: &MissionSnapshot,
    report: &mut MissionReport,
) -> anyhow::Result<()> {
    let now = engine.now();
    let is_due = |unconfirmed: Option<UnconfirmedRetry>| {
        unconfirmed.and_then(|one| one.next_poll(now)).is_some_and(|next| next <= now)
    };
    let retries = snapshot.targets.iter().filter(|target| is_due(target.unconfirmed));
    let retries = retries.map(|target| (target.id.clone(), retry_of(target)));
    let due: Vec<(String, RetryOf)> =
        retries.chain(unconfirmed_firsts(engine, slug, snapshot, is_due)?).collect();
    if due.is_empty() {
        return Ok(());
    }
    let intents = engine.context.intents().of_tool(TOOL)?;
    for (key, retry) in due {
        let line = retry.line();
        let Some(intent) = intents.iter().find(|intent| intent.line == line) else {
            mark_polled(engine, slug, &key)?;
            continue;
        };
        match scheduling::confirm::submission_of(engine.context, &engine.api, intent)? {
            Submission::Confirmed(row) => {
                let request: ScheduleRequest = serde_json::from_value(intent.request.clone())?;
                scheduling::record::record(engine.context, &engine.api, &request, &row)?;
            }
            Submission::Unconfirmed(why) => {
                mark_polled(engine, slug, &key)?;
                report.add_unconfirmed_intent(intent, &why);
            }
        }
    }
    Ok(())
}

/// The first calls and texts of an outreach that may have been scheduled and are due to be searched for.
fn unconfirmed_firsts(
    engine: &Engine,
    slug: &str,
    snapshot: &MissionSnapshot,
    is_due: impl Fn(Option<UnconfirmedRetry>) -> bool,
) -> anyhow::Result<Vec<(String, RetryOf)>> {
    let Some(outreach) = &snapshot.outreach else { return Ok(Vec::new()) };
    let missions = engine.context.store.read()?;
    let mission = missions.require(slug)?;
    let mission_id = mission.mission_id().unwrap_or_default();
    let due = outreach.planned.iter().filter(|target| is_due(target.unconfirmed));
    let first = |target: &PlannedTarget| {
        let withdrawn = event::n_withdrawn(&mission, &target.to);
        let key = scheduling::first_key(mission_id, &target.to);
        (key, RetryOf::first(mission_id, &target.to, withdrawn))
    };
    Ok(due.map(first).collect())
}

/// Records that the event of an unconfirmed retry was searched for.
pub(super) fn mark_polled(engine: &Engine, slug: &str, target: &str) -> anyhow::Result<()> {
    let now = engine.now();
    engine.context.store.change_mission(slug, |mission| {
        progress::change_applied(mission, |applied| applied.retry_was_polled(target, now))
    })
}

/// Polls the events; true if one of them was found to have ended.
fn poll_events(
    engine: &mut Engine,
    slug: &str,
    snapshot: &MissionSnapshot,
    pushed: &PushedFields,
    report: &mut MissionReport,
) -> anyhow::Result<bool> {
    let now = engine.now();
    let events = snapshot
        .targets
        .iter()
        .flat_map(|target| target.events.iter().map(|event| (&*target.assistant, event)));
    let unfinished: Vec<_> = events.filter(|(_, event)| event.end.is_none()).collect();
    let mut assistants: Vec<&str> = Vec::new();
    let mut due: HashSet<&str> = HashSet::new();
    for (assistant, event) in &unfinished {
        let is_due = event.next_poll().is_some_and(|next| next <= now);
        if is_due || pushed.contains_key(&event.id) {
            due.insert(&event.id);
            if !assistants.contains(assistant) {
                assistants.push(assistant);
            }
        }
    }
    for assistant in &assistants {
        list_events(engine, assistant)?;
    }
    for (assistant, event) in &unfinished {
        let id = &event.id;
        // That the list does not show it does not prove that it is gone.
        if due.contains(&**id) && !engine.lists[*assistant].contains_key(id) {
            let row = get_event(engine, assistant, id)?;
            let list = engine.lists.get_mut(*assistant).expect("it was listed before");
            list.insert(id.clone(), row);
        }
    }
    let polled: HashMap<&str, Option<&Value>> = unfinished
        .iter()
        .filter_map(|(assistant, event)| {
            let row = engine.lists.get(*assistant)?.get(&event.id)?;
            Some((&*event.id, row.as_ref()))
        })
        .collect();
    if polled.is_empty() {
        return Ok(false);
    }
    report.n_polled += polled.len();
    // Read again: the answers have shown the service's time.
    let now = engine.now();
    let ended = engine.context.store.change_mission(slug, |mission| {
        let mut ended = Vec::new();
        for (_, event) in &unfinished {
            let Some(row) = polled.get(&*event.id) else { continue };
            let fields = pushed.get(&event.id);
            let has_opted_out = snapshot.opted_out.contains(&event.id);
            let polled = event::record_poll(mission, event, *row, fields, has_opted_out, now)?;
            if polled.is_some_and(|event| event.end.is_some())
                && let Some(stored) = event::get(&mission.view(), &event.id)
            {
                ended.push((event.id.clone(), stored));
            }
        }
        if !ended.is_empty() {
            // After a kill the next tick decides what follows.
            progress::set_tick_due(mission, Some(now));
        }
        Ok(ended)
    })?;
    for (id, event) in &ended {
        let row = polled.get(id.as_str()).copied().flatten();
        if event.channel == Channel::Sms && row.is_some_and(carrier_opt_out::is_reported_in) {
            scheduling::opt_out::record(engine.context, &engine.api, &event.to);
        }
    }
    report.add_ended(&ended);
    Ok(!ended.is_empty())
}

/// Lists the events of an assistant, once in a tick.
fn list_events(engine: &mut Engine, assistant: &str) -> anyhow::Result<()> {
    if engine.lists.contains_key(assistant) {
        return Ok(());
    }
    let list = service::scheduled_events::list(&engine.api, assistant, Pages::All(None));
    let rows = match list {
        Ok(list) => list.into_rows(),
        Err(err) if service::is_not_found(&err) => Vec::new(),
        Err(err) => return Err(err),
    };
    let by_id: EventRows = rows
        .into_iter()
        .map(ScheduledRow::new)
        .filter_map(|row| row.id().map(|id| (id, Some(trim_row(row.into_row().into_value())))))
        .collect();
    engine.lists.insert(assistant.to_owned(), by_id);
    Ok(())
}

/// One event by its id; `None` if the service says that there is none.
fn get_event(engine: &Engine, assistant: &str, id: &str) -> anyhow::Result<Option<Value>> {
    match service::scheduled_events::get(&engine.api, assistant, id) {
        Ok(row) => Ok(Some(row.into_row().into_value())),
        Err(err) if service::is_not_found(&err) => Ok(None),
        Err(err) => Err(err),
    }
}

/// Polls the insights that are due.
fn poll_insights(
    engine: &Engine,
    slug: &str,
    pushed: &PushedFields,
    report: &mut MissionReport,
) -> anyhow::Result<()> {
    let missions = engine.context.store.read()?;
    let mut polled: HashMap<String, (CallInsights, bool)> = HashMap::new();
    for (id, event) in event::all(&missions.require(slug)?)? {
        let now = engine.now();
        let next = event.target_event(id).next_insights_poll();
        let is_awaited = matches!(event.insights, CallInsights::Awaited(_));
        let is_pushed = is_awaited && pushed.contains_key(id);
        if !is_pushed && next.is_none_or(|next| next > now) {
            continue;
        }
        let insights = match &event.conversation_id {
            Some(conversation) => get_insights(engine, conversation)?,
            None => None,
        };
        let found = match insights {
            Some((text, maybe_voicemail)) => {
                (CallInsights::Got(text), maybe_voicemail && event.channel == Channel::Call)
            }
            None => (CallInsights::Awaited(Some(now)), false),
        };
        polled.insert(id.to_owned(), found);
    }
    drop(missions);
    if polled.is_empty() {
        return Ok(());
    }
    report.n_polled += polled.len();
    let now = engine.now();
    engine.context.store.change_mission(slug, |mission| {
        for (id, mut event) in owned(event::all(&mission.view())?) {
            let Some(found) = polled.remove(&id) else { continue };
            (event.insights, event.maybe_voicemail) = found;
            event::set(mission, &id, &event)?;
        }
        progress::set_tick_due(mission, Some(now));
        Ok(())
    })
}

/// The insights of a conversation in one line, once the service has concluded it, and whether they mention a voicemail.
fn get_insights(engine: &Engine, conversation: &str) -> anyhow::Result<Option<(String, bool)>> {
    let answer = match service::insights::get(&engine.api, conversation) {
        Ok(answer) => service::insights::read(answer.value()),
        Err(err) if service::is_not_found(&err) => return Ok(None),
        Err(err) => return Err(err),
    };
    let text = |result: &Value| match result {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let results: Vec<String> = answer.results.iter().map(text).collect();
    let line = || sanitize::line_up_to(&results.join("; "), LONGEST_INSIGHTS);
    Ok(answer.is_complete.then(|| (line(), answer.mentions_voicemail())))
}

/// The records of a mission apart from it, so that it can be changed.
fn owned(events: Vec<(&str, ScheduledEvent)>) -> Vec<(String, ScheduledEvent)> {
    events.into_iter().map(|(id, event)| (id.to_owned(), event)).collect()
}
