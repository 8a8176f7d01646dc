//! `report`: what came of a mission's targets so far, as it is stored here.

use state::args::Common;
use state::exit::{Exit, Fault};
use state::out::Printer;
use state::phone::Phone;

use crate::args::ShowReport;
use crate::context::CommandContext;
use crate::outreach::report::Report;
use crate::suggest;

pub(crate) fn run(context: &CommandContext, args: &ShowReport) -> anyhow::Result<Exit> {
    let missions = context.store.read()?;
    let report = Report::read(context, &missions.require(&args.slug)?)?;
    let only = args.to.as_deref().map(|to| number(&report, to)).transpose()?;
    if args.csv {
        // A table is no document: it is printed as it is, whatever the mode.
        let printer = Printer::new(&Common { text_mode: true, ..Common::default() });
        printer.print_in_text_mode(report.csv()?.trim_end())?;
        return Ok(Exit::Done);
    }
    context.printer.print(&report.json(only.as_deref()), || report.text())?;
    Ok(Exit::Done)
}

/// The number of a target. Fails (exit 2) if it is none of the mission's.
fn number(report: &Report, to: &str) -> Result<String, Fault> {
    let phone: Phone = to.parse()?;
    if report.rows.iter().any(|row| row.to == phone.as_str()) {
        return Ok(phone.to_string());
    }
    let known: Vec<&str> = report.rows.iter().map(|row| &*row.to).collect();
    let known = suggest::sorted(to, known);
    let text = format!("`{}` has no target {phone}", report.slug);
    Err(Fault::usage(text).hint(format!("its targets are {}", suggest::listed(&known, 5))))
}
