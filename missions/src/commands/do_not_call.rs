//! `dnc`: the list of numbers that no tool calls or texts.

use std::time::Duration;

use serde_json::{Map, Value, json};
use state::do_not_call::{self, DoNotCallEntry, DoNotCallList};
use state::exit::{self, Exit, Fault};
use state::phone::Phone;
use state::withdrawal::{self, WithdrawnEvent};
use state::{out, shell};

use super::owner_approval;
use crate::args::DncCommand;
use crate::context::CommandContext;
use crate::store::{Mission, event, progress};

pub(crate) fn run(context: &CommandContext, what: &DncCommand) -> anyhow::Result<Exit> {
    let skill = context.config.skill_dir();
    match what {
        DncCommand::Add { number } => {
            let phone: Phone = number.parse()?;
            let changed = do_not_call::add_by_hand(skill, &phone, context.now())?;
            let withdrawn = withdraw(context, &phone);
            if let Err(err) = let_ticks_unschedule(context, &phone) {
                out::warning(&format!("what is scheduled stays: {}", exit::one_line(&err)));
            }
            print(context, &phone, true, changed, Some(&withdrawn))
        }
        DncCommand::Remove { number, timeout } => remove(context, &number.parse()?, *timeout),
        DncCommand::List => {
            let list = do_not_call::load(skill)?;
            context.printer.print(&document(&list), || lines(&list))?;
            Ok(Exit::Done)
        }
    }
}

/// Takes a number off the list, with an approval of the owner's phone and never without.
fn remove(context: &CommandContext, phone: &Phone, timeout: Duration) -> anyhow::Result<Exit> {
    let skill = context.config.skill_dir();
    let list = do_not_call::load(skill)?;
    let Some(entry) = list.get(phone) else { return print(context, phone, false, false, None) };
    let (covers, why) = (entry.coverage, entry.reason.as_str());
    let action =
        format!("Take {phone} off the do-not-call list ({why}: no {covers} since {})", entry.at);
    let answer = owner_approval::request(context, &action, timeout)?;
    if !answer.is_approved() {
        let document = json!({
            "number": phone.as_str(), "listed": true, "changed": false,
            "request_id": answer.request_id, "approval": answer.status,
        });
        let text = || format!("{phone} stays on the list: the approval is {}", answer.status);
        context.printer.print_with_failure(&document, text);
        return Ok(answer.exit);
    }
    if !do_not_call::remove(skill, phone, entry, context.now())? {
        let text = format!("what the list says of {phone} changed while the owner was asked");
        return Err(Fault::new(Exit::Busy, text).hint("run the same command again").into());
    }
    print(context, phone, false, true, None)
}

/// When each number was added, and beside that why, and what that covers.
fn document(list: &DoNotCallList) -> Value {
    let each = |value: fn(&DoNotCallEntry) -> Value| -> Map<String, Value> {
        list.iter().map(|(number, entry)| (number.to_owned(), value(entry))).collect()
    };
    json!({ "numbers": each(|entry| entry.at.as_str().into()), "details": each(DoNotCallEntry::details) })
}

/// The list as text, a line for each number.
fn lines(list: &DoNotCallList) -> String {
    let line = |(number, entry): (&str, &DoNotCallEntry)| {
        format!("{number}  {}  {}, since {}", entry.coverage, entry.reason.as_str(), entry.at)
    };
    list.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Deletes what is scheduled for a number at the service, in missions and outside them. That it could not be is a warning:
/// the number is on the list.
fn withdraw(context: &CommandContext, phone: &Phone) -> Vec<WithdrawnEvent> {
    let withdrawn = context.api().and_then(|api| {
        let list = do_not_call::load(context.config.skill_dir())?;
        Ok(withdrawal::withdraw(api.client(), &list, Some(phone))?)
    });
    let withdrawn = withdrawn.unwrap_or_else(|err| {
        let why = exit::one_line(&err);
        out::warning(&format!("what is scheduled for {phone} may stay: {why}"));
        Vec::new()
    });
    for one in &withdrawn {
        if let Some(why) = &one.left {
            out::warning(&format!("{} to {phone} stays scheduled: {why}", one.event_id));
        }
    }
    withdrawn
}

/// Lets the next tick delete what is scheduled for a number.
fn let_ticks_unschedule(context: &CommandContext, phone: &Phone) -> anyhow::Result<()> {
    let waits = |mission: &Mission| {
        let mut events = event::all(mission).into_iter().flatten();
        events.any(|(_, event)| event.end.is_none() && event.to == phone.as_str())
    };
    let missions = context.store.read()?;
    for mission in missions.iter().filter(|one| !one.status().is_over() && waits(one)) {
        let slug = mission.slug();
        context.store.change_mission(slug, |mission| {
            progress::set_tick_due(mission, Some(context.now()));
            Ok(())
        })?;
        let slug = shell::quote(slug);
        out::progress(&format!("`missions tick {slug}` deletes what is scheduled for {phone}"));
    }
    Ok(())
}

fn print(
    context: &CommandContext,
    phone: &Phone,
    listed: bool,
    changed: bool,
    withdrawn: Option<&[WithdrawnEvent]>,
) -> anyhow::Result<Exit> {
    let mut document = json!({ "number": phone.as_str(), "listed": listed, "changed": changed });
    if let Some(all) = withdrawn {
        let ids = |is_left: bool| -> Value {
            let some = all.iter().filter(|one| one.left.is_some() == is_left);
            some.map(|one| one.event_id.as_str()).collect()
        };
        document["withdrawn"] = ids(false);
        document["not_withdrawn"] = ids(true);
    }
    let text = || match (listed, changed) {
        (true, true) => format!("{phone} is never called or texted from now on"),
        (true, false) => format!("{phone} was on the list already"),
        (false, true) => format!("{phone} may be called and texted again"),
        (false, false) => format!("{phone} was not on the list"),
    };
    context.printer.print_after_change(&document, text)?;
    Ok(Exit::Done)
}
