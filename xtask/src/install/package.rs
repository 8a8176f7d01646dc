//! What an installed skill folder holds: one list, which `install` lays out and `dist` packs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::programs::PROGRAMS;
use super::{completions, manuals};
use crate::workspace::Workspace;

/// Where the skill's own pages and scripts stand in the checkout, laid out as they are installed.
const SKILL: &str = "setup/src/skill";

/// One file of an installed folder.
#[derive(Debug)]
pub(crate) struct Item {
    /// Where it goes, relative to the skill folder.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) content: Content,
    /// Whether it can be run.
    pub(crate) is_program: bool,
}

/// Where a file's bytes come from.
#[derive(Debug)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    /// A program, as it was built: too large to be held in memory eight times.
    Built(PathBuf),
}

impl Item {
    /// A text, which can be run if its first line says by what.
    fn plain(path: String, bytes: Vec<u8>) -> Self {
        Self { path, is_program: bytes.starts_with(b"#!"), content: Content::Bytes(bytes) }
    }

    /// Its permissions: everybody may read, since none of these files holds a secret.
    pub(crate) fn mode(&self) -> u32 {
        if self.is_program { 0o755 } else { 0o644 }
    }

    /// Whether nobody but these tools ever puts a file there.
    pub(crate) fn is_ours_alone(&self) -> bool {
        self.path.starts_with("bin/") || self.path.starts_with("share/")
    }

    /// Its bytes. Fails if a program cannot be read.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        match &self.content {
            Content::Bytes(bytes) => Ok(bytes.clone()),
            Content::Built(path) => read(path),
        }
    }
}

/// Everything, in the order in which it is laid out: programs before the scripts that call them.
///
/// Fails if a program is not in `programs` or a page of the checkout cannot be read.
pub(crate) fn items(workspace: &Workspace, programs: &Path) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for (name, _) in PROGRAMS {
        let built = programs.join(name);
        ensure!(built.is_file(), "cargo has not built `{}`", built.display());
        let path = format!("bin/{name}");
        items.push(Item { path, content: Content::Built(built), is_program: true });
    }
    for (path, bytes) in shared()? {
        items.push(Item::plain(format!("share/{path}"), bytes));
    }
    items.push(Item::plain("LICENSE".to_owned(), read(&workspace.root().join("LICENSE"))?));
    pages(&workspace.root().join(SKILL), "", &mut items)?;
    Ok(items)
}

/// The completions and man pages, by their path below `share`.
pub(super) fn shared() -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = manuals::all()?;
    files.extend(completions::all());
    Ok(files)
}

/// The files of a folder and of those in it, by name.
fn pages(folder: &Path, prefix: &str, items: &mut Vec<Item>) -> Result<()> {
    let reading = || format!("reading `{}`", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(reading)? {
        paths.push(entry.with_context(reading)?.path());
    }
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            pages(&path, &format!("{prefix}{name}/"), items)?;
        } else {
            items.push(Item::plain(format!("{prefix}{name}"), read(&path)?));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading `{}`", path.display()))
}
