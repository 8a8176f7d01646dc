//! `call`: places, follows and ends calls.
//!
//! One module for each command: [`place`] (no command: dial), [`status`], [`wait`], [`end`]. They read the command line
//! ([`args`], and for what is said [`greeting`], which knows a number by [`written_number`]), ask the service ([`api`]) and print what it says. [`place`] is the careful
//! one: it checks first, stores the call as an intent before it is sent, and where a request may have got through without
//! a reply, the intent stays unconfirmed and the same line does not dial again. `place --wait` goes on in [`wait`].
//!
//! Who uses whom: the commands use [`api`], [`args`] and [`greeting`], which use none of them; `place` uses `wait`.

mod api;
mod args;
mod end;
mod greeting;
mod place;
mod status;
mod wait;
mod written_number;

use std::process::ExitCode;

use args::{Args, Command};
use state::exit::Exit;
use state::failure;

fn main() -> ExitCode {
    match state::args::parse::<Args>() {
        Ok(args) => failure::report(run(&args)),
        Err(code) => code,
    }
}

fn run(args: &Args) -> anyhow::Result<Exit> {
    args.refuse_dialling_options_beside_a_command()?;
    match &args.command {
        None => place::run(args),
        Some(Command::Status { id }) => status::run(&args.common, id),
        Some(Command::End { id, reason }) => end::run(&args.common, id, reason),
        Some(Command::Wait { id, timeout }) => wait::run(&args.common, id, *timeout),
    }
}
