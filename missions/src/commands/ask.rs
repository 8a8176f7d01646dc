//! `ask`: calls one number with one question, waits, and prints the answer. It needs no mission at the service: an assistant
//! of its own calls, and is deleted afterwards. Each stage is stored, so that the same line again goes on.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use state::exit::{self, Exit, Fault};
use state::phone::Phone;
use state::{do_not_call, interrupt, out, shell};

use super::setup_agent;
use crate::args;
use crate::context::{CommandContext, not_recorded};
use crate::engine::{self, Engine, MissionSnapshot};
use crate::lifecycle::TargetOutcome;
use crate::outreach::manners::Manners;
use crate::outreach::report::Report;
use crate::scheduling::{self, RetryOf, ScheduleRequest, Submission};
use crate::service::{self, Channel, NewAssistant, NewScheduledEvent};
use crate::slug;
use crate::store::{MissionStatus, event};
use crate::window::{Days, Hours, WindowOptions};

/// The key in a mission of when its question was begun to be asked.
pub(super) const ASK: &str = "ask";

/// How far ahead the call is scheduled.
const AHEAD: SignedDuration = SignedDuration::from_secs(75);

/// How long the same line stands for the same call.
const SAME_LINE: SignedDuration = SignedDuration::from_hours(24);

const PAUSE: Duration = Duration::from_secs(2);

/// One question to one number, checked.
struct Question {
    slug: String,
    to: Phone,
    text: String,
    assistant: NewAssistant,
}

pub(crate) fn run(context: CommandContext, args: &args::Ask) -> anyhow::Result<Exit> {
    let question = read(&context, args)?;
    let lock = context.lock_workflow()?;
    if let Some(report) = answered(&context, &question, args.again)? {
        return print(&context, &report);
    }
    begin(&context, &question, args)?;
    drop(lock);
    let again = format!("`missions ask {} {}` waits on", question.to, shell::quote(&question.text));
    let (timeout, hint) = (args.timeout, again.clone());
    let waiting = move || wait(&context, &question, timeout, &hint);
    match interrupt::run_until_signal(waiting)? {
        Some(ended) => ended,
        None => {
            Err(Fault::new(Exit::Undecided, "interrupted; the call goes on").hint(again).into())
        }
    }
}

fn read(context: &CommandContext, args: &args::Ask) -> anyhow::Result<Question> {
    let text = crate::input::not_blank("the question", &args.question)?.trim().to_owned();
    let to = crate::input::phone(&args.to, &context.config.allowed_numbers()?)?;
    let speaking = &args.speaking;
    let manners =
        Manners::read(&context.config, speaking.who.as_deref(), speaking.language.as_deref())?;
    let greeting = manners.greeting(speaking.greeting.as_deref());
    let slug = slug::of_question(to.as_str(), &text);
    let assistant =
        NewAssistant::new(&format!("Ask: {slug}"), &manners.instructions(&text), &greeting);
    Ok(Question { slug, to, text, assistant })
}

/// What came of the same line before, if it has ended and that still counts.
fn answered(
    context: &CommandContext,
    question: &Question,
    again: bool,
) -> anyhow::Result<Option<Report>> {
    let missions = context.store.read()?;
    let Some(mission) = missions.get(&question.slug) else { return Ok(None) };
    if !mission.status().is_over() {
        return Ok(None);
    }
    let began: Option<Timestamp> = mission.typed(ASK);
    let is_recent = began.is_some_and(|at| context.now().duration_since(at).abs() < SAME_LINE);
    if is_recent && !again {
        out::warning("the same line asked it before; `--again` calls once more");
        return Report::read(context, &mission).map(Some);
    }
    let ended = format!("{}~{}", question.slug, context.now().as_second());
    drop(missions);
    context.store.change(|missions| {
        missions.rename(&question.slug, &ended);
        Ok(())
    })?;
    Ok(None)
}

/// Makes the assistant, chooses the number and schedules the call, whatever of that is left.
fn begin(context: &CommandContext, question: &Question, args: &args::Ask) -> anyhow::Result<()> {
    let (slug, now) = (&question.slug, context.now());
    let stored = context.store.read()?;
    let is_scheduled =
        stored.get(slug).is_some_and(|mission| event::ids(&mission).next().is_some());
    if is_scheduled {
        return Ok(());
    }
    let is_new = stored.get(slug).is_none();
    drop(stored);
    let options = if args.any_time {
        WindowOptions {
            hours: Some(Hours::ALL),
            days: Some(Days::every()),
            ..WindowOptions::default()
        }
    } else {
        let (hours, days) = (Some(Hours::ONE_OFF), Some(Days::every()));
        WindowOptions { hours, days, ..WindowOptions::default() }
    };
    let (window, _) = options.for_recipient(&question.to, &scheduling::time::machine_zone());
    let at = now.checked_add(AHEAD)?;
    if is_new && !window.is_inside(at) {
        let next = window.next_opening(at).map(|next| window.local(next)).unwrap_or_default();
        let text =
            format!("{} is called {window}, and it is {} there", question.to, window.local(now));
        return Err(Fault::usage(text)
            .hint(format!("the next allowed time is {next}; `--any-time` overrides"))
            .into());
    }
    let engine = Engine::new(context)?;
    engine.read_opt_outs()?;
    do_not_call::ensure_allowed(context.config.skill_dir(), &question.to, Channel::Call.reach())?;
    let began = context.store.change(|missions| {
        let mut mission = missions.get_or_create(slug);
        let began = mission.view().typed::<Timestamp>(ASK).unwrap_or(now);
        if mission.view().name().is_none() {
            let name = format!("Ask {}: {}", question.to, question.text);
            mission.set("mission_name", name).set("created_at", now.to_string());
            mission.set(ASK, now.to_string()).set_status(&MissionStatus::Running, now);
        }
        Ok(began)
    })?;
    let api = engine.api();
    let stored = context.store.read()?.require(slug)?.text("assistant_id").map(str::to_owned);
    let assistant = match stored {
        Some(id) => id,
        None => setup_agent::create(context, api, slug, &question.assistant)?,
    };
    if context.store.read()?.require(slug)?.text("agent_phone").is_none() {
        setup_agent::choose_number(context, api, slug, &assistant)?;
    }
    let from =
        context.store.read()?.require(slug)?.text("agent_phone").unwrap_or_default().to_owned();
    let at = engine.now().checked_add(AHEAD)?;
    let at = Timestamp::from_second(at.as_second())?;
    let request = ScheduleRequest {
        body: NewScheduledEvent {
            assistant_id: assistant,
            channel: Channel::Call,
            to: question.to.to_string(),
            from,
            scheduled_at: at.to_string(),
            text: None,
            mission_id: None,
            run_id: None,
            step_id: None,
        },
        when: at.to_string(),
        slug: Some(slug.clone()),
        with_mission: false,
        verify_step: None,
        window: Some(window),
        recipient: None,
        retry: Some(RetryOf::first(&format!("{slug}/{began}"), question.to.as_str(), 0)),
    };
    let request = scheduling::submit::with_deferred_body(context, api, request)?;
    match scheduling::submit::submit_retry(context, api, &request)? {
        Submission::Confirmed(row) => {
            scheduling::record::record(context, api, &request, &row)
                .map_err(|err| not_recorded("the call is scheduled", &err))?;
            Ok(())
        }
        Submission::Unconfirmed(why) => Err(Fault::new(
            Exit::Unconfirmed,
            format!("the call to {} may have been scheduled: {why}", question.to),
        )
        .hint("run the same line again: it looks for it, and calls nobody twice")
        .into()),
    }
}

/// Waits for the end of the call and for what was said.
fn wait(
    context: &CommandContext,
    question: &Question,
    timeout: Duration,
    again: &str,
) -> anyhow::Result<Exit> {
    let slug = &question.slug;
    let deadline = Instant::now() + context.clock.real_duration(timeout);
    let mut engine = Engine::new(context)?;
    loop {
        let missions = context.store.read()?;
        let snapshot = MissionSnapshot::of(context, &missions.require(slug)?)?;
        drop(missions);
        if let Err(err) = engine::poll_once(&mut engine, slug, &snapshot) {
            out::warning(&exit::one_line(&err));
        }
        let missions = context.store.read()?;
        let report = Report::read(context, &missions.require(slug)?)?;
        drop(missions);
        if report.n_waiting() == 0 {
            end(context, &engine, question, &report)?;
            return print(context, &report);
        }
        if Instant::now() >= deadline {
            context.printer.print_with_failure(&row(&report), || report.text());
            return Err(Fault::new(Exit::Undecided, "the call has not ended yet")
                .hint(again)
                .into());
        }
        let pause = context.clock.real_duration(context.clock.scale_period(PAUSE));
        std::thread::sleep(pause.min(deadline.saturating_duration_since(Instant::now())));
        engine.forget_lists();
    }
}

/// Stores the end, and deletes the assistant.
fn end(
    context: &CommandContext,
    engine: &Engine,
    question: &Question,
    report: &Report,
) -> anyhow::Result<()> {
    let is_answered = report.rows.iter().any(|row| row.outcome == TargetOutcome::Answered);
    let status = if is_answered { MissionStatus::Succeeded } else { MissionStatus::Failed };
    let assistant = context.store.change_mission(&question.slug, |mission| {
        mission.set_status(&status, context.now());
        Ok(mission.view().text("assistant_id").map(str::to_owned))
    })?;
    let deleted = assistant.map(|id| service::assistants::delete(engine.api(), &id));
    if let Some(Err(err)) = deleted {
        out::warning(&format!("its assistant is still there: {}", exit::one_line(&err)));
    }
    Ok(())
}

fn row(report: &Report) -> Value {
    report.rows.first().map_or_else(|| json!({}), |row| row.json(true))
}

/// Prints the row, and ends with what it means.
fn print(context: &CommandContext, report: &Report) -> anyhow::Result<Exit> {
    let outcome = report.rows.first().map(|row| row.outcome);
    let exit = match outcome {
        Some(TargetOutcome::Answered) => Exit::Done,
        Some(TargetOutcome::Unknown) | None => Exit::Unconfirmed,
        Some(_) => Exit::No,
    };
    if exit == Exit::Done {
        context.printer.print_after_change(&row(report), || report.text())?;
    } else {
        context.printer.print_with_failure(&row(report), || report.text());
    }
    Ok(exit)
}
