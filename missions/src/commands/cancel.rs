//! `cancel`: calls a mission off, and says of every call and text that it cannot happen any more, or that it may.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use state::exit::{self, Exit, Fault};

use crate::args::Cancel;
use crate::context::{Context, unkept};
use crate::lifecycle::{End, Ending, Outcome, RunEnd, has_ended, is_pending};
use crate::schedule::{self, Order, TOOL, Tried};
use crate::service::{self, Pages, ScheduledRow, ServiceApi, ServiceRow};
use crate::state_file::Status;
use crate::tick::{self, Tick};

/// Nearer to its time than this, an event may be on its way although it was deleted.
const AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// The pauses before each look for what another program may be scheduling just now.
const LOOKS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(2)];

/// Something that is scheduled and has not ended.
#[derive(Clone, Debug)]
struct Open {
    assistant: String,
    event: String,
    to: String,
    at: Timestamp,
}

/// What became of all of them.
#[derive(Debug, Default)]
struct Sorted {
    cancelled: Vec<Value>,
    doubtful: Vec<Value>,
}

pub(crate) fn run(context: &Context, args: &Cancel) -> anyhow::Result<Exit> {
    let slug = &*args.slug;
    let _lock = tick::lock(context)?;
    let api = context.api()?;
    decide(context, slug)?;
    let mut sorted = Sorted::default();
    let mut open = in_flight(context, &api, slug, &mut sorted)?;
    let missions = context.file.read()?;
    for (id, event) in missions.known(slug)?.events()? {
        if event.end.is_none() && !open.iter().any(|one| one.event == id) {
            open.push(Open {
                assistant: event.assistant_id,
                event: id.to_owned(),
                to: event.to,
                at: event.scheduled_at,
            });
        }
    }
    let mut lists = HashMap::new();
    for one in &open {
        let became = withdraw(&api, &mut lists, one);
        keep(context, slug, one, &became).map_err(|err| {
            unkept(&format!("`{slug}` is being called off and {} was looked at", one.event), &err)
        })?;
        let mut line = json!({ "event_id": one.event, "to": one.to, "at": one.at.to_string() });
        match became {
            Became::Ended(_) => {}
            Became::Cancelled => sorted.cancelled.push(line),
            Became::Doubtful(_, why) => {
                line["why"] = why.into();
                sorted.doubtful.push(line);
            }
        }
    }
    let report = Tick::new(context)?.look_after(slug, None);
    let missions = context.file.read()?;
    let mission = missions.known(slug)?;
    let mut document = report.json(tick::names(&mission, true));
    document["status"] = mission.status().word().into();
    document["cancelled"] = sorted.cancelled.clone().into();
    document["may_still_happen"] = sorted.doubtful.clone().into();
    let fault = sorted.fault(slug).or_else(|| report.fault(slug));
    context.end(&document, || sorted.text(slug), fault)
}

impl Sorted {
    fn fault(&self, slug: &str) -> Option<Fault> {
        let one = self.doubtful.first()?;
        let n = self.doubtful.len();
        let (to, why) = (one["to"].as_str().unwrap_or("-"), one["why"].as_str().unwrap_or("-"));
        let text = format!("{n} of `{slug}` may still happen or have happened; to {to}: {why}");
        Some(
            Fault::new(Exit::Unknown, text)
                .hint("look at each with `missions get-event` or at the portal"),
        )
    }

    fn text(&self, slug: &str) -> String {
        let n = self.cancelled.len();
        let first = format!("Mission '{slug}' is called off: {n} cancelled\n");
        let doubtful = self.doubtful.iter().map(|one| {
            let word = |key: &str| one[key].as_str().unwrap_or("-");
            format!("may still happen: {} at {}: {}\n", word("to"), word("at"), word("why"))
        });
        std::iter::once(first).chain(doubtful).collect()
    }
}

/// Keeps that the mission is over: from then on nothing is scheduled for it, and nobody is tried again.
fn decide(context: &Context, slug: &str) -> anyhow::Result<()> {
    let now = context.now();
    context.file.change_mission(slug, |mission| {
        tick::ids(&mission.view())?;
        if !mission.view().status().is_over() {
            mission.set_status(&Status::Cancelled, now);
        }
        let summary = "called off".to_owned();
        let status = RunEnd::Cancelled;
        let ending = Ending { status, step: None, summary, at: now, by_hand: true };
        mission.change_ledger(slug, |ledger| {
            ledger.ending.get_or_insert(ending);
        })
    })
}

/// What intents of the mission made that its state does not know (yet): looked for a few times.
fn in_flight(
    context: &Context,
    api: &ServiceApi,
    slug: &str,
    sorted: &mut Sorted,
) -> anyhow::Result<Vec<Open>> {
    let mut doubts = Vec::new();
    let mut found = Vec::new();
    for pause in LOOKS {
        context.clock.sleep(context.clock.period(pause));
        doubts.clear();
        found.clear();
        for intent in context.intents().of_tool(TOOL)? {
            let order: Order = serde_json::from_value(intent.request.clone())?;
            // What the service put off was not carried out, and is not tried again for a mission that has ended.
            if order.slug.as_deref() != Some(slug) || intent.deferred {
                continue;
            }
            let tried = match &intent.result {
                Some(row) => Tried::Made(ScheduledRow::new(ServiceRow::new(row.clone()))),
                None => schedule::find(context, api, &intent)?,
            };
            match tried {
                Tried::Made(event) => found.extend(unknown(context, &order, &event)?),
                Tried::InDoubt(why) => {
                    let mut line = schedule::unsettled(&intent);
                    line["at"] = order.new.scheduled_at.as_str().into();
                    line["why"] = why.into();
                    doubts.push(line);
                }
            }
        }
        if doubts.is_empty() {
            break;
        }
    }
    sorted.doubtful.append(&mut doubts);
    Ok(found)
}

/// What an order made, unless some mission of the state knows it.
fn unknown(context: &Context, order: &Order, event: &ScheduledRow) -> anyhow::Result<Option<Open>> {
    let missions = context.file.read()?;
    let id = event.id().filter(|id| missions.iter().all(|one| one.event(id).is_none()));
    let at = event.at().or_else(|| order.new.at());
    let (Some(event), Some(at)) = (id, at) else { return Ok(None) };
    let assistant = order.new.assistant_id.clone();
    Ok(Some(Open { assistant, event, to: order.new.to.clone(), at }))
}

/// What became of an event, with the row that was read where there was one.
#[derive(Debug)]
enum Became {
    /// It had ended before.
    Ended(Value),
    /// It cannot happen any more.
    Cancelled,
    /// It may have happened or happen yet.
    Doubtful(Option<Value>, String),
}

/// The rows of an assistant's list by id, and the service's clock when it sent them.
type Lists = HashMap<String, (HashMap<String, Value>, Option<Timestamp>)>;

fn withdraw(api: &ServiceApi, lists: &mut Lists, one: &Open) -> Became {
    let (row, read_at) = match read(api, lists, one) {
        Ok(read) => read,
        Err(err) => return Became::Doubtful(None, format!("not read: {}", exit::told(&err))),
    };
    let is_early = |answered: Timestamp| one.at.duration_since(answered) >= AHEAD;
    let Some(row) = row else {
        // What is gone before its time does not happen.
        let answered = read_at.map_or(api.now(), |read_at| read_at.max(api.now()));
        return if is_early(answered) {
            Became::Cancelled
        } else {
            let why = "it is no longer at the service, and its time has come".to_owned();
            Became::Doubtful(None, why)
        };
    };
    if has_ended(&row, one.at, api.now()) {
        return Became::Ended(row);
    }
    if !is_pending(&row) {
        let word = row["status"].as_str().unwrap_or("unknown").to_owned();
        return Became::Doubtful(Some(row), format!("it was `{word}` when it was read"));
    }
    match service::scheduled_events::delete(api, &one.assistant, &one.event) {
        Ok(Some(answered)) if is_early(answered) => Became::Cancelled,
        Ok(_) => Became::Doubtful(Some(row), "it was deleted too near to its time".to_owned()),
        Err(err) => Became::Doubtful(Some(row), format!("not deleted: {}", exit::told(&err))),
    }
}

/// The row of an event from the assistant's list, or by its id where the list does not show it.
fn read(
    api: &ServiceApi,
    lists: &mut Lists,
    one: &Open,
) -> anyhow::Result<(Option<Value>, Option<Timestamp>)> {
    if !lists.contains_key(&one.assistant) {
        let list = service::scheduled_events::list(api, &one.assistant, Pages::All(None))?;
        let rows = list.rows().into_iter().map(ScheduledRow::new);
        let rows = rows.filter_map(|row| row.id().map(|id| (id, row.into_row().into_value())));
        lists.insert(one.assistant.clone(), (rows.collect(), list.date()));
    }
    let (rows, date) = &lists[&one.assistant];
    if let Some(row) = rows.get(&one.event) {
        return Ok((Some(row.clone()), *date));
    }
    match service::scheduled_events::get(api, &one.assistant, &one.event) {
        Ok(row) => Ok((Some(row.into_row().into_value()), *date)),
        Err(err) if service::is_not_found(&err) => Ok((None, *date)),
        Err(err) => Err(err),
    }
}

/// Keeps what was seen and done of an event that the state knows.
fn keep(context: &Context, slug: &str, one: &Open, became: &Became) -> anyhow::Result<()> {
    let now = context.now();
    context.file.change_mission(slug, |mission| {
        let Some(mut event) = mission.view().event(&one.event) else { return Ok(()) };
        match became {
            Became::Ended(row) | Became::Doubtful(Some(row), _) => {
                return mission.look(&event.attempt(&one.event), Some(row), None, now).map(drop);
            }
            Became::Cancelled => {
                event.looked_at = Some(now);
                event.end = Some(End { outcome: Outcome::Canceled, at: now });
                "deleted".clone_into(&mut event.status);
            }
            Became::Doubtful(None, _) => {}
        }
        mission.set_event(&one.event, &event)
    })
}
