//! `connect run`: takes the lock, builds the client, and turns its end into an exit code.

use std::io::{self, ErrorKind};
use std::panic;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use mio::{Poll, Waker};
use state::api;
use state::args::Common;
use state::clock::Clock;
use state::config::Config;
use state::exit::{Exit, Fault};
use state::lock::Lock;
use state::moment::Moment;
use state::out::Printer;
use state::secret::Secret;
use state::{config, exit, file, gateway, paths, settings, words};

use crate::allocator;
use crate::approval::spoken::SpokenConfirmations;
use crate::approval::subscriptions::ApprovalSubscriptions;
use crate::args::Run;
use crate::calls::Calls;
use crate::client::{Client, SOCKET, Verdict, WAKER};
use crate::daemon::holder;
use crate::desk::Desk;
use crate::journal::Journal;
use crate::log::ClientLog;
use crate::mail::{Mail, Mailer};
use crate::opt_outs::OptOuts;
use crate::periods::Periods;
use crate::protocol::outgoing::auth;
use crate::recover;
use crate::shop::{Shop, Voice};
use crate::status::writer::StatusWriter;
use crate::status::{ClientState, ClientStatus, GatewayStatus};
use crate::texts::Texts;
use crate::transport::connection::ServiceConnection;
use crate::transport::dial::Endpoint;
use state::guard::Policy;

/// Whoever looks whether the lock is held has it for a moment.
const LOOKED_AT: Duration = Duration::from_millis(300);

/// One request to the service, all its tries included: a decision or a text is not worth more.
const REQUEST: Duration = Duration::from_secs(20);

/// Runs the client until it is told to stop.
pub(crate) fn run(common: &Common, args: &Run) -> anyhow::Result<Exit> {
    allocator::settle();
    if args.detached {
        // A process that leads its group already has a terminal of its own to lose.
        let _ = rustix::process::setsid();
    }
    // Nothing is printed on stdout; this takes `--quiet` into account.
    let _ = Printer::new(common);
    let config = Config::load(common)?;
    let service = config.service()?;
    let target = Endpoint::of(&service)?;
    let settings = Settings::of(&config)?;
    let skill = config.skill_dir();
    let _lock = move_in(skill).map_err(|err| if_unwritable(skill, err))?;

    let poll = Poll::new().context("making a poll")?;
    let waker = Waker::new(poll.registry(), WAKER).context("making a waker")?;
    let (mailer, mail) = Mailer::new(Some(waker));
    let clock = config.clock();
    let gateway = gateway::Client::new(settings.gateway);
    let log = ClientLog::open(&paths::connect_log(skill), clock, !args.detached);
    let (journal, open, fault) = Journal::open(&paths::journal(skill), clock);
    if let Some(fault) = fault {
        log.line(format_args!(
            "the journal cannot be used, so nothing sensitive is done: {fault:#}"
        ));
    }
    let shop = Arc::new(Shop {
        skill: skill.to_owned(),
        clock,
        periods: Periods::on(&clock),
        gateway,
        service: Some(api::Client::new(&service, REQUEST).silent()),
        journal,
        log,
        mailer: mailer.clone(),
        guard: settings.guard,
        calls: Calls::default(),
        aloud: SpokenConfirmations::default(),
        approvals: ApprovalSubscriptions::default(),
        texts: settings.texts,
        opt_outs: OptOuts::default(),
        voice: settings.voice,
    });
    tell_only_the_place_of_panics(&shop);

    let status = ClientStatus {
        format: 1,
        since: Timestamp::now(),
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        server: config::shown(service.base()),
        journal_writable: shop.journal.is_writable(),
        gateway: GatewayStatus {
            url: shop.gateway.target().base().to_owned(),
            ..GatewayStatus::default()
        },
        ..ClientStatus::default()
    };
    let mut board = StatusWriter::new(paths::connect_status(skill), shop.periods.heartbeat, status);
    board.enter(ClientState::Connecting, None);
    let mut desk = Desk::new(Arc::clone(&shop), board, settings.max_turns);
    recover::take_up(&mut desk, open);

    let (owner, agent) = (shop.voice.owner.as_deref(), shop.voice.agent.as_deref());
    let auth = Secret::around(auth(service.key().expose(), owner, agent));
    let registry = poll.registry().try_clone().context("sharing the poll")?;
    let on_dialled =
        Arc::new(move |attempt, result| mailer.send(Mail::Dialled { attempt, result }));
    let session = ServiceConnection::new(target, auth, shop.periods, registry, SOCKET, on_dialled);
    shop.log.line(format_args!("started (pid {})", std::process::id()));
    let verdict = Client::new(poll, mail, session, desk)?.run()?;
    ended(skill, &shop, verdict)
}

/// What the configuration says of a client; checked before anything is opened.
pub(crate) struct Settings {
    /// The agent.
    pub(crate) gateway: gateway::Target,
    /// Our own words.
    pub(crate) voice: Voice,
    /// What the owner wants to be asked about.
    pub(crate) guard: Policy,
    /// Who is answered by text.
    pub(crate) texts: Texts,
    /// Turns at once.
    pub(crate) max_turns: usize,
}

impl Settings {
    /// Reads them. Fails (exit 3) where one is not what it should be.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        let settings = settings::Settings::of(config)?;
        Ok(Self {
            gateway: config.gateway()?,
            voice: Voice {
                owner: settings.owner,
                agent: settings.agent,
                greeting: settings.greeting,
                context: settings.voice_context,
            },
            guard: settings.guard,
            texts: Texts::new(settings.texts),
            max_turns: settings.max_turns,
        })
    }
}

/// Makes the skill folder this process's own.
fn move_in(skill: &Path) -> anyhow::Result<Lock> {
    file::make_dir(skill)?;
    let lock = hold(skill)?;
    file::show(&paths::connect_pid(skill), format!("{}\n", std::process::id()).as_bytes())?;
    Ok(lock)
}

/// The same error, with what to do if the folder cannot be written: there is no log either that would tell it.
fn if_unwritable(skill: &Path, err: anyhow::Error) -> anyhow::Error {
    let kind = err.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    if !matches!(kind, Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)) {
        return err;
    }
    let folder = words::for_shell(&skill.display().to_string());
    Fault::new(exit::code_of(&err), exit::told(&err))
        .hint(format!("run `ls -ld {folder}`; if it is yours, run `chmod u+rwx {folder}`"))
        .into()
}

/// Takes the lock of the skill folder for the life of the process.
fn hold(skill: &Path) -> anyhow::Result<Lock> {
    let until = Instant::now() + LOOKED_AT;
    loop {
        if let Some(lock) = Lock::try_hold(&paths::connect_lock(skill))? {
            return Ok(lock);
        }
        if Instant::now() >= until {
            let who = holder::written_pid(skill);
            let who = who.map_or_else(String::new, |pid| format!(" (pid {pid})"));
            return Err(Fault::new(Exit::Busy, format!("already running{who}"))
                .hint("run `connect status`")
                .into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A panic's message may hold anything, so only its place is told.
fn tell_only_the_place_of_panics(shop: &Arc<Shop>) {
    let shop = Arc::clone(shop);
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        shop.log.line(format_args!("broke at {place}"));
    }));
}

fn ended(skill: &Path, shop: &Shop, verdict: Verdict) -> anyhow::Result<Exit> {
    let path = paths::connect_status(skill);
    let enter = |state, reason: &str| -> anyhow::Result<()> {
        let status = ClientStatus::read(&path)?.unwrap_or_default();
        let Moment { at: since, up } = Clock::real().moment();
        let reason = Some(reason.to_owned());
        ClientStatus { state, since, reason, heartbeat: since, up, ..status }.write(&path)
    };
    match verdict {
        Verdict::Stopped => {
            enter(ClientState::Stopped, "it was told to stop")?;
            shop.log.line("stopped");
            Ok(Exit::Done)
        }
        Verdict::KeyRefused(message) => {
            let text = format!("the service refused the API key: {}", state::words::line(&message));
            enter(ClientState::Refused, &text)?;
            shop.log.final_line(&text);
            Err(Fault::not_configured(text).hint("run `setup` with a key from the portal").into())
        }
        Verdict::Replaced => {
            let text = "another client took over the connection of this account (close 4000)";
            enter(ClientState::Replaced, text)?;
            shop.log.final_line(text);
            let hint = "stop the other one first, then run `connect start`";
            Err(Fault::new(Exit::Busy, text).hint(hint).into())
        }
    }
}
