//! `cargo xtask install`: builds the programs and lays a skill folder out: a new one, one of these programs, or one of the
//! scripts that they replace.

pub(crate) mod completions;
mod folder;
mod lay;
mod links;
mod manuals;
pub(crate) mod package;
pub(crate) mod programs;
pub(crate) mod reference;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::json;
use state::exit::Exit;
use state::lock::Lock;
use state::out::{self, Printer};
use state::{file, paths, shell};

use crate::args::InstallArgs;
use crate::workspace::{Profile, Workspace};
use folder::FolderOrigin;
use lay::{Layout, LayoutChanges};
use links::{Links, MadeLinks};

/// How long another installation of the same folder is waited for: it has its programs built already.
const LOCK_WAIT: Duration = Duration::from_secs(60);

/// What came of an installation.
struct InstallReport {
    skill: PathBuf,
    origin: FolderOrigin,
    changes: LayoutChanges,
    backup: PathBuf,
    private: Vec<PathBuf>,
    links: MadeLinks,
}

/// Builds, lays out, links, and reports what was done.
///
/// Fails with exit 2 before anything is built if the folder holds other things, and with exit 5 if another
/// installation is at work on it.
pub(crate) fn run(workspace: &Workspace, args: &InstallArgs, printer: Printer) -> Result<Exit> {
    let skill = args.to.clone().map_or_else(folder::default, Ok)?;
    let absolute = |path: &Path| {
        std::path::absolute(path).with_context(|| format!("finding `{}`", path.display()))
    };
    let skill = absolute(&skill)?;
    let origin = folder::origin(&skill)?;
    let links = args
        .bin_dir
        .as_deref()
        .map(absolute)
        .transpose()?
        .map(|dir| Links::plan(&dir))
        .transpose()?;
    let profile = Profile::of_debug(args.debug);
    out::progress("building the programs");
    let programs = workspace.build(profile)?;
    let items = package::items(workspace, &programs)?;

    file::create_dir(&skill)?;
    let _lock = Lock::acquire(&folder::lock(&skill), LOCK_WAIT)?;
    // Before there is anything to commit.
    setup::git_ignore::write(&skill)?;
    let backup = backup(&skill);
    let layout = Layout { skill: &skill, backup: &backup };
    let mut changes = layout.put(&items)?;
    if origin == FolderOrigin::Scripts {
        for path in folder::obsolete(&skill) {
            layout.retire(path, &mut changes)?;
        }
    }
    let private = folder::exposed(&skill)?;
    for path in &private {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))
            .with_context(|| format!("making `{}` private", path.display()))?;
    }
    let made = links.as_ref().map(|links| links.make(&skill)).transpose()?.unwrap_or_default();
    let report = InstallReport { skill, origin, changes, backup, private, links: made };
    report.print(printer)?;
    report.advise(links.as_ref());
    Ok(Exit::Done)
}

/// A folder for what is replaced now, named after the time in UTC, and not there yet.
fn backup(skill: &Path) -> PathBuf {
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let all = skill.join(".backup");
    let named = |n: u32| if n == 0 { time.clone() } else { format!("{time}-{n}") };
    let mut free = (0..).map(|n| all.join(named(n))).filter(|path| !path.exists());
    free.next().expect("some number is free")
}

impl InstallReport {
    fn print(&self, printer: Printer) -> Result<()> {
        let backup = (!self.changes.moved.is_empty()).then_some(&self.backup);
        let document = json!({
            "skill_dir": self.skill,
            "version": env!("CARGO_PKG_VERSION"),
            "upgraded_reference": self.origin == FolderOrigin::Scripts,
            "written": self.changes.written,
            "unchanged": self.changes.n_unchanged,
            "backup": backup,
            "moved": self.changes.moved,
            "made_private": self.private,
            "links": self.links.programs,
            "completions_and_pages_linked": self.links.n_shared,
        });
        printer.print(&document, || self.words())
    }

    fn words(&self) -> String {
        let mut lines = vec![format!("ClawdTalk tools in {}", self.skill.display())];
        let (n_written, n_right) = (self.changes.written.len(), self.changes.n_unchanged);
        lines.push(format!("{n_written} files written, {n_right} were right already"));
        if !self.changes.moved.is_empty() {
            lines.push(format!("moved to {}:", self.backup.display()));
            lines.extend(self.changes.moved.iter().map(|path| format!("  {path}")));
        }
        let private = self.private.iter().map(|path| format!("private now: {}", path.display()));
        lines.extend(private);
        let linked = self.links.programs.iter();
        lines.extend(linked.map(|link| format!("linked: {}", link.display())));
        if self.links.n_shared > 0 {
            lines.push(format!("linked: {} completions and man pages", self.links.n_shared));
        }
        lines.join("\n")
    }

    /// What people should know or do next, on stderr.
    fn advise(&self, links: Option<&Links>) {
        let bin = self.skill.join("bin");
        if let Some(pid) = state::script_client::find(&self.skill) {
            out::warning(&format!(
                "the client of the old scripts still runs as process {pid}; end it with: kill {pid}"
            ));
        }
        let is_new = self.changes.written.iter().any(|path| path == "bin/connect");
        if is_new && Lock::is_held(&paths::connect_lock(&self.skill)) {
            out::warning(&format!(
                "the client runs on as it was before; when no call is going on: {} restart",
                bin.join("connect").display()
            ));
        }
        let share = self.skill.join("share");
        match links {
            Some(links)
                if self.links.n_shared > 0
                    || !self.changes.written.is_empty()
                    || !self.links.programs.is_empty() =>
            {
                for (what, line) in links.lines(&share) {
                    out::progress(&format!("for {what}: {line}"));
                }
            }
            None if !self.changes.written.is_empty() => out::progress(&format!(
                "completions and man pages are in {}; `--bin-dir ~/.local/bin` links them and the programs",
                share.display()
            )),
            _ => {}
        }
        if !paths::config(&self.skill).exists() {
            let setup = self.skill.join("bin/setup").display().to_string();
            let linked =
                links.filter(|links| links.are_on_path()).map(|_| "clawdtalk-setup".to_owned());
            out::hint(&format!("run `{}`", linked.unwrap_or_else(|| shell::quote(&setup))));
        }
    }
}
