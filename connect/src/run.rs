//! `connect run`: takes the lock, builds the client, and turns the reason of its end into an exit code.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::panic;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use mio::{Poll, Waker};
use serde_json::json;
use state::args::Common;
use state::clock::{Clock, Moment};
use state::config::Config;
use state::exit::{self, Exit, Fault};
use state::gateway::Device;
use state::http::Endpoint;
use state::lock::Lock;
use state::out::Printer;
use state::secret::Secret;
use state::{api, failure, file, paths, sanitize, shell, url};

use crate::args::RunArgs;
use crate::daemon::running;
use crate::event_loop::{EventLoop, ExitReason, SOCKET, WAKER};
use crate::gateway_line::thread::{self, LineSettings};
use crate::journal::Journal;
use crate::kept_files::KeptFiles;
use crate::log::ClientLog;
use crate::protocol::outgoing::auth;
use crate::recovery;
use crate::requests::completion;
use crate::requests::dispatcher::Dispatcher;
use crate::settings::ClientSettings;
use crate::shared::context::{ClientContext, ContextParts};
use crate::shared::loop_channel::{LoopEvent, LoopSender};
use crate::shared::rung::Rung;
use crate::shared::worker_event::WorkerEvent;
use crate::status::writer::StatusWriter;
use crate::status::{ClientState, ClientStatus, GatewayStatus};
use crate::transport::connection::ServiceConnection;
use crate::workers::{deeds, opt_out_writer};

/// The lock is tried for this long: `connect status` briefly takes it to test it.
const LOCK_TIMEOUT: Duration = Duration::from_millis(300);

/// One request to the service, all its attempts included: a decision or a text is not worth more.
const REQUEST_DEADLINE: Duration = Duration::from_secs(20);

/// Runs the client until it is stopped.
pub(crate) fn run(common: &Common, args: &RunArgs) -> anyhow::Result<Exit> {
    if args.detached {
        // A process that leads its group already has a terminal of its own to lose.
        let _ = rustix::process::setsid();
    }
    // Nothing is printed on stdout; this takes `--quiet` into account.
    let _ = Printer::new(common);
    let config = Config::load(common)?;
    let service = state::api::Service::from_config(&config)?;
    let endpoint = Endpoint::of_service(&service.socket_url())?;
    let settings = ClientSettings::of(&config)?;
    let skill = config.skill_dir();
    let lock = lock(skill).map_err(|err| with_folder_hint(skill, err))?;

    let poll = Poll::new().context("making a poll")?;
    let waker = Waker::new(poll.registry(), WAKER).context("making a waker")?;
    let (loop_sender, loop_receiver) = LoopSender::new(Some(waker));
    let service_clock = config.clock();
    let log = ClientLog::open(&paths::connect_log(skill), service_clock, !args.detached);
    let (journal, replayed, fault) = Journal::open(&paths::journal(skill), service_clock);
    if let Some(fault) = fault {
        log.line(format_args!(
            "the journal cannot be used, so nothing sensitive is done: {fault:#}"
        ));
    }
    let max_turns = settings.max_turns;
    let parts = ContextParts {
        skill: skill.to_owned(),
        service_clock,
        service: Some(api::Client::new(&service, REQUEST_DEADLINE).quiet()),
        journal,
        log,
        loop_sender: loop_sender.clone(),
    };
    let context = Arc::new(ClientContext::new(parts, settings));
    log_only_the_place_of_panics(&context);

    let status = ClientStatus {
        format: 1,
        since: Timestamp::now(),
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        server: url::redact(service.base()),
        journal_writable: context.journal.is_writable(),
        gateway: GatewayStatus {
            url: context.gateway.endpoint().base().to_owned(),
            ..GatewayStatus::default()
        },
        ..ClientStatus::default()
    };
    let mut status =
        StatusWriter::new(paths::connect_status(skill), context.periods.heartbeat, status);
    status.enter(ClientState::Connecting, None);
    let mut dispatcher = Dispatcher::new(Arc::clone(&context), status, max_turns);
    recovery::replay_deeds(&context, &replayed);
    start_line(&context);
    completion::show_rung(&mut dispatcher);
    recovery::replay(&mut dispatcher, replayed);
    opt_out_writer::read_history(&context);

    let voice = &context.voice;
    let auth = auth(service.key().expose(), voice.owner.as_deref(), voice.agent.as_deref());
    let registry = poll.registry().try_clone().context("sharing the poll")?;
    let on_dialled = Arc::new(move |attempt, result| {
        loop_sender.send(LoopEvent::Dialled { attempt, result });
    });
    let connection = ServiceConnection::new(
        endpoint,
        Secret::containing(auth),
        context.periods,
        registry,
        SOCKET,
        on_dialled,
    );
    context.log.line(format_args!("started (pid {})", std::process::id()));
    let kept_files = KeptFiles::new(skill, lock, context.periods.files);
    let (reason, _kept_files) =
        EventLoop::new(poll, loop_receiver, connection, dispatcher, kept_files)?.run()?;
    end(skill, &context, reason)
}

/// Starts the gateway line, where a gate is wanted. Without it the words of requests are judged, as where there is none.
fn start_line(context: &Arc<ClientContext>) {
    if !context.gate.on {
        return;
    }
    let device = match Device::load_or_create(&paths::connect_device(&context.skill)) {
        Ok(device) => device,
        Err(err) => {
            let why = exit::one_line(&err);
            return context.log.line(format_args!("there is no gateway line: {why}"));
        }
    };
    let (on_deed, on_state) = (Arc::clone(context), Arc::clone(context));
    let last = RefCell::new(String::new());
    let settings = LineSettings {
        gateway: context.gateway.clone(),
        device,
        wants_gate: true,
        gate_settings: json!({
            "reads": context.gate.reads,
            "strangersRead": context.gate.strangers_read,
            "bins": own_folders(&context.skill),
        }),
        on_deed: Box::new(move |deed| deeds::take_up(&on_deed, deed)),
        on_state: Box::new(move |state| {
            let (_, why) = Rung::explained(&on_state.gate, state);
            let line = why.unwrap_or_else(|| "connected; the gate holds what is done".to_owned());
            // A gateway that stays away is told of once.
            if last.replace(line.clone()) != line {
                on_state.log.line(format_args!("gateway line: {line}"));
            }
            on_state.notify("", WorkerEvent::LineChanged);
        }),
    };
    if let Err(err) = thread::start(settings, |line| context.set_line(line)) {
        context.log.line(format_args!("there is no gateway line: {err}"));
    }
}

/// The folders in which these programs lie: the gate lets pass what they read.
fn own_folders(skill: &Path) -> Vec<String> {
    let running = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.to_owned()));
    let folders = [Some(skill.join("bin")), running].into_iter().flatten();
    folders.map(|folder| folder.display().to_string()).collect()
}

/// Makes the skill folder this process's own: its lock, and its number for those who look for it.
fn lock(skill: &Path) -> anyhow::Result<Lock> {
    file::create_dir(skill)?;
    let lock = take_lock(skill)?;
    file::replace_or_overwrite_unsynced(
        &paths::connect_pid(skill),
        format!("{}\n", std::process::id()).as_bytes(),
    )?;
    Ok(lock)
}

/// The same error, with what to do if the folder cannot be written: there is no log either that would say it.
fn with_folder_hint(skill: &Path, err: anyhow::Error) -> anyhow::Error {
    let kind = err.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    if !matches!(kind, Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)) {
        return err;
    }
    let folder = shell::quote(&skill.display().to_string());
    Fault::new(failure::exit_of(&err), exit::one_line(&err))
        .hint(format!("run `ls -ld {folder}`; if it is yours, run `chmod u+rwx {folder}`"))
        .into()
}

/// Takes the lock of the skill folder for the life of the process.
fn take_lock(skill: &Path) -> anyhow::Result<Lock> {
    let until = Instant::now() + LOCK_TIMEOUT;
    loop {
        if let Some(lock) = Lock::try_acquire(&paths::connect_lock(skill))? {
            // That the lock is free proves nothing where somebody removed the file of one that is held.
            return match running::without_lock(skill) {
                Some(pid) => Err(running::already_running(Some(pid)).into()),
                None => Ok(lock),
            };
        }
        if Instant::now() >= until {
            return Err(running::already_running(running::written_pid(skill)).into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The message of a panic may hold anything, so only its place goes to the log.
fn log_only_the_place_of_panics(context: &Arc<ClientContext>) {
    let context = Arc::clone(context);
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        context.log.line(format_args!("panicked at {place}"));
    }));
}

/// Writes why the client ends into its status and its log, and makes the exit code of it.
fn end(skill: &Path, context: &ClientContext, reason: ExitReason) -> anyhow::Result<Exit> {
    let path = paths::connect_status(skill);
    let enter = |state, reason: &str| -> anyhow::Result<()> {
        let status = ClientStatus::read(&path)?.unwrap_or_default();
        let Moment { at: since, uptime: up } = Clock::system().moment();
        let reason = Some(reason.to_owned());
        ClientStatus { state, since, reason, heartbeat: since, up, ..status }.write(&path)
    };
    match reason {
        ExitReason::Stopped => {
            enter(ClientState::Stopped, "stopped by a signal")?;
            context.log.line("stopped");
            Ok(Exit::Done)
        }
        ExitReason::KeyRefused(message) => {
            let text = format!("the service refused the API key: {}", sanitize::line(&message));
            enter(ClientState::Refused, &text)?;
            context.log.final_line(&text);
            Err(Fault::not_configured(text).hint("run `setup` with a key from the portal").into())
        }
        ExitReason::Replaced => {
            let text = "another client took over the connection of this account (close 4000)";
            enter(ClientState::Replaced, text)?;
            context.log.final_line(text);
            let hint = "stop the other one first, then run `connect start`";
            Err(Fault::new(Exit::Busy, text).hint(hint).into())
        }
    }
}
