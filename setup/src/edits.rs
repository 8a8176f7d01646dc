//! The changes that setup makes to the gateway's config, each with what it takes to undo exactly that.

use crate::gateway_file::{Opened, sweep};
use crate::json5::{self, Added};
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use state::gateway_config::Place;
use std::path::{Path, PathBuf};

/// A change that was made, as `skill-config.json` remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The file that was edited: the gateway's config or one that it includes.
    pub file: PathBuf,
    /// The path of the list or value from that file's root.
    pub keys: Vec<String>,
    /// What was done there.
    pub change: Change,
    /// How many objects and lists had to be made at the path's end.
    pub created: usize,
    /// The text that stood there before, if a value was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
}

/// What an edit does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The list at the path gets this item.
    Item(Value),
    /// The path gets this value.
    Value(Value),
}

/// An edit that is worked out and not yet made.
#[derive(Debug)]
pub struct Prepared {
    opened: Opened,
    text: String,
    /// What will have been done.
    pub edit: Edit,
}

impl Prepared {
    /// Works out `change` at `place`. `None` if it is so already.
    ///
    /// Fails if the file cannot be read, or edited without guessing.
    pub fn new(place: &Place, change: Change) -> anyhow::Result<Option<Self>> {
        let opened = Opened::read(&place.file)?;
        let keys: Vec<&str> = place.keys.iter().map(String::as_str).collect();
        let added = match &change {
            Change::Item(item) => json5::add_to_array(&opened.text, &keys, item),
            Change::Value(value) => json5::set(&opened.text, &keys, value),
        };
        let added = added.with_context(|| format!("editing `{}`", place.file.display()))?;
        Ok(added.map(|Added { text, created, replaced }| {
            let (file, keys) = (place.file.clone(), place.keys.clone());
            Self { opened, text, edit: Edit { file, keys, change, created, replaced } }
        }))
    }

    /// Makes the edit. Gives the backup's path.
    pub fn make(&self) -> anyhow::Result<PathBuf> {
        self.opened.replace(&self.text)
    }
}

impl Edit {
    /// Takes exactly this change away again. `false` if it is no longer there.
    ///
    /// Fails if the file cannot be read, edited without guessing, or written; it is as it was then.
    pub fn undo(&self) -> anyhow::Result<bool> {
        let Some((opened, text)) = self.undone()? else {
            sweep(&self.file);
            return Ok(false);
        };
        opened.restore(&text).map(|()| true)
    }

    fn undone(&self) -> anyhow::Result<Option<(Opened, String)>> {
        if !self.file.try_exists().with_context(|| format!("finding `{}`", self.file.display()))? {
            return Ok(None);
        }
        let opened = Opened::read(&self.file)?;
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        let text = match &self.change {
            Change::Item(item) => json5::remove_from_array(&opened.text, &keys, item, self.created),
            Change::Value(value) => {
                json5::unset(&opened.text, &keys, value, (self.created, self.replaced.as_deref()))
            }
        };
        let text = text.with_context(|| format!("editing `{}`", self.file.display()))?;
        Ok(text.map(|text| (opened, text)))
    }

    /// The edit in words: `gateway.tools.allow += "sessions_send"`.
    pub fn told(&self) -> String {
        let keys = self.keys.join(".");
        match &self.change {
            Change::Item(item) => format!("{keys} += {item}"),
            Change::Value(value) => format!("{keys} = {value}"),
        }
    }

    /// Whether both concern the same place.
    pub fn is_at(&self, file: &Path, keys: &[String]) -> bool {
        self.file == file && self.keys == keys
    }
}
