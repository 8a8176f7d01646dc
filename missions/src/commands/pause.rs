//! `pause`: stops an outreach for now. What is over a minute ahead is withdrawn, and may be begun again later.

use serde_json::{Value, json};
use state::exit::{Exit, Fault};
use state::shell;

use super::cancel::{EventLists, UnfinishedEvent, Withdrawal, withdraw};
use crate::args::Pause;
use crate::context::{CommandContext, not_recorded};
use crate::engine::{self, Engine};
use crate::lifecycle::{EventEnd, EventOutcome};
use crate::service::scheduled_events;
use crate::store::{event, outreach, progress};

pub(crate) fn run(context: &CommandContext, args: &Pause) -> anyhow::Result<Exit> {
    let slug = &args.slug;
    let _lock = engine::lock(context)?;
    // Stored first: from then on no tick begins anything.
    context.store.change_mission(slug, |mission| {
        outreach::change(mission, |outreach| outreach.paused = true)
    })?;
    let engine = Engine::new(context)?;
    let missions = context.store.read()?;
    let events = event::all(&missions.require(slug)?)?;
    let open = events.into_iter().filter(|(_, event)| event.end.is_none() && !event.withdrawn);
    let open: Vec<UnfinishedEvent> = open
        .filter(|(_, event)| scheduled_events::is_safely_ahead(event.scheduled_at, engine.now()))
        .map(|(id, event)| UnfinishedEvent {
            assistant: event.assistant_id,
            id: id.to_owned(),
            to: event.to,
            at: event.scheduled_at,
        })
        .collect();
    drop(missions);
    let (mut withdrawn, mut left) = (Vec::new(), Vec::new());
    let mut lists = EventLists::new();
    for one in &open {
        let mut row = json!({ "to": one.to, "at": one.at.to_string() });
        match withdraw(engine.api(), &mut lists, one) {
            Withdrawal::Cancelled => {
                record(context, slug, &one.id)
                    .map_err(|err| not_recorded(&format!("{} was withdrawn", one.id), &err))?;
                withdrawn.push(row);
            }
            Withdrawal::Ended(_) => {}
            Withdrawal::Unconfirmed(_, why) => {
                row["why"] = why.into();
                left.push(row);
            }
        }
    }
    let n_withdrawn = withdrawn.len();
    let document = json!({
        "slug": slug, "paused": true, "withdrawn": withdrawn, "may_still_happen": left,
    });
    let fault = left.first().map(|first| fault(left.len(), first));
    let quoted = shell::quote(slug);
    context.end(
        &document,
        || {
            format!(
                "'{slug}' is paused, {n_withdrawn} withdrawn; `missions resume {quoted}` goes on"
            )
        },
        fault,
    )
}

/// Stores that a call or text was withdrawn: it is no try, and its target is begun again when the outreach goes on.
fn record(context: &CommandContext, slug: &str, id: &str) -> anyhow::Result<()> {
    let now = context.now();
    context.store.change_mission(slug, |mission| {
        let Some(mut event) = event::get(&mission.view(), id) else { return Ok(()) };
        let mission_id = mission.view().mission_id().unwrap_or_default().to_owned();
        let key = event
            .retry_of
            .clone()
            .unwrap_or_else(|| crate::scheduling::first_key(&mission_id, &event.to));
        event.withdrawn = true;
        event.end = Some(EventEnd { outcome: EventOutcome::Canceled, at: now });
        event.set_deleted();
        event::set(mission, id, &event)?;
        progress::change_applied(mission, |applied| {
            applied.retries.remove(&key);
        })
    })
}

fn fault(n: usize, first: &Value) -> Fault {
    let word = |key: &str| first[key].as_str().unwrap_or("-").to_owned();
    let text = format!("{n} may still happen or have happened; to {}: {}", word("to"), word("why"));
    Fault::new(Exit::Unconfirmed, text).hint("`missions wait` says what came of them")
}
