//! Where things are: the skill folder, and every file in it. Every path is a function here.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::env;
use crate::exit::Fault;

/// The skill folder (spec 2): the flag, `CLAWDTALK_SKILL_DIR`, the folder above the running program's
/// `bin/` with links resolved, else `$XDG_CONFIG_HOME/clawdtalk`. Never the current folder by itself.
///
/// Fails (exit 3) if nothing of all this is known.
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

/// A `bin/` belongs to a skill folder if one of its files lies beside it; `/usr/local/bin` does not.
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
    /// The configuration, shared with the reference.
    config = "skill-config.json";
    /// The skill's own `.env`, parsed and never executed.
    dotenv = ".env";
    /// What `missions` remembers, shared with the reference.
    missions_state = ".missions_state.json";
    /// State files elsewhere that `missions` has pointed out already.
    missions_notes = ".missions_notes.json";
    /// A new crontab on its way to cron; it has this name for a moment only.
    crontab_new = ".crontab.tmp";
    /// What was about to be sent: see [`crate::intents`].
    intents = ".intents.json";
    /// Numbers that are never called or texted: see [`crate::do_not_call`].
    do_not_call = ".do_not_call.json";
    /// Calls that `call` placed, and whom it dialled: see [`crate::own_calls`].
    own_calls = ".own_calls.json";
    /// Approvals for which a fingerprint or face was asked; read and written by `approval` alone.
    approvals = ".approvals.json";
    /// What `connect` accepted, sent, was answered and delivered.
    journal = ".connect.journal";
    /// The lock that a running `connect` holds for its whole life.
    connect_lock = ".connect.lock";
    /// The pid of the running `connect`, for the reference's habits; never trusted alone.
    connect_pid = ".connect.pid";
    /// What the running `connect` says of itself.
    connect_status = ".connect.status.json";
    /// The log of `connect`.
    connect_log = ".connect.log";
    /// `mission.*` events that `connect` received, read by `missions tick`.
    mission_events = ".mission_events.jsonl";
}

/// Changes of the user's crontab wait for each other here, whatever skill folder they come from: there is one crontab. Not
/// under `XDG_CACHE_HOME` or `XDG_RUNTIME_DIR`, which cron does not set. `uninstall` leaves it, empty as it is, since
/// another skill folder may use it. Who has no home has the skill folder for it.
pub(crate) fn crontab_lock(skill: &Path) -> PathBuf {
    match env::home().filter(|home| home.is_dir()) {
        Some(home) => home.join(".cache/clawdtalk-crontab.lock"),
        None => skill.join(".crontab.lock"),
    }
}

/// The lock of a file is a file beside it: a rename swaps the data file's inode, so it cannot be locked itself.
pub fn lock_of(path: &Path) -> PathBuf {
    beside(path, ".lock")
}

/// The file that becomes `path` when it is whole.
pub fn temp_of(path: &Path) -> PathBuf {
    beside(path, ".tmp")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(suffix);
    path.with_file_name(name)
}
