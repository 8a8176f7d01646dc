//! `watch`: ticks in the foreground, at the moments at which there is something to do, until the mission has ended.

use std::io::{IsTerminal as _, Write as _, stdout};
use std::time::Duration;

use jiff::Timestamp;
use state::exit::{Exit, Fault};
use state::{interrupt, out};

use crate::args::Watch;
use crate::context::Context;
use crate::lifecycle::Target;
use crate::state_file::Mission;
use crate::tick::{self, Known};

/// After a pass that could not be finished, the service or the gateway is left alone for so long.
const PAUSE: Duration = Duration::from_secs(30);

/// Somebody else's doing is noticed so soon: the state file is read, and nobody is asked.
const GLANCE: Duration = Duration::from_secs(1);

pub(crate) fn run(context: Context, args: &Watch) -> anyhow::Result<Exit> {
    let slug = args.slug.clone();
    tick::ids(&context.file.read()?.known(&slug)?)?;
    let again = format!("`missions watch {slug}` goes on");
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
            if !screen.is_on {
                context.printer.line(&passed.json(context), || passed.text())?;
            }
            if let Some(fault) = passed.reports.iter().find_map(|(slug, report)| report.fault(slug))
            {
                out::warning(&fault.to_string());
                pause = PAUSE;
            }
        }
        let missions = context.file.read()?;
        let mission = missions.known(slug)?;
        let known = Known::of(context, &mission)?;
        screen.draw(&mission, &known, context.now())?;
        if known.ledger.is_settled() || out::reader_is_gone() {
            return Ok(Exit::Done);
        }
        context.clock.sleep(context.clock.period(pause));
    }
}

/// A table that is drawn over itself, on a terminal only.
struct Screen {
    is_on: bool,
    n_lines: usize,
}

impl Screen {
    fn new(context: &Context) -> Self {
        Self { is_on: stdout().is_terminal() && !context.printer.is_text(), n_lines: 0 }
    }

    fn draw(&mut self, mission: &Mission, known: &Known, now: Timestamp) -> anyhow::Result<()> {
        if !self.is_on {
            return Ok(());
        }
        let mut lines = vec![format!("{}: {}", mission.slug(), mission.status())];
        lines.extend(known.targets.iter().map(|target| line(target, now)));
        let mut text = String::new();
        if self.n_lines > 0 {
            // Up to the first line, and away with what is below.
            text = format!("\x1b[{}A\x1b[J", self.n_lines);
        }
        self.n_lines = lines.len();
        for line in lines {
            text.push_str(&line);
            text.push('\n');
        }
        let mut stdout = stdout().lock();
        stdout.write_all(text.as_bytes())?;
        Ok(stdout.flush()?)
    }
}

/// Where a target stands: channel, number, step, what became of it, what comes next.
fn line(target: &Target, now: Timestamp) -> String {
    let (last, n) = (target.last(), target.attempts.len());
    let to =
        target.to.parse::<state::phone::Phone>().map_or_else(|_| "?".to_owned(), |to| to.masked());
    let step = target.step.as_deref().unwrap_or("-");
    let status = match (&last.end, last.seen) {
        (Some(end), _) => end.outcome.words(),
        (None, Some(_)) => "under way".to_owned(),
        (None, None) => format!("at {:.0}", last.at),
    };
    let next = match target.next_look(now) {
        Some(next) => {
            let seconds = next.duration_since(now).as_secs().max(0);
            format!("look in {}:{:02}", seconds / 60, seconds % 60)
        }
        None => String::new(),
    };
    let line =
        format!("  {:<4} {to:<14} {step:<12} try {n}  {status:<28} {next}", target.channel.word());
    line.trim_end().to_owned()
}
