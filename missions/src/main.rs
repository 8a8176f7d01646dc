//! `missions`: multi-step outreach that is tracked, survives crashes, and never calls or texts twice.

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
    assistants, cancel, check_key, complete, do_not_call, fail, import, init, insights,
    linked_agents, local_state, memory, missions, next, phone_numbers, plan, recover_state_file,
    resolve, run_log, runs, schedule, scheduled_events, setup_agent, tick, watch,
};
use context::CommandContext;
use state::exit::{self, Exit};

fn main() -> ExitCode {
    match state::args::parse_by::<Args>(args::needed_commands) {
        Ok(args) => exit::report(misspelled_options::check().and_then(|()| run(&args))),
        Err(code) => code,
    }
}

fn run(args: &Args) -> anyhow::Result<Exit> {
    // Never dropped: the process ends with its command, and to free a large state file only takes time.
    let owned = ManuallyDrop::new(CommandContext::new(&args.options)?);
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
        // It owns its context, because its thread goes on when it is interrupted.
        Command::Watch(args) => watch::run(ManuallyDrop::into_inner(owned), args),
    }
}
