//! What setup changed on this machine outside the skill folder, stored in `skill-config.json` so that uninstall undoes
//! exactly that.

use crate::gateway_edit::Edit;
use crate::supervisor::Supervisor;
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::exit::Fault;
use state::{file, paths};
use std::path::{Path, PathBuf};

/// The key of the manifest in `skill-config.json`.
pub const KEY: &str = "setup";

/// Everything that uninstall has to undo outside the skill folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manifest {
    /// Changes of the gateway's configuration, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gateway: Vec<Edit>,
    /// The folder of the gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<PathBuf>,
    /// What keeps `connect` running.
    #[serde(rename = "service", skip_serializing_if = "Option::is_none")]
    pub supervisor: Option<Supervisor>,
}

impl Manifest {
    /// Reads it from the configuration; empty if setup never ran here.
    ///
    /// Fails (exit 3) if the key is there and holds something else.
    pub fn of(config: &Map<String, Value>) -> anyhow::Result<Self> {
        let Some(value) = config.get(KEY).filter(|value| !value.is_null()) else {
            return Ok(Self::default());
        };
        serde_json::from_value(value.clone()).map_err(|err| {
            Fault::not_configured(format!(
                "`{KEY}` in skill-config.json is not what setup wrote: {err}"
            ))
            .hint("remove that key if you undo its changes by hand")
            .into()
        })
    }

    /// Records an edit, in place of an older one at the same place.
    pub fn add(&mut self, edit: &Edit) {
        self.remove(edit);
        self.gateway.push(edit.clone());
    }

    /// Removes what is recorded of the edit's place.
    pub fn remove(&mut self, edit: &Edit) {
        self.gateway.retain(|old| !old.is_at(&edit.file, &edit.keys));
    }

    /// Puts it into the configuration; an empty one leaves no key.
    ///
    /// Fails if a path in it is not UTF-8, which JSON cannot hold.
    fn store(&self, config: &mut Map<String, Value>) -> anyhow::Result<()> {
        if *self == Self::default() {
            config.shift_remove(KEY);
        } else {
            let value = serde_json::to_value(self).context("recording what was done")?;
            config.insert(KEY.to_owned(), value);
        }
        Ok(())
    }
}

/// Changes the manifest in the skill folder's configuration.
pub fn update(skill: &Path, change: impl FnOnce(&mut Manifest)) -> anyhow::Result<()> {
    update_config(skill, |config| {
        let mut manifest = Manifest::of(config)?;
        change(&mut manifest);
        manifest.store(config)
    })
}

/// Changes `skill-config.json` under its lock, and gives what `change` gives. Unknown keys and the order of keys stay; a
/// file that would not differ is not written.
pub fn update_config<T>(
    skill: &Path,
    change: impl FnOnce(&mut Map<String, Value>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let path = paths::config(skill);
    file::update(&path, |bytes| {
        let old: Map<String, Value> = match &bytes {
            Some(bytes) => {
                serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
                    .with_context(|| format!("reading `{}`", path.display()))?
            }
            None => Map::new(),
        };
        let mut new = old.clone();
        let result = change(&mut new)?;
        let is_private = !file::is_accessible_to_others(&path);
        // The order of keys counts as well, and comparing maps does not see it.
        let is_same = bytes.is_some() && is_private && new == old && new.keys().eq(old.keys());
        let mut text = serde_json::to_vec_pretty(&new)?;
        text.push(b'\n');
        Ok(((!is_same).then_some(text), result))
    })
}
