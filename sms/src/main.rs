//! `sms`: sends, lists and follows text messages.
//!
//! One module for each command: [`send`], [`list`], [`conversations`], [`tail`]. They read the command line ([`args`],
//! after [`options_first`] has put the options of `send` before its text), ask the service ([`api`]) and print what it says,
//! in text mode as one line for each text ([`summary`]). [`send`] is the careful one: it checks first, stores the text as an
//! intent before it is sent, and where a request may have got through without a reply, the intent stays unconfirmed:
//! the same line checks whether the text was sent ([`confirm`]) instead of sending it again.
//!
//! Who uses whom: the commands use [`api`], [`args`] and [`summary`], which use none of them; `send` uses `confirm`, `tail`
//! uses `list`.

mod api;
mod args;
mod confirm;
mod conversations;
mod list;
mod options_first;
mod send;
mod summary;
mod tail;

use std::process::ExitCode;

use args::{Args, Command};
use clap::CommandFactory as _;
use state::exit::Exit;
use state::failure;

fn main() -> ExitCode {
    let line = options_first::sort(Args::command(), std::env::args_os().collect());
    match state::args::parse_from::<Args>(line) {
        Ok(args) => failure::report(run(&args)),
        Err(code) => code,
    }
}

fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Send(send) => send::run(&args.common, send),
        Command::List(list) => list::run(&args.common, list),
        Command::Conversations => conversations::run(&args.common),
        Command::Tail { contact } => tail::run(&args.common, contact.as_deref()),
    }
}
