//! Links to the programs in a folder that is on the PATH, under names that belong to nobody else; and beside it, as in
//! `~/.local/bin` and `~/.local/share`, links to their completions and man pages.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use state::exit::Fault;
use state::{env, paths};

use super::lay;
use super::package;
use super::programs::PROGRAMS;

/// The links of one folder, checked before anything is written.
pub(super) struct Links {
    folder: PathBuf,
    /// The folder `share` beside it, where it has one of its own: it is called `bin`.
    share: Option<PathBuf>,
    entries: Vec<Link>,
}

/// What was linked anew.
#[derive(Debug, Default)]
pub(super) struct MadeLinks {
    pub(super) programs: Vec<PathBuf>,
    /// How many completions and man pages.
    pub(super) n_shared: usize,
}

struct Link {
    place: PathBuf,
    /// What it leads to, in the skill folder.
    inside: String,
}

impl Links {
    /// Fails (exit 2) if something that is no link stands where one is to go: it is not ours to replace.
    pub(super) fn plan(folder: &Path) -> Result<Self> {
        let share = folder.parent().filter(|_| folder.ends_with("bin"));
        let share = share.map(|parent| parent.join("share"));
        let program = |(name, linked): &(&str, &str)| Link {
            place: folder.join(linked),
            inside: format!("bin/{name}"),
        };
        let mut entries: Vec<Link> = PROGRAMS.iter().map(program).collect();
        if let Some(share) = &share {
            entries.extend(
                package::shared()?
                    .into_keys()
                    .map(|path| Link { place: share.join(&path), inside: format!("share/{path}") }),
            );
        }
        let is_taken =
            |link: &&Link| link.place.symlink_metadata().is_ok_and(|meta| !meta.is_symlink());
        if let Some(Link { place, .. }) = entries.iter().find(is_taken) {
            let found = format!("`{}` is there and is no link", place.display());
            return Err(Fault::usage(found)
                .hint("move it away, or name another folder with `--bin-dir`")
                .into());
        }
        Ok(Self { folder: folder.to_owned(), share, entries })
    }

    /// Makes those that are missing or lead elsewhere.
    pub(super) fn make(&self, skill: &Path) -> Result<MadeLinks> {
        let mut made = MadeLinks::default();
        for Link { place, inside } in &self.entries {
            let leads_to = skill.join(inside);
            if fs::read_link(place).is_ok_and(|found| found == leads_to) {
                continue;
            }
            lay::make(place.parent().unwrap_or(&self.folder), 0o755)?;
            let temp = paths::temp_of(place);
            let linking = || format!("linking `{}`", place.display());
            match fs::remove_file(&temp) {
                Err(err) if err.kind() != ErrorKind::NotFound => {
                    return Err(err).with_context(linking);
                }
                _ => {}
            }
            symlink(&leads_to, &temp)
                .and_then(|()| fs::rename(&temp, place))
                .with_context(linking)?;
            if place.parent() == Some(&self.folder) {
                made.programs.push(place.clone());
            } else {
                made.n_shared += 1;
            }
        }
        Ok(made)
    }

    /// What is still to be done by hand, so that a shell finds programs, completions and man pages: a line each, with what
    /// it is for. `skill_share` is the folder of those in the skill folder.
    pub(super) fn lines(&self, skill_share: &Path) -> Vec<(&'static str, String)> {
        let share = self.share.as_deref().unwrap_or(skill_share);
        let quoted = |inside: &str| state::shell::quote(&share.join(inside).display().to_string());
        let mut lines = Vec::new();
        if !self.are_on_path() {
            let folder = state::shell::quote(&self.folder.display().to_string());
            lines.push(("programs, in ~/.profile", format!("export PATH={folder}:\"$PATH\"")));
        }
        // `man` looks beside the folders of the PATH.
        if self.share.is_none() {
            lines.push(("man pages, in ~/.profile", format!("export MANPATH={}:", quoted("man"))));
        }
        if !data_folders().iter().any(|folder| folder == share) {
            let folder = quoted("bash-completion/completions");
            let line = format!("for f in {folder}/clawdtalk-*; do . \"$f\"; done");
            lines.push(("bash, in ~/.bashrc", line));
            let line = format!("set -p fish_complete_path {}", quoted("fish/vendor_completions.d"));
            lines.push(("fish, in ~/.config/fish/config.fish", line));
        }
        let line = format!("fpath=({} $fpath)", quoted("zsh/site-functions"));
        lines.push(("zsh, in ~/.zshrc before compinit", line));
        lines
    }

    /// Whether a shell finds what is linked there.
    pub(super) fn are_on_path(&self) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder == self.folder)
    }
}

/// Where bash-completion and fish look for completions.
fn data_folders() -> Vec<PathBuf> {
    let own = env::path("XDG_DATA_HOME").or_else(|| Some(env::home()?.join(".local/share")));
    let shared = std::env::var_os("XDG_DATA_DIRS").filter(|folders| !folders.is_empty());
    let shared = shared.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    own.into_iter().chain(std::env::split_paths(&shared)).collect()
}
