//! Where the other programs of this installation are.

use anyhow::Context as _;
use state::exit::Fault;
use std::path::{Path, PathBuf};

/// The `connect` that belongs to this skill folder; see [`program_of`].
pub fn connect_of(skill: &Path) -> anyhow::Result<PathBuf> {
    program_of(skill, "connect")
}

/// The program of this name in the folder's own `bin/`, else the one beside this program.
///
/// Fails (exit 3) if there is neither.
pub fn program_of(skill: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let own = skill.join("bin").join(name);
    let program = std::env::current_exe().context("finding this program")?;
    let beside = program.canonicalize().unwrap_or(program).with_file_name(name);
    let Some(found) = [own.clone(), beside].into_iter().find(|path| path.is_file()) else {
        let text = format!("no `{name}` at `{}`", own.display());
        return Err(Fault::not_configured(text).hint("run `cargo xtask install`").into());
    };
    Ok(found)
}
