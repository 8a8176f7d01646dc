//! `cancel`: cancels a mission, and says of every call and text that it cannot happen any more, or that it may.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use state::exit::{self, Exit, Fault};

use crate::args::Cancel;
use crate::context::{CommandContext, LAG_PAUSES, not_recorded};
use crate::engine::report::MissionReport;
use crate::engine::{self, Engine};
use crate::lifecycle::{EventEnd, EventOutcome, MissionEnd, RunEnd, has_ended, is_pending};
use crate::scheduling::{self, ScheduleRequest, Submission, TOOL};
use crate::service::{self, Pages, ScheduledRow, ServiceApi};
use crate::store::{Mission, MissionStatus, event, outreach, progress};

/// Something that is scheduled and has not ended, as far as is known here.
#[derive(Clone, Debug)]
pub(super) struct UnfinishedEvent {
    pub(super) assistant: String,
    pub(super) id: String,
    pub(super) to: String,
    pub(super) at: Timestamp,
}

/// What became of an event, with the service's row where there was one.
#[derive(Debug)]
pub(super) enum Withdrawal {
    /// It had ended before.
    Ended(Value),
    /// It cannot happen any more.
    Cancelled,
    /// It may have happened or may still happen; why that is not known.
    Unconfirmed(Option<Value>, String),
}

/// What became of all events.
#[derive(Debug, Default)]
struct CancelResult {
    cancelled: Vec<Value>,
    may_still_happen: Vec<Value>,
}

/// The events of assistants by id, and what the service's clock showed when it sent them.
pub(super) type EventLists = HashMap<String, (HashMap<String, Value>, Option<Timestamp>)>;

pub(crate) fn run(context: &CommandContext, args: &Cancel) -> anyhow::Result<Exit> {
    let Some(slug) = &args.slug else { return all(context, args.account) };
    let (document, text, fault) = cancel(context, slug)?;
    context.end(&document, || text, fault)
}

/// Cancels every mission that has not ended and, of the whole account, what is scheduled outside them.
fn all(context: &CommandContext, account: bool) -> anyhow::Result<Exit> {
    let missions = context.store.read()?;
    let can_be = |mission: &Mission| mission.run_id().is_some() || !needs_run(mission);
    let live = missions.iter().filter(|mission| !mission.status().is_over() && can_be(mission));
    let live: Vec<String> = live.map(|mission| mission.slug().to_owned()).collect();
    drop(missions);
    let (mut done, mut texts, mut first) = (Vec::new(), String::new(), None);
    for slug in &live {
        match cancel(context, slug) {
            Ok((document, text, fault)) => {
                let part = ["slug", "status", "cancelled", "may_still_happen"];
                let part = part.map(|key| (key.to_owned(), document[key].clone()));
                done.push(Value::Object(part.into_iter().collect()));
                texts.push_str(&text);
                first = first.or(fault);
            }
            Err(err) => {
                let why = exit::one_line(&err);
                texts += &[slug, ": ", &why, "\n"].concat();
                done.push(json!({ "slug": slug, "status": "running", "why": why }));
                first = first.or(Some(Fault::new(
                    Exit::Unconfirmed,
                    format!("`{slug}` is not known to be called off: {why}"),
                )));
            }
        }
    }
    let mut document = json!({ "missions": done });
    if account {
        let (cancelled, left) = outside_missions(&context.api()?)?;
        if let Some(one) = left.first() {
            let why = one["why"].as_str().unwrap_or("-").to_owned();
            let text = format!("{} outside missions may still happen: {why}", left.len());
            first = first.or(Some(Fault::new(Exit::Unconfirmed, text)));
        }
        document["account"] = json!({ "cancelled": cancelled, "may_still_happen": left });
    }
    let hint = "run `missions cancel --all` again, or look at the portal";
    let is_nothing = live.is_empty();
    let text = || if is_nothing { "No mission goes on".to_owned() } else { texts };
    context.end(&document, text, first.map(|fault| fault.hint(hint)))
}

/// Deletes everything that is still scheduled in the account, whoever scheduled it.
fn outside_missions(api: &ServiceApi) -> anyhow::Result<(Vec<Value>, Vec<Value>)> {
    let (mut cancelled, mut left) = (Vec::new(), Vec::new());
    let assistants = service::assistants::list(api, None, Pages::All(Some(100)))?.rows();
    for assistant in assistants.iter().filter_map(|row| row.id(&["id", "assistant_id"])) {
        let mut lists = EventLists::new();
        let list = service::scheduled_events::list(api, &assistant, Pages::All(None))?;
        for row in list.rows().into_iter().map(ScheduledRow::new) {
            let (Some(id), Some(at)) = (row.id(), row.at()) else { continue };
            if !is_pending(row.row().value()) {
                continue;
            }
            let to = row.to().unwrap_or("-").to_owned();
            let one = UnfinishedEvent { assistant: assistant.clone(), id, to, at };
            let mut line = json!({ "event_id": one.id, "to": one.to, "at": one.at.to_string() });
            match withdraw(api, &mut lists, &one) {
                Withdrawal::Ended(_) => {}
                Withdrawal::Cancelled => cancelled.push(line),
                Withdrawal::Unconfirmed(_, why) => {
                    line["why"] = why.into();
                    left.push(line);
                }
            }
        }
    }
    Ok((cancelled, left))
}

/// Cancels one mission: what is to be printed of it, and the fault if it is not certain.
fn cancel(context: &CommandContext, slug: &str) -> anyhow::Result<(Value, String, Option<Fault>)> {
    let _lock = engine::lock(context)?;
    let has_run = has_run(context, slug)?;
    let mut engine = Engine::new(context)?;
    end_as_cancelled(context, slug)?;
    let mut result = CancelResult::default();
    let mut unfinished = unrecorded_events(context, engine.api(), slug, &mut result)?;
    let missions = context.store.read()?;
    for (id, event) in event::all(&missions.require(slug)?)? {
        if event.end.is_none() && !unfinished.iter().any(|one| one.id == id) {
            unfinished.push(UnfinishedEvent {
                assistant: event.assistant_id,
                id: id.to_owned(),
                to: event.to,
                at: event.scheduled_at,
            });
        }
    }
    drop(missions);
    let mut lists = EventLists::new();
    for one in &unfinished {
        let withdrawal = withdraw(engine.api(), &mut lists, one);
        record(context, slug, one, &withdrawal).map_err(|err| {
            not_recorded(&format!("`{slug}` is being cancelled and {} was handled", one.id), &err)
        })?;
        let mut line = json!({ "event_id": one.id, "to": one.to, "at": one.at.to_string() });
        match withdrawal {
            Withdrawal::Ended(_) => {}
            Withdrawal::Cancelled => result.cancelled.push(line),
            Withdrawal::Unconfirmed(_, why) => {
                line["why"] = why.into();
                result.may_still_happen.push(line);
            }
        }
    }
    let report =
        if has_run { engine::process(&mut engine, slug, None) } else { MissionReport::default() };
    let mut document = report.json(slug);
    document["status"] = context.store.read()?.require(slug)?.status().word().into();
    document["cancelled"] = result.cancelled.clone().into();
    document["may_still_happen"] = result.may_still_happen.clone().into();
    let fault = result.fault(slug).or_else(|| report.fault(slug));
    Ok((document, result.text(slug), fault))
}

/// Whether a mission has a run at the service. Fails (exit 2) for one that should and has none.
fn has_run(context: &CommandContext, slug: &str) -> anyhow::Result<bool> {
    let missions = context.store.read()?;
    let mission = missions.require(slug)?;
    if !needs_run(&mission) && mission.run_id().is_none() {
        return Ok(false);
    }
    Ok(mission.require_run().map(|_| true)?)
}

/// An outreach that was only planned has none, nor has one question to one number.
fn needs_run(mission: &Mission) -> bool {
    !outreach::is_outreach(mission) && !mission.fields().contains_key(super::ask::ASK)
}

impl CancelResult {
    fn fault(&self, slug: &str) -> Option<Fault> {
        let one = self.may_still_happen.first()?;
        let n = self.may_still_happen.len();
        let (to, why) = (one["to"].as_str().unwrap_or("-"), one["why"].as_str().unwrap_or("-"));
        let text = format!("{n} of `{slug}` may still happen or have happened; to {to}: {why}");
        Some(
            Fault::new(Exit::Unconfirmed, text)
                .hint("look at each with `missions get-event` or at the portal"),
        )
    }

    fn text(&self, slug: &str) -> String {
        let n = self.cancelled.len();
        let first = format!("Mission '{slug}' is called off: {n} cancelled\n");
        let others = self.may_still_happen.iter().map(|one| {
            let word = |key: &str| one[key].as_str().unwrap_or("-");
            format!("may still happen: {} at {}: {}\n", word("to"), word("at"), word("why"))
        });
        std::iter::once(first).chain(others).collect()
    }
}

/// Stores that the mission has ended: from then on nothing is scheduled for it, and nothing retried.
fn end_as_cancelled(context: &CommandContext, slug: &str) -> anyhow::Result<()> {
    let now = context.now();
    context.store.change_mission(slug, |mission| {
        if !mission.view().status().is_over() {
            mission.set_status(&MissionStatus::Cancelled, now);
        }
        let summary = "called off".to_owned();
        let status = RunEnd::Cancelled;
        let end = MissionEnd { status, step: None, summary, at: now, by_hand: true };
        progress::change_applied(mission, |applied| {
            applied.ending.get_or_insert(end);
        })
    })
}

/// The events of the mission's intents that its records do not have (yet). Intents that stay unconfirmed may still happen.
fn unrecorded_events(
    context: &CommandContext,
    api: &ServiceApi,
    slug: &str,
    result: &mut CancelResult,
) -> anyhow::Result<Vec<UnfinishedEvent>> {
    let mut found = Vec::new();
    // Another program may be scheduling just now.
    context.check_after(&LAG_PAUSES, || {
        result.may_still_happen.clear();
        found.clear();
        for intent in context.intents().of_tool(TOOL)? {
            let request: ScheduleRequest = serde_json::from_value(intent.request.clone())?;
            // A deferred request was not carried out, and is not sent again for a mission that has ended.
            if request.slug.as_deref() != Some(slug) || intent.deferred {
                continue;
            }
            match scheduling::confirm::submission_of(context, api, &intent)? {
                Submission::Confirmed(row) => found.extend(unrecorded(context, &request, &row)?),
                Submission::Unconfirmed(why) => {
                    let mut line = scheduling::confirm::unconfirmed_json(&intent);
                    line["at"] = request.body.scheduled_at.as_str().into();
                    line["why"] = why.into();
                    result.may_still_happen.push(line);
                }
            }
        }
        Ok(result.may_still_happen.is_empty().then_some(()))
    })?;
    Ok(found)
}

/// The event of a request, unless some mission has it.
fn unrecorded(
    context: &CommandContext,
    request: &ScheduleRequest,
    row: &ScheduledRow,
) -> anyhow::Result<Option<UnfinishedEvent>> {
    let missions = context.store.read()?;
    let id = row.id().filter(|id| missions.iter().all(|one| event::get(&one, id).is_none()));
    let at = row.at().or_else(|| request.body.at());
    let (Some(id), Some(at)) = (id, at) else { return Ok(None) };
    let assistant = request.body.assistant_id.clone();
    Ok(Some(UnfinishedEvent { assistant, id, to: request.body.to.clone(), at }))
}

/// Deletes an event that is pending.
pub(super) fn withdraw(
    api: &ServiceApi,
    lists: &mut EventLists,
    one: &UnfinishedEvent,
) -> Withdrawal {
    let (row, listed_at) = match read(api, lists, one) {
        Ok(read) => read,
        Err(err) => {
            return Withdrawal::Unconfirmed(None, format!("not read: {}", exit::one_line(&err)));
        }
    };
    let is_early = |answered| service::scheduled_events::is_safely_ahead(one.at, answered);
    let Some(row) = row else {
        // What is gone before its time does not happen.
        let answered = listed_at.map_or(api.now(), |listed_at| listed_at.max(api.now()));
        return if is_early(answered) {
            Withdrawal::Cancelled
        } else {
            let why = "it is no longer at the service, and its time has come".to_owned();
            Withdrawal::Unconfirmed(None, why)
        };
    };
    if has_ended(&row, one.at, api.now()) {
        return Withdrawal::Ended(row);
    }
    if !is_pending(&row) {
        let word = row["status"].as_str().unwrap_or("unknown").to_owned();
        return Withdrawal::Unconfirmed(Some(row), format!("it was `{word}` when it was read"));
    }
    match service::scheduled_events::delete(api, &one.assistant, &one.id) {
        Ok(Some(answered)) if is_early(answered) => Withdrawal::Cancelled,
        Ok(_) => {
            Withdrawal::Unconfirmed(Some(row), "it was deleted too near to its time".to_owned())
        }
        Err(err) => {
            Withdrawal::Unconfirmed(Some(row), format!("not deleted: {}", exit::one_line(&err)))
        }
    }
}

/// The row of an event from the assistant's list, or by its id where the list does not show it, and what the service's
/// clock showed when it sent the list.
fn read(
    api: &ServiceApi,
    lists: &mut EventLists,
    one: &UnfinishedEvent,
) -> anyhow::Result<(Option<Value>, Option<Timestamp>)> {
    if !lists.contains_key(&one.assistant) {
        let list = service::scheduled_events::list(api, &one.assistant, Pages::All(None))?;
        let rows = list.rows().into_iter().map(ScheduledRow::new);
        let rows = rows.filter_map(|row| row.id().map(|id| (id, row.into_row().into_value())));
        lists.insert(one.assistant.clone(), (rows.collect(), list.date()));
    }
    let (rows, date) = &lists[&one.assistant];
    if let Some(row) = rows.get(&one.id) {
        return Ok((Some(row.clone()), *date));
    }
    match service::scheduled_events::get(api, &one.assistant, &one.id) {
        Ok(row) => Ok((Some(row.into_row().into_value()), *date)),
        Err(err) if service::is_not_found(&err) => Ok((None, *date)),
        Err(err) => Err(err),
    }
}

/// Stores what was found and done, if the mission has the event.
fn record(
    context: &CommandContext,
    slug: &str,
    one: &UnfinishedEvent,
    withdrawal: &Withdrawal,
) -> anyhow::Result<()> {
    let now = context.now();
    context.store.change_mission(slug, |mission| {
        let Some(mut event) = event::get(&mission.view(), &one.id) else { return Ok(()) };
        match withdrawal {
            Withdrawal::Ended(row) | Withdrawal::Unconfirmed(Some(row), _) => {
                let event = event.target_event(&one.id);
                return event::record_poll(mission, &event, Some(row), None, false, now).map(drop);
            }
            Withdrawal::Cancelled => {
                event.polled_at = Some(now);
                event.end = Some(EventEnd { outcome: EventOutcome::Canceled, at: now });
                event.set_deleted();
            }
            Withdrawal::Unconfirmed(None, _) => {}
        }
        event::set(mission, &one.id, &event)
    })
}
