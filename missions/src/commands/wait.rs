//! `wait`: waits for what comes of a mission, and ticks meanwhile. Prints the rows that are new since the last wait.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use state::exit::{Exit, Fault};
use state::{interrupt, out, shell};

use crate::args::Wait;
use crate::context::CommandContext;
use crate::engine;
use crate::outreach::report::Report;
use crate::store::MissionStatus;

/// The key in a mission of the outcomes that were told, by the number.
const TOLD: &str = "told";

/// The pause between two ticks, and after one that had to stop.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_AFTER_FAULT: Duration = Duration::from_secs(15);

pub(crate) fn run(context: CommandContext, args: &Wait) -> anyhow::Result<Exit> {
    let (slug, until_next, all, timeout) =
        (args.slug.clone(), args.until == "next", args.all, args.timeout);
    context.store.read()?.require(&slug)?;
    let again = format!("`missions wait {}` waits on", shell::quote(&slug));
    let waiting = move || wait(&context, &slug, until_next, all, timeout);
    match interrupt::run_until_signal(waiting)? {
        Some(ended) => ended,
        None => Err(Fault::new(Exit::Undecided, "interrupted; it goes on").hint(again).into()),
    }
}

fn wait(
    context: &CommandContext,
    slug: &str,
    until_next: bool,
    all: bool,
    timeout: Duration,
) -> anyhow::Result<Exit> {
    let deadline = Instant::now() + context.clock.real_duration(timeout);
    let mut last_fault: Option<String> = None;
    loop {
        let mut pause = PAUSE;
        if is_begun(context, slug)?
            && let Some(summary) = engine::run_tick(context, Some(slug))?
            && let Some(fault) = summary.fault()
        {
            let text = fault.to_string();
            if last_fault.as_ref() != Some(&text) {
                out::warning(&text);
            }
            last_fault = Some(text);
            pause = PAUSE_AFTER_FAULT;
        }
        let missions = context.store.read()?;
        let mission = missions.require(slug)?;
        let report = Report::read(context, &mission)?;
        let is_over = mission.status().is_over();
        let told: BTreeMap<String, String> = mission.typed(TOLD).unwrap_or_default();
        drop(missions);
        let is_new = |row: &&crate::lifecycle::TargetRow| {
            row.outcome.is_final()
                && (all || told.get(&row.to).map(String::as_str) != Some(row.outcome.word()))
        };
        let is_one_new = report.rows.iter().any(|row| is_new(&row));
        let is_stuck = !report.needs.is_empty() && report.status != MissionStatus::Running.word();
        let is_due = is_over || is_stuck || (until_next && is_one_new);
        let is_late = Instant::now() >= deadline;
        if is_due || is_late {
            let rows: Vec<Value> =
                report.rows.iter().filter(is_new).map(|row| row.json(false)).collect();
            return print(context, &report, &rows, is_due);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let pause = context.clock.real_duration(context.clock.scale_period(pause));
        std::thread::sleep(pause.min(left));
    }
}

/// Whether a tick can do anything for it.
fn is_begun(context: &CommandContext, slug: &str) -> anyhow::Result<bool> {
    Ok(context.store.read()?.require(slug)?.run_id().is_some())
}

fn print(
    context: &CommandContext,
    report: &Report,
    rows: &[Value],
    is_due: bool,
) -> anyhow::Result<Exit> {
    let quoted = shell::quote(&report.slug);
    let (n_waiting, is_over) = (report.n_waiting(), report.n_waiting() == 0);
    let next = if is_over {
        format!("missions report {quoted}")
    } else {
        format!("missions wait {quoted}")
    };
    let document =
        json!({ "rows": rows, "waiting": n_waiting, "needs": report.needs, "next": next });
    if is_due {
        context.printer.print_after_change(&document, || report.text())?;
    } else {
        context.printer.print_with_failure(&document, || report.text());
    }
    context.store.change_mission(&report.slug, |mission| {
        let mut told: BTreeMap<String, String> = mission.view().typed(TOLD).unwrap_or_default();
        for row in report.rows.iter().filter(|row| row.outcome.is_final()) {
            told.insert(row.to.clone(), row.outcome.word().to_owned());
        }
        mission.set_typed(TOLD, &told)
    })?;
    if is_due {
        return Ok(Exit::Done);
    }
    let text = format!("the time is up; {n_waiting} of {} go on", report.rows.len());
    Err(Fault::new(Exit::Undecided, text).hint(format!("`missions wait {quoted}` waits on")).into())
}
