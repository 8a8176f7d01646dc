//! An edit of the gateway's configuration, with what it takes to undo exactly that.

use crate::gateway_file::{GatewayFile, remove_leftovers};
use crate::json5::{self, Added};
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use state::gateway_config::ValueLocation;
use std::path::{Path, PathBuf};

/// An edit that was made, as the manifest in `skill-config.json` stores it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The file that was edited: the gateway's configuration or one that it includes.
    pub file: PathBuf,
    /// The path of the list or value from that file's root.
    pub keys: Vec<String>,
    /// What was done there.
    pub change: EditKind,
    /// How many objects and lists had to be made at the path's end.
    pub created: usize,
    /// The text that stood there before, if a value was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
}

/// What an edit does at its path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditKind {
    /// The list at the path gets this item.
    Item(Value),
    /// The path gets this value.
    Value(Value),
}

/// An edit that is worked out and not yet made.
#[derive(Debug)]
pub struct PreparedEdit {
    file: GatewayFile,
    text: String,
    /// What will have been done, for the manifest.
    pub edit: Edit,
}

impl PreparedEdit {
    /// Works out `change` at `place`. `None` if the file says so already.
    ///
    /// Fails if the file cannot be read, or edited without guessing.
    pub fn new(place: &ValueLocation, change: EditKind) -> anyhow::Result<Option<Self>> {
        let opened = GatewayFile::read(&place.file)?;
        let keys: Vec<&str> = place.keys.iter().map(String::as_str).collect();
        let added = match &change {
            EditKind::Item(item) => json5::add_to_array(&opened.text, &keys, item),
            EditKind::Value(value) => json5::set(&opened.text, &keys, value),
        };
        let added = added.with_context(|| format!("editing `{}`", place.file.display()))?;
        Ok(added.map(|Added { text, created, replaced }| {
            let (file, keys) = (place.file.clone(), place.keys.clone());
            Self { file: opened, text, edit: Edit { file, keys, change, created, replaced } }
        }))
    }

    /// Makes the edit. Gives the backup's path.
    pub fn make(&self) -> anyhow::Result<PathBuf> {
        self.file.replace(&self.text)
    }
}

impl Edit {
    /// Takes exactly this edit back. `false` if it is no longer in the file.
    ///
    /// Fails if the file cannot be read, edited without guessing, or written; then it is unchanged.
    pub fn undo(&self) -> anyhow::Result<bool> {
        let Some((file, text)) = self.undone()? else {
            remove_leftovers(&self.file);
            return Ok(false);
        };
        file.restore(&text).map(|()| true)
    }

    /// The file and the text it has without this edit; `None` if there is nothing to undo.
    fn undone(&self) -> anyhow::Result<Option<(GatewayFile, String)>> {
        if !self.file.try_exists().with_context(|| format!("finding `{}`", self.file.display()))? {
            return Ok(None);
        }
        let file = GatewayFile::read(&self.file)?;
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        let text = match &self.change {
            EditKind::Item(item) => json5::remove_from_array(&file.text, &keys, item, self.created),
            EditKind::Value(value) => {
                json5::unset(&file.text, &keys, value, (self.created, self.replaced.as_deref()))
            }
        };
        let text = text.with_context(|| format!("editing `{}`", self.file.display()))?;
        Ok(text.map(|text| (file, text)))
    }

    /// The edit for people: `gateway.tools.allow += "sessions_send"`.
    pub fn description(&self) -> String {
        let keys = self.keys.join(".");
        match &self.change {
            EditKind::Item(item) => format!("{keys} += {item}"),
            EditKind::Value(value) => format!("{keys} = {value}"),
        }
    }

    /// Whether both concern the same place.
    pub fn is_at(&self, file: &Path, keys: &[String]) -> bool {
        self.file == file && self.keys == keys
    }
}
