//! `complete`: ends a mission well, and keeps it, archived.

use serde_json::{Value, json};
use state::exit::{Exit, Fault};

use crate::api::{RunRef, RunResult};
use crate::args::Complete;
use crate::context::Context;
use crate::input;
use crate::state_file::{Missions, Status};

/// What the words of the command line mean, by their number.
struct Ending<'a> {
    slug: &'a str,
    mission_id: String,
    run_id: String,
    summary: Option<&'a str>,
    payload: Option<Value>,
}

pub(crate) fn run(context: &Context, args: &Complete) -> anyhow::Result<Exit> {
    let missions = context.file.read()?;
    let ending = read(&args.words.list(), &missions)?;
    let of = RunRef { mission: &ending.mission_id, run: &ending.run_id };
    let result = RunResult { summary: ending.summary, payload: ending.payload.as_ref() };
    let run = context.api()?.update_run(of, "succeeded", result)?;
    context.file.change_mission(ending.slug, |mission| {
        mission.set_status(&Status::Succeeded, context.now());
        if let Some(summary) = ending.summary {
            mission.set("result_summary", summary);
        }
        if let Some(payload) = &ending.payload {
            mission.set("result_payload", payload.clone());
        }
        Ok(())
    })?;
    let document = json!({
        "slug": ending.slug,
        "status": Status::Succeeded.word(),
        "mission_id": ending.mission_id,
        "run_id": ending.run_id,
        "run": run.value(),
    });
    let (slug, run_id) = (ending.slug, &ending.run_id);
    context.printer.document(&document, || {
        format!("Updated run {run_id}: succeeded\nMission '{slug}' completed successfully")
    })?;
    Ok(Exit::Done)
}

fn read<'a>(words: &[&'a str], missions: &Missions) -> anyhow::Result<Ending<'a>> {
    let slug = words[0];
    let kept = missions.known(slug)?;
    let ids = |mission: Option<&str>, run: Option<&str>| match (mission, run) {
        (Some(mission), Some(run)) => Ok((mission.to_owned(), run.to_owned())),
        _ => Err(Fault::usage(format!("mission `{slug}` has no run that could be completed"))
            .hint("run its `missions init` again: it goes on where it stopped")),
    };
    let (given, summary, payload) = match words[1..] {
        [] => (None, None, None),
        [summary] => (None, Some(summary), None),
        [mission, run, summary] => (Some((mission, run)), Some(summary), None),
        [mission, run, summary, payload] => (Some((mission, run)), Some(summary), Some(payload)),
        _ => {
            let n = words.len();
            return Err(Fault::usage(format!("complete takes 1, 2, 4 or 5 arguments, not {n}"))
                .hint("quote the summary: missions complete SLUG \"ABC Co is cheapest\"")
                .into());
        }
    };
    let (mission_id, run_id) = match given {
        None => ids(kept.mission_id(), kept.run_id())?,
        Some((mission, run)) => {
            for (what, given, known) in
                [("mission", mission, kept.mission_id()), ("run", run, kept.run_id())]
            {
                if known.is_some_and(|known| known != given) {
                    let text = format!(
                        "the {what} of `{slug}` is `{}`, not `{given}`",
                        known.unwrap_or_default()
                    );
                    return Err(Fault::usage(text)
                        .hint("leave both ids out: they are known")
                        .into());
                }
            }
            (mission.to_owned(), run.to_owned())
        }
    };
    let summary = summary.map(|text| input::words_of("the summary", text)).transpose()?;
    let payload = payload.map(|text| input::json("the payload", text, "{\"best\": \"ABC Co\"}"));
    Ok(Ending { slug, mission_id, run_id, summary, payload: payload.transpose()? })
}
