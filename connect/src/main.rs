//! Keeps the phone line to the agent open: one WebSocket to the service, and turns of the agent behind it.

mod allocator;
mod approval;
mod args;
mod calls;
mod classifier;
mod daemon;
mod event_loop;
mod handlers;
mod journal;
mod log;
mod periods;
mod prompts;
mod protocol;
mod recovery;
mod requests;
mod run;
mod settings;
mod shared;
mod simulate;
mod sleep_watch;
mod sms;
mod speech;
mod status;
mod transport;
mod workers;

use std::process::ExitCode;

use args::{Args, Command};
use state::exit::report;

fn main() -> ExitCode {
    let args: Args = match state::args::parse() {
        Ok(args) => args,
        Err(code) => return code,
    };
    let common = &args.common;
    report(match &args.command {
        Command::Run(args) => run::run(common, args),
        Command::Start => daemon::start::run(common),
        Command::Stop => daemon::stop::run(common),
        Command::Restart => daemon::start::restart(common),
        Command::Status => daemon::status::run(common),
        Command::Watchdog => daemon::watchdog::run(common),
        Command::Logs(args) => daemon::logs::run(common, args),
        Command::Simulate(args) => simulate::run(common, args),
    })
}
