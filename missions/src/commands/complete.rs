//! `complete`: a person or an agent ends a mission as succeeded; what is scheduled stays scheduled.

use serde_json::{Value, json};
use state::exit::{self, Exit, Fault};
use state::{awaited_replies, out, shell};

use super::ensure_may_end;
use crate::args::Complete;
use crate::context::{CommandContext, not_recorded};
use crate::cron;
use crate::engine::{self, MissionSnapshot};
use crate::input;
use crate::lifecycle::{AppliedEffects, MissionEnd, RunEnd};
use crate::service::{self, RunRef, RunResult};
use crate::store::{MissionStatus, Missions, progress};

/// What the words of the command line mean.
struct CompleteWords<'a> {
    slug: &'a str,
    mission_id: String,
    run_id: String,
    summary: Option<&'a str>,
    payload: Option<Value>,
}

pub(crate) fn run(context: &CommandContext, args: &Complete) -> anyhow::Result<Exit> {
    let _lock = engine::lock(context)?;
    let missions = context.store.read()?;
    let words = read(&args.words.list(), &missions)?;
    let mission = missions.require(words.slug)?;
    let snapshot = MissionSnapshot::of(context, &mission)?;
    ensure_may_end(&mission, &snapshot, RunEnd::Succeeded)?;
    let n_unfinished = snapshot.n_unfinished(&mission);
    drop(missions);
    let run = RunRef { mission: &words.mission_id, run: &words.run_id };
    let result = RunResult { summary: words.summary, payload: words.payload.as_ref() };
    let updated = service::runs::update(&context.api()?, run, "succeeded", result)?;
    store_end(context, &words)
        .map_err(|err| not_recorded(&format!("run {} succeeded at the service", run.run), &err))?;
    remove_cron(context, words.slug);
    if n_unfinished > 0 {
        let slug = shell::quote(words.slug);
        out::warning(&format!(
            "{n_unfinished} of its calls and texts have not ended; `missions cancel {slug}` cancels them"
        ));
    }
    let document = json!({
        "slug": words.slug,
        "status": MissionStatus::Succeeded.word(),
        "mission_id": words.mission_id,
        "run_id": words.run_id,
        "run": updated.value(),
    });
    let (slug, run_id) = (words.slug, &words.run_id);
    context.printer.print_after_change(&document, || {
        format!("Updated run {run_id}: succeeded\nMission '{slug}' completed successfully")
    })?;
    Ok(Exit::Done)
}

fn store_end(context: &CommandContext, words: &CompleteWords) -> anyhow::Result<()> {
    let now = context.now();
    let end = MissionEnd {
        status: RunEnd::Succeeded,
        step: None,
        summary: words.summary.unwrap_or("completed").to_owned(),
        at: now,
        by_hand: true,
    };
    context.store.change_mission(words.slug, |mission| {
        mission.set_status(&MissionStatus::Succeeded, now);
        if let Some(summary) = words.summary {
            mission.set("result_summary", summary);
        }
        if let Some(payload) = &words.payload {
            mission.set("result_payload", payload.clone());
        }
        progress::set_tick_due(mission, None);
        progress::change_applied(mission, |applied| applied.close_by_hand(end))
    })
}

/// Removes the cron line, and only then records it as removed: a kill in between would leave the line for ever.
fn remove_cron(context: &CommandContext, slug: &str) {
    if let Err(err) = awaited_replies::remove(context.config.skill_dir(), slug) {
        out::warning(&exit::one_line(&err));
    }
    if let Err(err) = cron::remove(context, slug) {
        out::warning(&format!("its line in the crontab is still there: {}", exit::one_line(&err)));
        let slug = shell::quote(slug);
        out::hint(&format!("`missions cron remove {slug}` removes it, as the next tick does"));
        return;
    }
    let recorded = context.store.change_mission(slug, |mission| {
        progress::change_applied(mission, AppliedEffects::cron_was_removed)
    });
    if let Err(err) = recorded {
        let text = exit::one_line(&err);
        out::warning(&format!("the next tick searches for its cron line once more: {text}"));
    }
}

fn read<'a>(words: &[&'a str], missions: &Missions) -> anyhow::Result<CompleteWords<'a>> {
    let slug = words[0];
    let mission = missions.require(slug)?;
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
        None => {
            let run = mission.require_run()?;
            (run.mission.to_owned(), run.run.to_owned())
        }
        Some((mission_id, run_id)) => {
            for (what, given, stored) in
                [("mission", mission_id, mission.mission_id()), ("run", run_id, mission.run_id())]
            {
                if let Some(stored) = stored.filter(|stored| *stored != given) {
                    let text = format!("the {what} of `{slug}` is `{stored}`, not `{given}`");
                    let hint = "leave both ids out: they are known";
                    return Err(Fault::usage(text).hint(hint).into());
                }
            }
            (mission_id.to_owned(), run_id.to_owned())
        }
    };
    let summary = summary.map(|text| input::not_blank("the summary", text)).transpose()?;
    let payload = payload.map(|text| input::json("the payload", text, "{\"best\": \"ABC Co\"}"));
    Ok(CompleteWords { slug, mission_id, run_id, summary, payload: payload.transpose()? })
}
