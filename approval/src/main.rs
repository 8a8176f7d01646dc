//! `approval`: asks the owner's phone before something irreversible. Exit 0 means approved, and nothing else does.

mod api;
mod args;
mod biometric;
mod help;
mod list;
mod request;
mod status;
mod wait;

use std::process::ExitCode;

use args::{Args, Command};
use state::exit::{self, Exit};

fn main() -> ExitCode {
    match state::args::parse::<Args>() {
        Ok(args) => exit::report(run(&args)),
        Err(told) => help::code(told, std::env::args_os()),
    }
}

fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Request(request) => request::run(&args.common, request),
        Command::Status { id } => status::run(&args.common, id),
        Command::Wait { id, timeout } => wait::run(&args.common, id, *timeout),
        Command::List { status } => list::run(&args.common, *status),
    }
}
