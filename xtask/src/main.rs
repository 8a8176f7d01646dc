//! The chores of this workspace, each a command: `cargo xtask ci`, `cargo xtask demo`, …

mod args;
mod ci;
mod tidy;
mod workspace;

use std::process::ExitCode;

use args::{Args, Command};
use state::exit::{self, Exit};
use workspace::Workspace;

fn main() -> ExitCode {
    let args: Args = match state::args::parse() {
        Ok(args) => args,
        Err(code) => return code,
    };
    exit::report(run(&args))
}

fn run(args: &Args) -> anyhow::Result<Exit> {
    let workspace = Workspace::find()?;
    let _printer = args.printer();
    match &args.command {
        Command::Ci => ci::run(&workspace),
        Command::Tidy => tidy::run(&workspace),
    }
}
