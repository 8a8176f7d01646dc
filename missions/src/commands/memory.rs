//! `save-memory`, `append-memory`, `get-memory`: the memory of a mission, on this machine.

use serde_json::{Value, json};
use state::exit::{Exit, Fault};
use state::out;

use super::python_print::printed;
use crate::args::{AppendMemory, GetMemory, SaveMemory};
use crate::context::CommandContext;
use crate::input;
use crate::store::{Appended, append_memory, save_memory};

pub(crate) fn save(context: &CommandContext, args: &SaveMemory) -> anyhow::Result<Exit> {
    let key = key(&args.key)?;
    let value = input::value(&args.value, args.read.json, args.read.string)?;
    let slug = slug(&args.slug)?;
    save_memory(&context.store, slug, (key, &value), args.read.create, context.now())?;
    let document = json!({ "slug": args.slug, "key": key, "value": value });
    let text = || format!("Saved memory '{key}' for mission '{}'", args.slug);
    context.printer.print_after_change(&document, text)?;
    Ok(Exit::Done)
}

pub(crate) fn append(context: &CommandContext, args: &AppendMemory) -> anyhow::Result<Exit> {
    let key = key(&args.key)?;
    let item = input::value(&args.item, args.read.json, args.read.string)?;
    let slug = slug(&args.slug)?;
    let create = args.read.create;
    let appended = append_memory(&context.store, slug, (key, &item), create, context.now())?;
    let Appended { items, was_single } = appended;
    if was_single {
        out::warning(&format!("`{key}` was a single value; it is the first item of a list now"));
    }
    let document = json!({ "slug": slug, "key": key, "items": items });
    let text = || format!("Appended to memory '{key}' for mission '{slug}' (now {items} items)");
    context.printer.print_after_change(&document, text)?;
    Ok(Exit::Done)
}

pub(crate) fn get(context: &CommandContext, args: &GetMemory) -> anyhow::Result<Exit> {
    let missions = context.store.read()?;
    let mission = missions.get(&args.slug);
    if mission.is_none() {
        out::warning(&missions.unknown(&args.slug).to_string());
    }
    let memory = mission.and_then(|mission| mission.memory());
    let found = match &args.key {
        None => memory.map(|memory| Value::Object(memory.clone())),
        Some(key) => memory.and_then(|memory| memory.get(key)).cloned(),
    };
    let text = || found.as_ref().and_then(printed).unwrap_or_else(|| "No memory found".to_owned());
    context.printer.print(found.as_ref().unwrap_or(&Value::Null), text)?;
    Ok(Exit::Done)
}

fn key(given: &str) -> Result<&str, Fault> {
    input::not_blank("the key", given)
}

fn slug(given: &str) -> Result<&str, Fault> {
    input::not_blank("the slug", given)
}
