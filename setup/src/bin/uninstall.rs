//! `uninstall`: undoes exactly what setup did.

use setup::args::Uninstall;
use setup::commands::uninstall;
use state::failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    match state::args::parse::<Uninstall>() {
        Ok(args) => failure::report(uninstall::run(&args)),
        Err(code) => code,
    }
}
