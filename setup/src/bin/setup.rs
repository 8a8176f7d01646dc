//! `setup`: configures the skill, repeatably and reversibly.

use setup::args::Setup;
use state::failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    match state::args::parse::<Setup>() {
        Ok(args) => failure::report(setup::commands::setup::run(&args)),
        Err(code) => code,
    }
}
