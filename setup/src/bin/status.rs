//! `status`: tells the truth about every part, with the fix beside it.

use setup::args::Status;
use setup::commands::status;
use state::exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    match state::args::parse::<Status>() {
        Ok(args) => exit::report(status::run(&args)),
        Err(code) => code,
    }
}
