//! `watch`: ticks in the foreground, at the moments at which there is something to do, until the mission has ended.

use std::time::Duration;

use state::exit::{Exit, Fault};
use state::words::for_shell;
use state::{interrupt, out};

use crate::args::Watch;
use crate::context::Context;
use crate::live_table::Screen;
use crate::tick::{self, Known};

/// After a pass that could not be finished, the service or the gateway is left alone for so long.
const PAUSE: Duration = Duration::from_secs(30);

/// Somebody else's doing is noticed so soon: the state file is read, and nobody is asked.
const GLANCE: Duration = Duration::from_secs(1);

pub(crate) fn run(context: Context, args: &Watch) -> anyhow::Result<Exit> {
    let slug = args.slug.clone();
    tick::ids(&context.file.read()?.known(&slug)?)?;
    let again = format!("`missions watch {}` goes on", for_shell(&slug));
    match interrupt::unless(move || watch(&context, &slug))? {
        Some(ended) => ended,
        None => {
            Err(Fault::new(Exit::Undecided, "interrupted; the mission goes on").hint(again).into())
        }
    }
}

fn watch(context: &Context, slug: &str) -> anyhow::Result<Exit> {
    let mut screen = Screen::new(context);
    loop {
        let passed = tick::pass(context, Some(slug))?;
        let mut pause = GLANCE;
        if let Some(passed) = passed.filter(|passed| !passed.reports.is_empty()) {
            if !screen.is_on() {
                let said = context.printer.line(&passed.json(context), || passed.text());
                said.map_err(|err| out::unsaid(&err))?;
            }
            if let Some(fault) = passed.fault() {
                out::warning(&fault.to_string());
                pause = PAUSE;
            }
        }
        let missions = context.file.read()?;
        let mission = missions.known(slug)?;
        let known = Known::of(context, &mission)?;
        screen.draw(&mission, &known.targets, context.now())?;
        if known.ledger.is_settled() || out::reader_is_gone() {
            return Ok(Exit::Done);
        }
        context.clock.sleep(context.clock.period(pause));
    }
}
