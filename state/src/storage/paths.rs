//! Where files are: the skill folder, and a function for each file in it.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::SignedDuration;

use crate::exit::Fault;
use crate::process::env;

/// How old the last answered ping in the status file of `connect` may be for its "connected" to be believed: it pings every
/// 30 s, and waits 10 s for the pong.
pub const PONG_FRESH_FOR: SignedDuration = SignedDuration::from_secs(45);

/// The skill folder: the flag, `CLAWDTALK_SKILL_DIR`, the folder above the running program's `bin/` with links resolved
/// if that is a skill folder, else `clawdtalk` in `$XDG_CONFIG_HOME` (`~/.config`). Never the current folder by itself.
///
/// Fails (exit 3) if none of these is known.
pub fn skill_dir(flag: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(given) = flag.map(Path::to_owned).or_else(|| env::path("CLAWDTALK_SKILL_DIR")) {
        return std::path::absolute(&given)
            .with_context(|| format!("finding `{}`", given.display()));
    }
    if let Some(installed) = installed_in() {
        return Ok(installed);
    }
    let config =
        env::path("XDG_CONFIG_HOME").or_else(|| env::home().map(|home| home.join(".config")));
    let config = config.ok_or_else(|| {
        Fault::not_configured("neither CLAWDTALK_SKILL_DIR nor HOME is set")
            .hint("set one of them, or give --skill-dir")
    })?;
    Ok(config.join("clawdtalk"))
}

/// The skill folder that the running program is installed in: the one around its `bin/`, recognised by its own files, so
/// that `/usr/local` is none.
fn installed_in() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?.canonicalize().ok()?;
    let bin = program.parent().filter(|dir| dir.ends_with("bin"))?;
    let skill = bin.parent()?;
    let is_skill = ["SKILL.md", "skill-config.json"].iter().any(|name| skill.join(name).exists());
    is_skill.then(|| skill.to_owned())
}

macro_rules! files {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])* pub fn $name(skill: &Path) -> PathBuf { skill.join($file) })*
    };
}

files! {
    /// The configuration; the scripts that the tools replace use the same file.
    config = "skill-config.json";
    /// The skill's own `.env`.
    dotenv = ".env";
    /// The missions; the script that `missions` replaces uses the same file.
    missions_state = ".missions_state.json";
    /// Which state files in other folders `missions` has already printed a notice about.
    missions_notes = ".missions_notes.json";
    /// A new crontab that is about to be handed to cron; removed at once.
    crontab_temp = ".crontab.tmp";
    /// Requests that were about to be sent: see [`crate::storage::intents`].
    intents = ".intents.json";
    /// Numbers that must not be called or texted: see [`crate::storage::do_not_call`].
    do_not_call = ".do_not_call.json";
    /// Calls that `call` placed, and to whom: see [`crate::storage::placed_calls`].
    placed_calls = ".own_calls.json";
    /// Requests for an approval that were made here; read and written by `approval` alone.
    approvals = ".approvals.json";
    /// Numbers that we texted of our own accord: see [`crate::storage::texted_numbers`].
    texted_numbers = ".texted_numbers.json";
    /// Numbers whose texts a live mission waits for: see [`crate::storage::awaited_replies`].
    awaited_replies = ".awaited_replies.json";
    /// The texts of the last hour that `connect` made turns of, which it counts over restarts.
    connect_texts = ".connect.texts.json";
    /// The journal of `connect`: which requests it accepted, sent to the agent and answered.
    journal = ".connect.journal";
    /// The lock that a running `connect` holds for its whole life.
    connect_lock = ".connect.lock";
    /// The pid of the running `connect`, as the scripts wrote it; the lock alone proves that it runs.
    connect_pid = ".connect.pid";
    /// The state of the running `connect`, written by it for `connect status`.
    connect_status = ".connect.status.json";
    /// The key by which `connect` is known to the gateway: see [`crate::gateway::Device`].
    connect_device = ".connect.device.json";
    /// The log of `connect`.
    connect_log = ".connect.log";
    /// `mission.*` events that `connect` received, read by `missions tick`.
    mission_events = ".mission_events.jsonl";
}

/// The lock for changes of the user's crontab. It is in the home directory, since all skill folders share one crontab; not
/// under `XDG_CACHE_HOME` or `XDG_RUNTIME_DIR`, which cron does not set. `uninstall` leaves it, since another skill folder
/// may use it. Without a home directory it is in the skill folder.
pub(crate) fn crontab_lock(skill: &Path) -> PathBuf {
    match env::home().filter(|home| home.is_dir()) {
        Some(home) => home.join(".cache/clawdtalk-crontab.lock"),
        None => skill.join(".crontab.lock"),
    }
}

/// Whether an open file is still the one that has this path: somebody may have removed, renamed or replaced it.
pub fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// The lock file for `path`, beside it. The file itself cannot be locked: a rename replaces it by another inode.
pub fn lock_of(path: &Path) -> PathBuf {
    with_suffix(path, ".lock")
}

/// The file that is renamed to `path` when it is completely written.
pub fn temp_of(path: &Path) -> PathBuf {
    with_suffix(path, ".tmp")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(suffix);
    path.with_file_name(name)
}
