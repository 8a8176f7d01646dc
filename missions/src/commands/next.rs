//! `next`: what a mission needs now, as a command line. Changes nothing.

use state::exit::Exit;

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
    let document = decision_json(&decision, ids, has_cron);
    context.printer.print(&document, || {
        command_line(&decision, ids, has_cron).unwrap_or_else(|| match document["until"].as_str() {
            Some(until) => format!("Nothing to do until {until}"),
            None => format!("Nothing to do: {}", document["status"].as_str().unwrap_or("over")),
        })
    })?;
    Ok(Exit::Done)
}
