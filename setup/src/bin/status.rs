//! `status`: checks every part of an installation and prints the fix beside what fails.

use setup::args::StatusArgs;
use setup::commands::status;
use state::failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    match state::args::parse::<StatusArgs>() {
        Ok(args) => failure::report(status::run(&args)),
        Err(code) => code,
    }
}
