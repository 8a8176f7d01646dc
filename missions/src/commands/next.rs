//! `next`: what a mission needs now, as a command line. Changes nothing.

use state::exit::Exit;
use state::{cron_daemon, out};

use crate::args::ShowNext;
use crate::context::CommandContext;
use crate::cron;
use crate::engine::{self, Engine, MissionSnapshot};
use crate::lifecycle::{MissionDecision, command_line, decision_json};

pub(crate) fn run(context: &CommandContext, args: &ShowNext) -> anyhow::Result<Exit> {
    let missions = context.store.read()?;
    let mission = missions.require(&args.slug)?;
    let snapshot = MissionSnapshot::of(context, &mission)?;
    let decision = if let Some(end) = &snapshot.applied.ending {
        MissionDecision::Over(end.status)
    } else {
        let engine = Engine::new(context)?;
        let (steps, run) = engine::fetch_plan_and_run(engine.api(), mission.require_run()?)?;
        snapshot.decide(engine.now(), &steps, run).decision
    };
    let (ids, has_cron) = (mission.ids(), cron::has(context, &mission));
    let mut document = decision_json(&decision, ids, has_cron);
    let ticker = cron::live(&mission);
    document["ticker"] = ticker.into();
    if has_cron && ticker.is_none() && matches!(decision, MissionDecision::Wait { .. }) {
        out::warning(&format!("{}: no tick is made by itself", cron_daemon::MISSING));
    }
    let text = |key: &str| document[key].as_str().map(str::to_owned);
    context.printer.print(&document, || {
        command_line(&decision, ids, has_cron).unwrap_or_else(|| {
            match (text("until"), text("work"), text("decision").as_deref()) {
                (Some(until), ..) => format!("Nothing to do until {until}"),
                (_, Some(work), _) => {
                    format!("Do this step, then mark it with update-step: {work}")
                }
                (.., Some("continue")) => "Nothing was scheduled, and there is no plan".to_owned(),
                _ => format!("Nothing to do: {}", text("status").unwrap_or_default()),
            }
        })
    })?;
    Ok(Exit::Done)
}
