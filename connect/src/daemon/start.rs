//! `connect start` and `restart`: runs the client in the background and waits until its key was accepted.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;
use state::args::Common;
use state::config::Config;
use state::exit::{Exit, Fault};
use state::out::{self, Printer};
use state::{paths, script_client, systemd_unit};

use super::running::{self, LockHolder};
use super::{stop, systemd};
use crate::settings::ClientSettings;
use crate::status::{ClientState, ClientStatus};

/// How long the key may take to be accepted.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The pause between two reads of the status.
const POLL: Duration = Duration::from_millis(20);

/// What becomes of a client that is not connected in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnTimeout {
    /// It is ended: a start that failed leaves nothing behind.
    Kill,
    /// It goes on trying: for the watchdog.
    KeepTrying,
}

/// Runs `start`.
pub(crate) fn run(common: &Common) -> anyhow::Result<Exit> {
    let config = Config::load(common)?;
    start(common, &config, OnTimeout::Kill)
}

/// Runs `restart`.
pub(crate) fn restart(common: &Common) -> anyhow::Result<Exit> {
    let config = Config::load(common)?;
    // One that cannot be started again is better left running.
    check(&config)?;
    let skill = config.skill_dir();
    if systemd::is_active(skill) && running::is_running(skill) {
        return by_systemd(common, &config);
    }
    stop::stop(skill)?;
    start(common, &config, OnTimeout::Kill)
}

/// Starts a client and waits until it is connected.
pub(crate) fn start(
    common: &Common,
    config: &Config,
    on_timeout: OnTimeout,
) -> anyhow::Result<Exit> {
    check(config)?;
    let skill = config.skill_dir();
    match running::find(skill) {
        LockHolder::Nobody => {}
        LockHolder::Client(client) => return Err(running::already_running(Some(client.pid)).into()),
        LockHolder::Unverified => return Err(running::already_running(None).into()),
    }
    // A client beside the unit would be one that systemd does not start again. The unit takes no `--server`.
    let is_for_unit = common.server.is_none() && systemd::is_enabled(skill);
    if is_for_unit || systemd::is_active(skill) {
        return by_systemd(common, config);
    }
    if let Some(pid) = script_client::find(skill) {
        out::warning(&format!(
            "the client of the old scripts (ws-client.js) still runs as process {pid}: the two take the connection from each other"
        ));
        out::hint(&format!("run `kill {pid}`"));
    }
    let child = spawn(common, skill)?;
    wait_connected(common, config, AwaitedClient::Child(child), on_timeout)
}

/// Fails (exit 3) where the client would end at once for its configuration.
fn check(config: &Config) -> anyhow::Result<()> {
    state::api::Service::from_config(config)?;
    ClientSettings::of(config).map(drop)
}

/// Has systemd start a client, in place of the one that runs if any does.
fn by_systemd(common: &Common, config: &Config) -> anyhow::Result<Exit> {
    // What the last one wrote stays there if it was killed.
    let last = running::written_pid(config.skill_dir());
    systemd::run("restart")?;
    wait_connected(common, config, AwaitedClient::Successor(last), OnTimeout::KeepTrying)
}

/// The client that is to connect.
enum AwaitedClient {
    /// A child of this process.
    Child(Child),
    /// One of systemd's, which is not the one of this number.
    Successor(Option<i32>),
}

impl AwaitedClient {
    /// Whether a status is the one that it wrote.
    fn wrote(&self, skill: &Path, status: &ClientStatus) -> bool {
        match self {
            Self::Child(child) => status.pid == child.id(),
            Self::Successor(last) => {
                let pid = running::written_pid(skill);
                pid != *last
                    && pid.is_some_and(|pid| pid.cast_unsigned() == status.pid)
                    && running::is_running(skill)
            }
        }
    }
}

/// Runs this program as a client. It makes a session of its own, so that closing the terminal does not end it, and shares
/// nothing with us but the pipe that its stderr comes through.
fn spawn(common: &Common, skill: &Path) -> anyhow::Result<Child> {
    let program = std::env::current_exe().context("finding this program")?;
    let mut command = Command::new(&program);
    // By the name that this program was called by, so that its hints name commands as they are typed here.
    command.arg0(std::env::args_os().next().unwrap_or_else(|| "connect".into()));
    command.arg("run").arg("--detached").arg("--skill-dir").arg(skill).current_dir(skill);
    if let Some(server) = &common.server {
        command.arg("--server").arg(server);
    }
    let (tunables, settings) = systemd_unit::ALLOCATOR;
    if std::env::var_os(tunables).is_none() {
        command.env(tunables, settings);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().with_context(|| format!("starting `{}`", program.display()))
}

/// Waits for the key to be accepted.
fn wait_connected(
    common: &Common,
    config: &Config,
    mut awaited: AwaitedClient,
    on_timeout: OnTimeout,
) -> anyhow::Result<Exit> {
    let skill = config.skill_dir();
    let started = Instant::now();
    let mut last = None;
    while started.elapsed() < TIMEOUT {
        if let AwaitedClient::Child(child) = &mut awaited
            && let Some(ended) = child.try_wait().context("waiting for the client")?
        {
            return Err(ended_early(child, ended.code()).into());
        }
        let status = ClientStatus::read(&paths::connect_status(skill)).ok().flatten();
        last = status.filter(|status| awaited.wrote(skill, status));
        if let Some(status) = &last
            && status.state == ClientState::Connected
        {
            let pid = status.pid;
            Printer::new(common).print(&json!({"state": "connected", "pid": pid}), || {
                format!("Connected (pid {pid})")
            })?;
            return Ok(Exit::Done);
        }
        thread::sleep(POLL);
    }
    let why = last.and_then(|status| status.last_close).map(|close| close.reason);
    let why = why.unwrap_or_else(|| "the service did not accept the key".to_owned());
    let mut text = format!("not connected after {} s: {why}", TIMEOUT.as_secs());
    if on_timeout == OnTimeout::Kill
        && let LockHolder::Client(client) = running::find(skill)
    {
        client.end(skill, Duration::from_secs(2))?;
    } else {
        text.push_str("; it goes on trying");
    }
    Err(Fault::new(Exit::Unavailable, text).hint("run `connect logs`").into())
}

/// What the child printed as its error, with its own exit code.
fn ended_early(child: &mut Child, code: Option<i32>) -> Fault {
    let stderr = child.stderr.take().map(stderr_text).unwrap_or_default();
    let line = |label: &str| stderr.lines().rev().find_map(|line| line.strip_prefix(label));
    let text = line("error: ").unwrap_or("the client ended at once");
    let exit = match code {
        Some(3) => Exit::NotConfigured,
        Some(5) => Exit::Busy,
        _ => Exit::Unavailable,
    };
    Fault::new(exit, text).hint(line("hint: ").unwrap_or("run `connect logs`"))
}

fn stderr_text(pipe: std::process::ChildStderr) -> String {
    let mut bytes = Vec::new();
    // It has ended, so this does not wait.
    let _ = File::from(std::os::fd::OwnedFd::from(pipe)).take(64 << 10).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
