//! `missions`: multi-step outreach that is tracked, survives crashes, and never calls or texts twice.

mod args;
mod commands;
mod context;
mod cron;
mod input;
mod lifecycle;
mod live_table;
mod misspelled_options;
mod schedule;
mod service;
mod slug;
mod stages;
mod state_file;
mod suggest;
mod tick;
mod tracked;
mod window;

use std::mem::ManuallyDrop;
use std::process::ExitCode;

use args::{Args, Command};
use commands::tick as ticks;
use commands::{
    assistants, cancel, check_key, conversation, do_not_call, ending, init, kept, links, log,
    memory, missions, numbers, plan, recover, resolve, runs, scheduled, setup_agent, watch,
};
use context::Context;
use state::exit::{self, Exit};

fn main() -> ExitCode {
    match state::args::parse_by::<Args>(args::part) {
        Ok(args) => exit::report(misspelled_options::check().and_then(|()| run(&args))),
        Err(code) => code,
    }
}

fn run(args: &Args) -> anyhow::Result<Exit> {
    // The process ends with its command: to take apart first what a large state file became only takes time.
    let owned = ManuallyDrop::new(Context::new(&args.options)?);
    let context = &*owned;
    match &args.command {
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

        Command::LogEvent(args) => log::add(context, args),
        Command::ListEvents(args) => log::list(context, args),

        Command::CreateAssistant(args) => assistants::create(context, args),
        Command::ListAssistants(args) => assistants::list(context, args),
        Command::GetAssistant(args) => assistants::get(context, args),
        Command::UpdateAssistant(args) => assistants::update(context, args),
        Command::DeleteAssistant(args) => assistants::delete(context, args),
        Command::GetConnectionId(args) => assistants::connection(context, args),

        Command::ListPhones(args) => numbers::list(context, args),
        Command::GetAvailablePhone(_) => numbers::available(context),
        Command::AssignPhone(args) => numbers::assign(context, args),

        Command::ScheduleCall(args) => schedule::call(context, args),
        Command::ScheduleSms(args) => schedule::sms(context, args),
        Command::GetEvent(args) => scheduled::get(context, args),
        Command::CancelScheduledEvent(args) => scheduled::cancel(context, args),
        Command::ListEventsAssistant(args) => scheduled::list(context, args),

        Command::GetInsights(args) => conversation::insights(context, args),

        Command::LinkAgent(args) => links::link(context, args),
        Command::ListLinkedAgents(args) => links::list(context, args),
        Command::UnlinkAgent(args) => links::unlink(context, args),

        Command::ListState(_) => kept::list(context),
        Command::GetState(args) => kept::get(context, args),
        Command::RemoveState(args) => kept::remove(context, args),
        Command::Recover(_) => recover::recover(context),
        Command::Import(args) => recover::import(context, args),
        Command::Dnc(args) => do_not_call::run(context, &args.what),
        Command::Cron(args) => commands::cron::run(context, &args.what),

        Command::SaveMemory(args) => memory::save(context, args),
        Command::GetMemory(args) => memory::get(context, args),
        Command::AppendMemory(args) => memory::append(context, args),

        Command::Init(args) => init::run(context, args),
        Command::SetupAgent(args) => setup_agent::run(context, args),
        Command::Complete(args) => ending::complete(context, args),
        Command::Resolve(args) => resolve::run(context, args),
        Command::Fail(args) => ending::fail(context, args),
        Command::Cancel(args) => cancel::run(context, args),
        Command::Tick(args) => ticks::run(context, args),
        Command::Next(args) => ticks::next(context, args),
        // Its work is left behind when it is interrupted, and so owns what it works with.
        Command::Watch(args) => watch::run(ManuallyDrop::into_inner(owned), args),
    }
}
