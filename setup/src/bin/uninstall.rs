//! `uninstall`: undoes exactly what setup did.

use setup::args::Uninstall;
use setup::commands::uninstall;
use state::exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    match state::args::parse::<Uninstall>() {
        Ok(args) => exit::report(uninstall::run(&args)),
        Err(code) => code,
    }
}
