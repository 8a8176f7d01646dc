//! `watch`: ticks in the foreground, whenever there is something to do, until the mission has ended.

use std::time::Duration;

use state::exit::{Exit, Fault};
use state::{interrupt, out, shell};

use crate::args::Watch;
use crate::context::CommandContext;
use crate::engine::{self, MissionSnapshot};
use crate::live_table::LiveTable;

/// The pause after a tick that had to stop: the service or the gateway is left alone for so long.
const PAUSE_AFTER_FAULT: Duration = Duration::from_secs(30);

/// The pause between two ticks. One with nothing to do only reads files, and so notices what another program did.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) fn run(context: CommandContext, args: &Watch) -> anyhow::Result<Exit> {
    let slug = args.slug.clone();
    context.store.read()?.require(&slug)?.require_run()?;
    let again = format!("`missions watch {}` goes on", shell::quote(&slug));
    match interrupt::run_until_signal(move || watch(&context, &slug))? {
        Some(ended) => ended,
        None => {
            Err(Fault::new(Exit::Undecided, "interrupted; the mission goes on").hint(again).into())
        }
    }
}

fn watch(context: &CommandContext, slug: &str) -> anyhow::Result<Exit> {
    let mut table = LiveTable::new(context);
    loop {
        let summary = engine::run_tick(context, Some(slug))?;
        let (mut pause, mut is_agents_turn) = (PAUSE, false);
        if let Some(summary) = summary.filter(|summary| !summary.reports.is_empty()) {
            if !table.is_on() {
                let printed = context.printer.print_line(&summary.json(context), || summary.text());
                printed.map_err(|err| out::output_failed(&err))?;
            }
            is_agents_turn = summary.reports.iter().all(|(_, report)| report.is_agents_turn());
            if let Some(fault) = summary.fault() {
                out::warning(&fault.to_string());
                pause = PAUSE_AFTER_FAULT;
            }
        }
        let missions = context.store.read()?;
        let mission = missions.require(slug)?;
        let snapshot = MissionSnapshot::of(context, &mission)?;
        table.draw(&mission, &snapshot.targets, context.now())?;
        if snapshot.applied.is_finished() || out::is_stdout_closed() {
            return Ok(Exit::Done);
        }
        if is_agents_turn {
            let slug = shell::quote(slug);
            out::progress(&format!("it is your turn: `missions next {slug}`"));
            return Ok(Exit::Done);
        }
        context.clock.sleep(context.clock.scale_period(pause));
    }
}
