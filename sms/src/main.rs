//! `sms`: sends, lists and follows text messages.

mod api;
mod args;
mod conversations;
mod earlier;
mod line;
mod list;
mod options;
mod send;
mod tail;

use std::process::ExitCode;

use args::{Args, Command};
use clap::CommandFactory as _;
use state::exit::{self, Exit};

fn main() -> ExitCode {
    let line = options::first(Args::command(), std::env::args_os().collect());
    match state::args::parse_from::<Args>(line) {
        Ok(args) => exit::report(run(&args)),
        Err(code) => code,
    }
}

fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Send(text) => send::run(&args.common, text),
        Command::List(wanted) => list::run(&args.common, wanted),
        Command::Conversations => conversations::run(&args.common),
        Command::Tail { contact } => tail::run(&args.common, contact.as_deref()),
    }
}
