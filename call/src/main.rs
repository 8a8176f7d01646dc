//! `call`: places, follows and ends calls.

mod api;
mod args;
mod end;
mod greeting;
mod place;
mod status;
mod wait;

use std::process::ExitCode;

use args::{Args, Command};
use state::exit::{self, Exit};

fn main() -> ExitCode {
    match state::args::parse::<Args>() {
        Ok(args) => exit::report(run(&args)),
        Err(code) => code,
    }
}

fn run(args: &Args) -> anyhow::Result<Exit> {
    args.refuse_calling_options_beside_a_command()?;
    match &args.command {
        None => place::run(args),
        Some(Command::Status { id }) => status::run(&args.common, id),
        Some(Command::End { id, reason }) => end::run(&args.common, id, reason),
        Some(Command::Wait { id, timeout }) => wait::run(&args.common, id, *timeout),
    }
}
