//! `connect start` and `restart`: runs the client in the background and waits until its key was accepted.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;
use state::args::Common;
use state::config::Config;
use state::exit::{Exit, Fault};
use state::out::Printer;
use state::paths;

use super::holder::{self, Found};
use super::{stop, systemd};
use crate::run::Settings;
use crate::status::{ClientState, ClientStatus};

/// How long the key may take to be accepted (spec 3).
const WITHIN: Duration = Duration::from_secs(20);
/// From one look to the next.
const LOOK: Duration = Duration::from_millis(20);

/// What becomes of a client that is not connected in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// It is ended: a start that failed leaves nothing behind.
    EndIt,
    /// It goes on trying: for the watchdog.
    GoOnTrying,
}

/// Runs `start`.
pub(crate) fn run(common: &Common) -> anyhow::Result<Exit> {
    let config = Config::load(common)?;
    start(common, &config, Patience::EndIt)
}

/// Runs `restart`.
pub(crate) fn again(common: &Common) -> anyhow::Result<Exit> {
    let config = Config::load(common)?;
    // What cannot be started again is better left running.
    check(&config)?;
    let skill = config.skill_dir();
    if systemd::is_active(skill) && holder::is_running(skill) {
        return by_systemd(common, &config);
    }
    stop::stop(skill)?;
    start(common, &config, Patience::EndIt)
}

/// Starts a client and tells how that went.
pub(crate) fn start(common: &Common, config: &Config, patience: Patience) -> anyhow::Result<Exit> {
    check(config)?;
    let skill = config.skill_dir();
    match holder::find(skill) {
        Found::Nobody => {}
        Found::Client(client) => return Err(already(Some(client.pid)).into()),
        Found::Unproved => return Err(already(None).into()),
    }
    // A client beside the unit would be one that systemd does not start again. The unit knows no `--server`.
    let is_units = common.server.is_none() && systemd::is_enabled(skill);
    if is_units || systemd::is_active(skill) {
        return by_systemd(common, config);
    }
    let child = spawn(common, skill)?;
    connected(common, config, Awaited::Child(child), patience)
}

/// Fails (exit 3) where the client would end at once for its configuration.
fn check(config: &Config) -> anyhow::Result<()> {
    config.service()?;
    Settings::of(config).map(drop)
}

/// Has systemd start a client, in place of the one that runs if any does.
fn by_systemd(common: &Common, config: &Config) -> anyhow::Result<Exit> {
    // What the last one wrote stays there if it was killed.
    let last = holder::written_pid(config.skill_dir());
    systemd::tell("restart")?;
    connected(common, config, Awaited::Successor(last), Patience::GoOnTrying)
}

/// The client that is to connect.
enum Awaited {
    /// One of our own.
    Child(Child),
    /// One of systemd's, which is not the one of this number.
    Successor(Option<i32>),
}

impl Awaited {
    /// Whether it is its status.
    fn says(&self, skill: &Path, status: &ClientStatus) -> bool {
        match self {
            Self::Child(child) => status.pid == child.id(),
            Self::Successor(last) => {
                let pid = holder::written_pid(skill);
                pid != *last
                    && pid.is_some_and(|pid| pid.cast_unsigned() == status.pid)
                    && holder::is_running(skill)
            }
        }
    }
}

fn already(pid: Option<i32>) -> Fault {
    let who = pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
    Fault::new(Exit::Busy, format!("already running{who}")).hint("run `connect status`")
}

/// Runs this program as a client of its own. It makes a session for itself, so that closing the terminal does
/// not end it, and keeps nothing of ours but the pipe that its last words come through.
fn spawn(common: &Common, skill: &Path) -> anyhow::Result<Child> {
    let program = std::env::current_exe().context("finding this program")?;
    let mut command = Command::new(&program);
    command.arg("run").arg("--detached").arg("--skill-dir").arg(skill).current_dir(skill);
    if let Some(server) = &common.server {
        command.arg("--server").arg(server);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().with_context(|| format!("starting `{}`", program.display()))
}

/// Waits for the key to be accepted.
fn connected(
    common: &Common,
    config: &Config,
    mut awaited: Awaited,
    patience: Patience,
) -> anyhow::Result<Exit> {
    let skill = config.skill_dir();
    let began = Instant::now();
    let mut last = None;
    while began.elapsed() < WITHIN {
        if let Awaited::Child(child) = &mut awaited
            && let Some(ended) = child.try_wait().context("waiting for the client")?
        {
            return Err(ended_early(child, ended.code()).into());
        }
        let status = ClientStatus::read(&paths::connect_status(skill)).ok().flatten();
        last = status.filter(|status| awaited.says(skill, status));
        if let Some(status) = &last
            && status.state == ClientState::Connected
        {
            let pid = status.pid;
            Printer::new(common).document(&json!({"state": "connected", "pid": pid}), || {
                format!("Connected (pid {pid})")
            })?;
            return Ok(Exit::Done);
        }
        thread::sleep(LOOK);
    }
    let why = last.and_then(|status| status.last_close).map(|close| close.reason);
    let why = why.unwrap_or_else(|| "the service did not accept the key".to_owned());
    let mut text = format!("not connected after {} s: {why}", WITHIN.as_secs());
    if patience == Patience::EndIt
        && let Found::Client(client) = holder::find(skill)
    {
        client.end(skill, Duration::from_secs(2))?;
    } else {
        text.push_str("; it goes on trying");
    }
    Err(Fault::new(Exit::Unavailable, text).hint("run `connect logs`").into())
}

/// The child's own last words, with its own exit code.
fn ended_early(child: &mut Child, code: Option<i32>) -> Fault {
    let words = child.stderr.take().map(last_words).unwrap_or_default();
    let line = |label: &str| words.lines().rev().find_map(|line| line.strip_prefix(label));
    let text = line("error: ").unwrap_or("the client ended at once");
    let exit = match code {
        Some(3) => Exit::NotConfigured,
        Some(5) => Exit::Busy,
        _ => Exit::Unavailable,
    };
    Fault::new(exit, text).hint(line("hint: ").unwrap_or("run `connect logs`"))
}

fn last_words(pipe: std::process::ChildStderr) -> String {
    let mut bytes = Vec::new();
    // It has ended, so this does not wait; what cannot be read is not told.
    let _ = File::from(std::os::fd::OwnedFd::from(pipe)).take(64 << 10).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
