//! `missions`: multi-step outreach that is tracked, survives crashes, and never calls or texts twice.
//!
//! # Parts, and who uses whom
//!
//! Each uses only what stands below it; no two files use each other.
//!
//! | part | what it does |
//! |---|---|
//! | [`args`], [`misspelled_options`] | declare the command line |
//! | [`commands`] | one function for each command, from its arguments to its exit code |
//! | [`outreach`] | one question to everybody on a list: reads the list, plans, says what came of it |
//! | [`engine`] | ticks: polls the service, decides, carries the effects out, reports |
//! | [`create_once`], [`scheduling`], [`cron`] | create a thing, schedule a call or text, set up the ticks: once each, whatever is lost or killed |
//! | [`context`] | what every command has: configuration, output, state file, clock |
//! | [`store`] | the state file: missions, their scheduled events, how far each is |
//! | [`lifecycle`] | decides; pure, with the table of outcomes and retries |
//! | [`service`], [`window`] | the service's endpoints; when somebody may be called |
//!
//! # Threads, locks and files
//!
//! A command is one thread; only [`watch`] runs its ticks beside a thread that waits for an interrupt. The state file is
//! changed under its own lock ([`StateFile::change`](store::StateFile::change)); ticks and the commands that end a mission
//! exclude each other by a second lock ([`engine::lock`]), `init` and `setup-agent` by a third
//! ([`lock_workflow`](context::CommandContext::lock_workflow)). `connect` writes the pushed events that a tick reads, and both
//! read the do-not-call list.
//!
//! # What always holds
//!
//! - A request that calls, texts or creates is stored as an intent or a stage before it leaves. While its outcome is not
//!   known it is unconfirmed: searched for, listed by [`resolve`], and never repeated by itself.
//! - A decision is stored before anything follows from it, an effect once it was carried out. A kill at any moment costs
//!   nothing but time: the next tick, or the same command, finds what is left.
//! - A state file is data: no program that it names is run, and a broken one is never overwritten.
//!
//! # The walk of a `schedule-call`
//!
//! 1. [`args`]: `ScheduleCall`, to [`commands::schedule::call`].
//! 2. [`scheduling::command_line::read`]: its words, completed from the mission in the [`store`].
//! 3. [`scheduling::time::set`], [`find_earlier`](scheduling::submit::find_earlier), [`scheduling::time::check`]: the time and
//!    the [`window`]; a line that was scheduled before is not scheduled again.
//! 4. [`scheduling::submit::submit`]: the intent is stored, the request leaves by
//!    [`service::scheduled_events::create`]; [`scheduling::confirm`] searches for its event if the answer was lost.
//! 5. [`scheduling::record::record_and_print`]: the event goes into the mission ([`store::event`]), its memory and the run's
//!    log, and is printed.
//!
//! # The walk of a tick that ends a mission
//!
//! 1. [`commands::tick::run`] to [`engine::tick::run_tick`]: the lock, the missions that are due, each to
//!    [`engine::process::process`].
//! 2. [`engine::poll`]: one list of events for each assistant; what is new is stored by
//!    [`event::record_poll`](store::event::record_poll), which takes the outcome from [`lifecycle::event_status`].
//! 3. [`engine::fetch`] and [`engine::snapshot`]: everything that a decision needs.
//! 4. [`lifecycle::decide::decide`]: all steps and targets are over, so [`lifecycle::finish`] lists the effects
//!    of the end.
//! 5. [`engine::execute`]: the end is stored ([`store::progress::change_applied`]), then the run is updated, the memory
//!    written, the mission archived, the agent notified, and at last [`cron::remove`] ends the ticks; each effect is recorded
//!    as applied.
//! 6. [`lifecycle::decide::decide`] again, until it has no effects; then [`engine::report`], printed by
//!    [`commands::tick::run`].

//!
//! # The walk of an `outreach`
//!
//! 1. [`args`] to [`commands::outreach`]: the command line is checked ([`commands::outreach::run`]), the list is read
//!    ([`outreach::targets`]), each number checked and given its time ([`outreach::plan`], with the slots of
//!    [`lifecycle::planned`]). `--dry-run` ends here.
//! 2. All that is stored in the mission ([`store::outreach`]) before the first request; over ten targets the owner is asked
//!    ([`outreach::approval`]).
//! 3. The stages of `init` and `setup-agent` are run, whichever are left.
//! 4. [`engine::process()`] decides as in a tick: [`lifecycle::planned`] begins two batches, each call or text by
//!    [`scheduling::submit`]; later ticks begin the rest, poll, retry, read answers ([`engine::outreach`]).
//! 5. [`outreach::ticker`] makes sure that something ticks; [`outreach::report`] reads what came of it.

mod args;
mod commands;
mod context;
mod create_once;
mod cron;
mod engine;
mod input;
mod lifecycle;
mod live_table;
mod misspelled_options;
mod outreach;
mod scheduling;
mod service;
mod slug;
mod store;
mod suggest;
mod window;

use std::mem::ManuallyDrop;
use std::process::ExitCode;

use args::{Args, Command};
use commands::{
    ask, assistants, cancel, check_key, complete, do_not_call, fail, import, init, insights,
    linked_agents, local_state, memory, missions, next, pause, phone_numbers, plan,
    recover_state_file, replies, report, resolve, resume, run_log, runs, schedule,
    scheduled_events, setup_agent, tick, wait, watch,
};
use context::CommandContext;
use state::exit::Exit;
use state::failure;

fn main() -> ExitCode {
    match state::args::parse_with::<Args>(args::needed_commands) {
        Ok(args) => failure::report(misspelled_options::check().and_then(|()| run(&args))),
        Err(code) => code,
    }
}

fn run(args: &Args) -> anyhow::Result<Exit> {
    // Never dropped: the process ends with its command, and to free a large state file only takes time.
    let owned = ManuallyDrop::new(CommandContext::new(&args.options)?);
    let context = &*owned;
    match &args.command {
        Command::OutreachArgs(args) => commands::outreach::run(context, args),
        Command::ShowReport(args) => report::run(context, args),
        Command::ShowReplies(args) => replies::run(context, args),
        Command::Pause(args) => pause::run(context, args),
        Command::Resume(args) => resume::run(context, args),

        Command::CheckKey(_) => check_key::run(context),

        Command::CreateMission(args) => missions::create(context, args),
        Command::GetMission(args) => missions::get(context, args),
        Command::ListMissions(args) => missions::list(context, args),
        Command::CancelMission(args) => missions::cancel(context, args),

        Command::CreateRun(args) => runs::create(context, args),
        Command::GetRun(args) => runs::get(context, args),
        Command::UpdateRun(args) => runs::update(context, args),
        Command::ListRuns(args) => runs::list(context, args),

        Command::CreatePlan(args) => plan::create(context, args),
        Command::GetPlan(args) => plan::get(context, args),
        Command::UpdateStep(args) => plan::update_step(context, args),

        Command::LogEvent(args) => run_log::add(context, args),
        Command::ListEvents(args) => run_log::list(context, args),

        Command::CreateAssistant(args) => assistants::create(context, args),
        Command::ListAssistants(args) => assistants::list(context, args),
        Command::GetAssistant(args) => assistants::get(context, args),
        Command::UpdateAssistant(args) => assistants::update(context, args),
        Command::DeleteAssistant(args) => assistants::delete(context, args),
        Command::GetConnectionId(args) => assistants::connection(context, args),

        Command::ListPhones(args) => phone_numbers::list(context, args),
        Command::GetAvailablePhone(_) => phone_numbers::available(context),
        Command::AssignPhone(args) => phone_numbers::assign(context, args),

        Command::ScheduleCall(args) => schedule::call(context, args),
        Command::ScheduleSms(args) => schedule::sms(context, args),
        Command::GetEvent(args) => scheduled_events::get(context, args),
        Command::CancelScheduledEvent(args) => scheduled_events::cancel(context, args),
        Command::ListEventsAssistant(args) => scheduled_events::list(context, args),

        Command::GetInsights(args) => insights::get(context, args),

        Command::LinkAgent(args) => linked_agents::link(context, args),
        Command::ListLinkedAgents(args) => linked_agents::list(context, args),
        Command::UnlinkAgent(args) => linked_agents::unlink(context, args),

        Command::ListState(_) => local_state::list(context),
        Command::GetState(args) => local_state::get(context, args),
        Command::RemoveState(args) => local_state::remove(context, args),
        Command::Recover(_) => recover_state_file::run(context),
        Command::Import(args) => import::run(context, args),
        Command::Dnc(args) => do_not_call::run(context, &args.what),
        Command::Cron(args) => commands::cron::run(context, &args.what),

        Command::SaveMemory(args) => memory::save(context, args),
        Command::GetMemory(args) => memory::get(context, args),
        Command::AppendMemory(args) => memory::append(context, args),

        Command::Init(args) => init::run(context, args),
        Command::SetupAgent(args) => setup_agent::run(context, args),
        Command::Complete(args) => complete::run(context, args),
        Command::Resolve(args) => resolve::run(context, args),
        Command::Fail(args) => fail::run(context, args),
        Command::Cancel(args) => cancel::run(context, args),
        Command::Tick(args) => tick::run(context, args),
        Command::ShowNext(args) => next::run(context, args),
        // These own their context, because their threads go on when they are interrupted.
        Command::Ask(args) => ask::run(ManuallyDrop::into_inner(owned), args),
        Command::Wait(args) => wait::run(ManuallyDrop::into_inner(owned), args),
        Command::Watch(args) => watch::run(ManuallyDrop::into_inner(owned), args),
    }
}
