//! Keeps the phone line to the agent open: one WebSocket to the service, and turns of the agent behind it.
//!
//! # A spoken request, from frame to delivery
//!
//! 1. [`transport::connection`] reads a frame, [`protocol::incoming`] makes an event of it, [`event_loop`] hands it on.
//! 2. [`handlers::deep_tool_request`] gives the request its key (`deep:<request_id>`).
//! 3. [`requests::dispatcher`] accepts it: once ([`requests::dedup`]), into the [`journal`], and to the [`workers::pool`].
//! 4. [`workers::turn`], on a worker's thread: [`workers::speaker`] finds out whether the owner speaks,
//!    [`workers::authorize`] asks the [`classifier`] and, where [`approval::state`] says so, the owner. With the
//!    authorization, and only with it, the turn goes to the gateway.
//! 5. The outcome becomes an [`shared::answer`], and comes back as a [`shared::worker_event`] over [`shared::loop_channel`].
//! 6. [`requests::completion`] writes the answer into the journal and gives it to [`transport::outbox`], which sends it on each
//!    connection until a pong acknowledges it. Meanwhile [`requests::timers`] tells the caller that work goes on.
//! 7. A reply that comes after the wait is found by [`workers::late_replies`] and follows on the call. A text, or a notice to
//!    the agent, that finds the gateway down waits for its return ([`workers::gateway_return`]). What a crash leaves
//!    unfinished, [`recovery`] resumes or answers.
//!
//! # The same where the gate holds what is done
//!
//! With `gate.on`, and the gate loaded at the gateway ([`shared::rung`]), an owner's turn goes by the [`gateway_line`] instead of
//! HTTP: [`workers::line_session`] finds its session, [`workers::line_turn`] has it. Its words are not judged; instead the gate asks
//! about each deed in the moment when it is done, and [`workers::deeds`] puts that to the owner's phone.
//!
//! # Threads
//!
//! - The **loop thread** ([`event_loop`]) owns the connection, the dispatcher and the status. It waits in its
//!   poll only: what takes a network stands on other threads.
//! - **Workers** have at most `max_turns` requests at once, each a thread with its own blocking HTTP. A panic ends one
//!   request.
//! - The **gateway line** has one thread, where a gate is wanted; each **deed** that it holds another, while the owner decides.
//! - A **dial**, the **late replies**, the **gateway's return**, the **opt-outs** and each **poll** of an approval have a thread
//!   while they have work.
//! - They share the [`shared::context`], whose tables each have a lock of their own; only the journal's is ever taken under
//!   another one.
//!
//! # Clocks
//!
//! - Waits and deadlines are [`Instant`](std::time::Instant)s; their lengths are [`periods`].
//! - `service_clock` is the service's time, for the log and the journal.
//! - The age of what an earlier process wrote is measured by the machine's uptime ([`state::clock`]), for the wall clock may
//!   have been set; [`state::sleep_watch`] compares two of the machine's
//!   clocks to notice that it slept: what waited for a yes meanwhile is void.
//! - The status file has the machine's own time.
//!
//! # Invariants
//!
//! - Nothing reaches the agent without an [`approval::state::Authorization`], which is used up by one turn; no deed that the gate
//!   holds is let through without one of its own.
//! - A turn whose words were not judged runs only where the gate is loaded: it never falls back to HTTP.
//! - A request runs at most once, across crashes too. Where it is not known whether it ran, it is **unconfirmed**: it is
//!   answered as such, and not run again.
//! - A stranger's words reach the agent only inside a fence ([`prompts::fence`]), and never trigger an approval.
//! - No secret leaves in the [`log`], the [`status`], a frame or a text, and the log masks phone numbers.
//!
//! # Direction
//!
//! Each line uses only those below it:
//!
//! ```text
//! run  simulate
//! event_loop  recovery  daemon
//! handlers
//! requests
//! workers
//! shared
//! approval  settings
//! sms  gateway_line
//! classifier  calls  transport  status  journal  prompts  kept_files
//! protocol  speech  log  periods  args
//! ```

mod approval;
mod args;
mod calls;
mod classifier;
mod daemon;
mod event_loop;
mod gateway_line;
mod handlers;
mod journal;
mod kept_files;
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
mod sms;
mod speech;
mod status;
mod transport;
mod workers;

use std::process::ExitCode;

use args::{Args, Command};
use state::failure::report;

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
