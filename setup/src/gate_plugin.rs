//! The gate: a plugin of the gateway that holds what the agent is about to do in a turn by telephone. Its folder lies beside the
//! gateway's configuration, is there whole before the configuration names it, and goes after the configuration has let go of it.

use crate::json5::EditKind;
use crate::plan::PlannedEdit;
use anyhow::Context as _;
use serde_json::{Value, json};
use state::file;
use state::gateway_config::GatewayConfig;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Its id at the gateway, which is also the name of its folder.
pub const ID: &str = "clawdtalk-gate";

/// Its files.
const FILES: [(&str, &str); 4] = [
    ("index.js", include_str!("gate/index.js")),
    ("openclaw.plugin.json", include_str!("gate/openclaw.plugin.json")),
    ("package.json", include_str!("gate/package.json")),
    ("table.json", include_str!("gate/table.json")),
];

/// Where the folder is for a gateway.
pub fn folder(gateway: &GatewayConfig) -> PathBuf {
    gateway.path().parent().unwrap_or(Path::new("/")).join(ID)
}

/// Whether the folder has all of its files, as this version has them.
pub fn is_whole(folder: &Path) -> bool {
    FILES.iter().all(|(name, text)| file::contents_equal(&folder.join(name), text.as_bytes()))
}

/// Writes the folder, whole or not at all. Whether there was anything to do.
///
/// Fails if it cannot be written; then what was there before is there still.
pub fn write(folder: &Path) -> anyhow::Result<bool> {
    if is_whole(folder) {
        return Ok(false);
    }
    let (new, old) = (folder.with_extension("new"), folder.with_extension("old"));
    for left in [&new, &old] {
        remove(left)?;
    }
    file::create_dir(&new)?;
    for (name, text) in FILES {
        write_new(&new.join(name), text.as_bytes())?;
    }
    // The sub-agents that it knows stay known.
    let children = "children.json";
    if let Some(known) = file::read(&folder.join(children))? {
        write_new(&new.join(children), &known)?;
    }
    let renaming = || format!("writing `{}`", folder.display());
    if folder.exists() {
        fs::rename(folder, &old).with_context(renaming)?;
    }
    fs::rename(&new, folder).with_context(renaming)?;
    remove(&old)?;
    Ok(true)
}

/// Writes a file of a folder that is not in its place yet: no lock stays beside it.
fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    opened
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .with_context(|| format!("writing `{}`", path.display()))
}

/// Removes the folder with everything in it; one that is gone already is no error.
pub fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(err) if err.kind() != ErrorKind::NotFound => {
            Err(err).with_context(|| format!("removing `{}`", folder.display()))
        }
        _ => Ok(()),
    }
}

/// The edits of the gateway's configuration that load it, bound to a device. A list of the plugins that are allowed gets it
/// where there is one: without that it would not be loaded.
pub fn edits(gateway: &GatewayConfig, folder: &Path, device: &str) -> Vec<PlannedEdit> {
    let edit = |path: &[&str], change| PlannedEdit { place: gateway.location(path), change };
    let entry = json!({"enabled": true, "config": {"device": device}});
    let mut edits = vec![
        edit(&["plugins", "load", "paths"], EditKind::Item(json!(folder.display().to_string()))),
        edit(&["plugins", "entries", ID], EditKind::Value(entry)),
    ];
    if gateway.value(&["plugins", "allow"]).is_some_and(Value::is_array) {
        edits.insert(1, edit(&["plugins", "allow"], EditKind::Item(json!(ID))));
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::{is_whole, remove, write};
    use state::file;

    #[test]
    fn the_folder_is_written_whole_and_again_only_where_it_differs() {
        let folder = std::env::temp_dir().join(format!("gate-{}", std::process::id()));
        remove(&folder).unwrap();
        assert!(!is_whole(&folder));
        assert!(write(&folder).unwrap() && is_whole(&folder));
        assert!(!write(&folder).unwrap());
        file::replace(&folder.join("children.json"), b"{}").unwrap();
        file::replace(&folder.join("index.js"), b"// half").unwrap();
        assert!(!is_whole(&folder));
        assert!(write(&folder).unwrap() && is_whole(&folder));
        assert!(folder.join("children.json").exists());
        remove(&folder).unwrap();
        remove(&folder).unwrap();
    }
}
