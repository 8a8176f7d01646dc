//! `approval`: asks the owner's phone before something irreversible. Exit 0 means approved, and nothing else does.
//!
//! One module for each command: [`request`], [`status`], [`wait`], [`list`]. They read the command line ([`args`]), ask the
//! service ([`api`]) and print what it says ([`output`]). What a reply means is decided by [`state::approval_status`]: the commands
//! pass its exit code on. [`stored_requests`] keeps the requests in the skill folder: an approval
//! without the fingerprint or face that was asked for is none, for `status` and `wait` too, nor is one whose id two have. [`help_exit`] keeps a help page from passing for an approval.
//!
//! Who uses whom: a command uses [`output`], [`stored_requests`], [`api`], [`args`]; [`request`] also uses [`wait`], which shows a
//! [`countdown`]. Nothing uses a command but `main`, and `request`'s use of `wait`. One thread does the work; `wait` has one
//! more for the countdown, and one that a signal can leave behind.

mod api;
mod args;
mod countdown;
mod help_exit;
mod list;
mod output;
mod request;
mod status;
mod stored_requests;
mod wait;

use std::process::ExitCode;

use args::{Args, Command};
use state::exit::Exit;
use state::failure;

fn main() -> ExitCode {
    match state::args::parse::<Args>() {
        Ok(args) => failure::report(run(&args)),
        Err(code) => help_exit::code(code, std::env::args_os()),
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
