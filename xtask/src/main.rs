//! The chores of this workspace, each a command and a module: `cargo xtask ci`, `cargo xtask demo`, …
//!
//! - Checks give a [`check_result`]: [`tidy`] reads the sources, [`docs`] the pages and helps; [`cron_check`] and
//!   [`real_gateway`] run the programs under a real cron and against a real gateway. [`ci`] runs all of them.
//! - [`torture`], [`fuzz`] and [`mod@bench`] take minutes and print figures; [`demo`], [`picture`] and [`simulate`] are for people.
//! - [`install`] lays out the skill folder, [`dist`] the archive that is published.
//!
//! Each uses [`workspace`] (the checkout and its builds), [`folder`], [`apt`] and, where a program needs a peer that costs nothing,
//! [`minimal`]; none of those uses a chore.

mod apt;
mod args;
mod bench;
mod check_result;
mod ci;
mod classifier;
mod cron_check;
mod demo;
mod dist;
mod docs;
mod folder;
mod fuzz;
mod install;
mod minimal;
mod numbers;
mod outreach_check;
mod picture;
mod real_gateway;
mod simulate;
mod tidy;
mod torture;
mod workspace;

use std::process::ExitCode;

use args::{Args, Command};
use state::failure;
use workspace::Workspace;

fn main() -> ExitCode {
    match state::args::parse().map(|args: Args| run(&args)) {
        Ok(Ok(code)) | Err(code) => code,
        Ok(Err(err)) => failure::report(Err(err)),
    }
}

fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let printer = args.printer();
    Ok(match &args.command {
        Command::Ci(args) => ci::run(&workspace, args)?.into(),
        Command::Tidy(tidy) if tidy.count => tidy::count(&workspace, printer)?.into(),
        Command::Tidy(_) => tidy::run(&workspace)?.into(),
        Command::Bench(args) => bench::run(&workspace, args, printer)?,
        Command::Floor(args) => bench::connect::floor::run(args)?.into(),
        Command::Demo(args) => demo::run(&workspace, args, printer)?.into(),
        Command::Install(args) => install::run(&workspace, args, printer)?.into(),
        Command::Classifier(args) => classifier::run(&workspace, args, printer)?.into(),
        Command::Dist(args) => dist::run(&workspace, args, printer)?.into(),
        Command::Docs(args) => docs::run(&workspace, args, printer)?.into(),
        Command::Picture(args) => picture::run(&workspace, args, printer)?.into(),
        Command::Simulate(args) => simulate::run(args, printer)?.into(),
        Command::Torture(args) => torture::run(&workspace, args, printer)?.into(),
        Command::Fuzz(args) => fuzz::run(&workspace, args, printer)?.into(),
        Command::Numbers(args) => numbers::run(&workspace, args, printer)?.into(),
        Command::OutreachCheck => {
            outreach_check::run(&workspace, printer)?.report("outreach-check")
        }
        Command::CronCheck => cron_check::run(&workspace, printer)?.report("cron-check"),
        Command::RealGateway { gate } => {
            real_gateway::run(&workspace, printer, *gate)?.report("real-gateway")
        }
    })
}
