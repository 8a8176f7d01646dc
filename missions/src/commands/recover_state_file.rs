//! `recover`: saves what can be read of a broken state file; a copy of the broken file stays beside it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};
use state::exit::Exit;
use state::file;

use crate::context::CommandContext;
use crate::store::{Missions, Salvaged, parse, salvage};
use crate::suggest;

/// What was done.
enum Recovery {
    /// There is no file.
    NoFile,
    /// The file is not broken, and was left alone.
    Whole,
    /// What could be read is in the file now, the broken one beside it.
    Saved(Salvaged, PathBuf),
}

pub(crate) fn run(context: &CommandContext) -> anyhow::Result<Exit> {
    let path = context.store.path();
    let done = file::update(path, |bytes| {
        let Some(bytes) = bytes else { return Ok((None, Recovery::NoFile)) };
        if parse(path, Some(&bytes)).is_ok() {
            return Ok((None, Recovery::Whole));
        }
        let copy = existing_copy(path, &bytes).unwrap_or_else(|| free_name(path, context.now()));
        if !copy.exists() {
            file::replace(&copy, &bytes)?;
        }
        let saved = salvage(&bytes);
        let new = Missions::new(saved.missions.clone()).to_bytes()?;
        Ok((Some(new), Recovery::Saved(saved, copy)))
    })?;
    let state = path.display().to_string();
    let (document, text) = match done {
        Recovery::NoFile => (
            json!({ "state": state, "broken": false, "kept": null, "whole": [], "cut": [], "lost_bytes": 0 }),
            format!("`{state}` does not exist: nothing to recover"),
        ),
        Recovery::Whole => (
            json!({ "state": state, "broken": false, "kept": null, "whole": [], "cut": [], "lost_bytes": 0 }),
            format!("`{state}` is not broken: it was left alone"),
        ),
        Recovery::Saved(saved, copy) => document(&state, &saved, &copy),
    };
    context.printer.print_after_change(&document, || text)?;
    Ok(Exit::Done)
}

fn document(state: &str, saved: &Salvaged, copy: &Path) -> (Value, String) {
    let all = saved.missions.keys().map(String::as_str);
    let (cut, whole): (Vec<&str>, Vec<&str>) =
        all.partition(|slug| saved.cut.iter().any(|cut| cut == slug));
    let copy = copy.display().to_string();
    let list = |slugs: &[&str]| {
        if slugs.is_empty() { "none".to_owned() } else { suggest::listed(slugs, 20) }
    };
    let text = format!(
        "Saved whole: {}\nSaved in part: {}\nLost: {} bytes\nThe broken file is kept as {copy}",
        list(&whole),
        list(&cut),
        saved.lost
    );
    let document = json!({
        "state": state, "broken": true, "kept": copy, "whole": whole, "cut": cut, "lost_bytes": saved.lost,
    });
    (document, text)
}

/// A copy of the broken file that exists already: on a full disk, each attempt would make another one.
fn existing_copy(path: &Path, bytes: &[u8]) -> Option<PathBuf> {
    let name = format!("{}.broken-", path.file_name().unwrap_or_default().to_string_lossy());
    let files = std::fs::read_dir(path.parent()?).ok()?.flatten();
    let mut copies = files.filter(|file| {
        file.file_name().to_string_lossy().starts_with(&name)
            && file::contents_equal(&file.path(), bytes)
    });
    copies.next().map(|file| file.path())
}

/// A name for the copy that no file has yet.
fn free_name(path: &Path, now: Timestamp) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stamp = now.strftime("%Y%m%dT%H%M%SZ");
    let names = (0..1000).map(|n| match n {
        0 => format!("{name}.broken-{stamp}"),
        n => format!("{name}.broken-{stamp}.{n}"),
    });
    let mut paths = names.map(|name| path.with_file_name(name));
    paths.find(|path| !path.exists()).unwrap_or_else(|| path.with_extension("broken"))
}
