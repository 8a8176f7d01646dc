//! `fail`, `complete`: a mission is ended by somebody who knows; what follows is done by the same means as in a tick.

use serde_json::{Value, json};
use state::exit::{self, Exit, Fault};
use state::out;
use state::words::for_shell;

use crate::args::{Complete, Fail};
use crate::context::{Context, unkept};
use crate::cron;
use crate::input;
use crate::lifecycle::{Ending, Ledger, RunEnd, Step, StepEnd, StepStatus};
use crate::service::{self, RunRef, RunResult};
use crate::state_file::{Missions, Status};
use crate::tick::{self, Known, Tick};

pub(crate) fn fail(context: &Context, args: &Fail) -> anyhow::Result<Exit> {
    let (slug, reason) = (&*args.slug, input::words_of("the reason", &args.reason)?.trim());
    let _lock = tick::lock(context)?;
    let missions = context.file.read()?;
    let mission = missions.known(slug)?;
    let known = Known::of(context, &mission)?;
    let status = mission.status();
    match known.ledger.ending.as_ref().map(|ending| ending.status) {
        Some(RunEnd::Failed) => {}
        Some(other) => return Err(ended(slug, other.word()).into()),
        None if status.is_over() && status != Status::Failed => {
            return Err(ended(slug, status.word()).into());
        }
        None => {
            let (steps, _) = Tick::new(context)?.facts_of(&mission)?;
            let step = failed_step(&steps, args.step.as_deref())?;
            let now = context.now();
            context.file.change_mission(slug, |mission| {
                mission.change_ledger(slug, |ledger| {
                    let end = StepEnd { completed: false, summary: reason.to_owned() };
                    if let Some(step) = &step {
                        ledger.steps.entry(step.clone()).or_insert(end);
                    }
                    let (summary, by_hand) = (reason.to_owned(), true);
                    let ending = Ending { status: RunEnd::Failed, step, summary, at: now, by_hand };
                    ledger.ending.get_or_insert(ending);
                })
            })?;
        }
    }
    let report = Tick::new(context)?.look_after(slug, None);
    let missions = context.file.read()?;
    let mission = missions.known(slug)?;
    let ending = Known::of(context, &mission)?.ledger.ending;
    let mut document = report.json(tick::names(&mission, true));
    document["status"] = "failed".into();
    document["step"] = ending.as_ref().and_then(|ending| ending.step.clone()).into();
    document["reason"] = ending.map(|ending| ending.summary).into();
    context.end(&document, || report.text(slug), report.fault(slug))
}

/// The step that failed: the one that is named, else the one under way, else the first that is not over.
fn failed_step(steps: &[Step], named: Option<&str>) -> Result<Option<String>, Fault> {
    if let Some(named) = named {
        let ids: Vec<&str> = steps.iter().map(|step| &*step.id).collect();
        if !ids.contains(&named) {
            return Err(Fault::usage(format!(
                "the plan has no step `{named}`; its steps are {}",
                ids.join(", ")
            )));
        }
        return Ok(Some(named.to_owned()));
    }
    let under_way = steps.iter().find(|step| step.status == StepStatus::InProgress);
    let open = || steps.iter().find(|step| step.status == StepStatus::Pending);
    Ok(under_way.or_else(open).map(|step| step.id.clone()))
}

fn ended(slug: &str, how: &str) -> Fault {
    Fault::usage(format!("mission `{slug}` has ended already: {how}"))
        .hint(format!("`missions get-state {}` shows what came of it", for_shell(slug)))
}

/// What the words of the command line mean, by their number.
struct Words<'a> {
    slug: &'a str,
    mission_id: String,
    run_id: String,
    summary: Option<&'a str>,
    payload: Option<Value>,
}

pub(crate) fn complete(context: &Context, args: &Complete) -> anyhow::Result<Exit> {
    let _lock = tick::lock(context)?;
    let missions = context.file.read()?;
    let words = read(&args.words.list(), &missions)?;
    let mission = missions.known(words.slug)?;
    let known = Known::of(context, &mission)?;
    let status = mission.status();
    // To complete it once more is harmless; what failed or was called off does not become a success.
    match known.ledger.ending.as_ref().map(|ending| ending.status) {
        Some(RunEnd::Succeeded) => {}
        Some(other) => return Err(ended(words.slug, other.word()).into()),
        None if status.is_over() && status != Status::Succeeded => {
            return Err(ended(words.slug, status.word()).into());
        }
        None => {}
    }
    let n_open = known.n_open(&mission);
    drop(missions);
    let of = RunRef { mission: &words.mission_id, run: &words.run_id };
    let result = RunResult { summary: words.summary, payload: words.payload.as_ref() };
    let run = service::runs::update(&context.api()?, of, "succeeded", result)?;
    let now = context.now();
    let ending = Ending {
        status: RunEnd::Succeeded,
        step: None,
        summary: words.summary.unwrap_or("completed").to_owned(),
        at: now,
        by_hand: true,
    };
    let kept = context.file.change_mission(words.slug, |mission| {
        mission.set_status(&Status::Succeeded, now);
        if let Some(summary) = words.summary {
            mission.set("result_summary", summary);
        }
        if let Some(payload) = &words.payload {
            mission.set("result_payload", payload.clone());
        }
        mission.set_tick_due(None);
        mission.change_ledger(words.slug, |ledger| ledger.close(ending))
    });
    kept.map_err(|err| unkept(&format!("run {} succeeded at the service", words.run_id), &err))?;
    if let Err(err) = cron::remove(context, words.slug) {
        out::warning(&format!("its line in the crontab is still there: {}", exit::told(&err)));
        let slug = for_shell(words.slug);
        out::hint(&format!("`missions cron remove {slug}` removes it, as the next tick does"));
    } else {
        // Kept as removed only after that: else a kill in between would leave the line for ever.
        let kept = context.file.change_mission(words.slug, |mission| {
            mission.change_ledger(words.slug, Ledger::cron_removed)
        });
        if let Err(err) = kept {
            let text = exit::told(&err);
            out::warning(&format!("the next tick looks for its cron line once more: {text}"));
        }
    }
    if n_open > 0 {
        let slug = for_shell(words.slug);
        out::warning(&format!(
            "{n_open} of its calls and texts have not ended; `missions cancel {slug}` calls them off"
        ));
    }
    let document = json!({
        "slug": words.slug,
        "status": Status::Succeeded.word(),
        "mission_id": words.mission_id,
        "run_id": words.run_id,
        "run": run.value(),
    });
    let (slug, run_id) = (words.slug, &words.run_id);
    context.printer.done(&document, || {
        format!("Updated run {run_id}: succeeded\nMission '{slug}' completed successfully")
    })?;
    Ok(Exit::Done)
}

fn read<'a>(words: &[&'a str], missions: &Missions) -> anyhow::Result<Words<'a>> {
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
    Ok(Words { slug, mission_id, run_id, summary, payload: payload.transpose()? })
}
