//! `tick`, `next`: the lifecycle by one pass, and what the decision tree says.

use serde_json::{Value, json};
use state::exit::{Exit, Fault};

use crate::args::{Next, Tick};
use crate::context::Context;
use crate::cron;
use crate::lifecycle::{Decision, command, document};
use crate::tick::{self, Known, Passed};

pub(crate) fn run(context: &Context, args: &Tick) -> anyhow::Result<Exit> {
    let slug = args.slug.as_deref();
    let Some(passed) = tick::pass(context, slug)? else {
        let document = json!({ "at": context.now().to_string(), "busy": true, "missions": [] });
        context.printer.document(&document, || "Another tick is at work".to_owned())?;
        return Ok(Exit::Done);
    };
    let document = passed.json(context);
    if passed.reports.is_empty() {
        context.printer.document(&document, || passed.text())?;
        return Ok(Exit::Done);
    }
    context.end(&document, || passed.text(), passed.fault())
}

impl Passed {
    /// The report of a pass.
    pub(crate) fn json(&self, context: &Context) -> Value {
        let one = |(slug, report): &(String, tick::Report)| report.json_of(slug);
        let reports: Vec<Value> = self.reports.iter().map(one).collect();
        json!({
            "at": context.now().to_string(),
            "busy": false,
            "missions": reports,
            "next": self.next.map(|next| next.to_string()),
        })
    }

    /// The same for people.
    pub(crate) fn text(&self) -> String {
        if self.reports.is_empty() {
            return match self.next {
                Some(next) => format!("Nothing is due before {next:.0}"),
                None => "Nothing is due".to_owned(),
            };
        }
        let lines = self.reports.iter().map(|(slug, report)| report.text(slug) + "\n");
        lines.collect()
    }

    /// How the program ends, if not well: by the first mission that something was left of.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.reports.iter().find_map(|(slug, report)| report.fault(slug))
    }
}

pub(crate) fn next(context: &Context, args: &Next) -> anyhow::Result<Exit> {
    let missions = context.file.read()?;
    let mission = missions.known(&args.slug)?;
    let known = Known::of(context, &mission)?;
    let decision = if let Some(ending) = &known.ledger.ending {
        Decision::Over(ending.status)
    } else {
        let tick = tick::Tick::new(context)?;
        let (steps, run) = tick.facts_of(&mission)?;
        known.decide(tick.now(), &steps, run).decision
    };
    let names = tick::names(&mission, cron::has(context, &mission));
    let document = document(&decision, names);
    context.printer.document(&document, || {
        command(&decision, names).unwrap_or_else(|| match document["until"].as_str() {
            Some(until) => format!("Nothing to do until {until}"),
            None => format!("Nothing to do: {}", document["status"].as_str().unwrap_or("over")),
        })
    })?;
    Ok(Exit::Done)
}
