//! An edit of the gateway's configuration, with what it takes to undo exactly that.

use crate::gateway_file::{GatewayFile, remove_leftovers};
use crate::json5::{self, Added, EditError, EditKind};
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
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
        let (file, keys) = (place.file.clone(), place.keys.clone());
        let mut edit = Edit { file, keys, change, created: 0, replaced: None };
        let added = edit.added_to(&opened.text).map_err(|err| {
            edit.refused(&err, &format!("write it there by hand: {}", edit.description()))
        })?;
        Ok(added.map(|Added { text, created, replaced }| {
            (edit.created, edit.replaced) = (created, replaced);
            Self { file: opened, text, edit }
        }))
    }

    /// Makes the edit. Gives the backup's path.
    pub fn make(&self) -> anyhow::Result<PathBuf> {
        self.file.replace(&self.text)
    }
}

impl Edit {
    /// Takes exactly this edit back, made after the `earlier` ones of any file. `false` if it is no longer in the file.
    ///
    /// Fails if the file cannot be read, edited without guessing, or written; then it is unchanged.
    pub fn undo(&self, earlier: &[Self]) -> anyhow::Result<bool> {
        let earlier: Vec<_> = earlier.iter().filter(|edit| edit.file == self.file).collect();
        let undone = self.undone(&earlier)?;
        if let Some((file, text)) = &undone {
            file.restore(text)?;
        }
        if earlier.is_empty() {
            remove_leftovers(&self.file);
        }
        Ok(undone.is_some())
    }

    /// The file and the text it has without this edit; `None` if there is nothing to undo.
    fn undone(&self, earlier: &[&Self]) -> anyhow::Result<Option<(GatewayFile, String)>> {
        if !self.file.try_exists().with_context(|| format!("finding `{}`", self.file.display()))? {
            return Ok(None);
        }
        let file = GatewayFile::read(&self.file)?;
        // Where our edits make this very text of the backup, the text before this one is known to the byte.
        let edited =
            |text: String, edit: &&Self| edit.added_to(&text).ok()?.map(|added| added.text);
        let before = file.backup().and_then(|text| earlier.iter().try_fold(text, edited));
        if let Some(before) = before
            && edited(before.clone(), &self).is_some_and(|text| text == file.text)
        {
            return Ok(Some((file, before)));
        }
        let added = (self.created, self.replaced.as_deref());
        let text =
            json5::take_out(&file.text, &self.keys(), &self.change, added).map_err(|err| {
                self.refused(&err, &format!("take it out by hand: {}", self.description()))
            })?;
        Ok(text.map(|text| (file, text)))
    }

    fn added_to(&self, text: &str) -> Result<Option<Added>, EditError> {
        json5::add(text, &self.keys(), &self.change)
    }

    fn keys(&self) -> Vec<&str> {
        self.keys.iter().map(String::as_str).collect()
    }

    /// The error of an edit that is left to the file's owner.
    fn refused(&self, err: &EditError, by_hand: &str) -> anyhow::Error {
        anyhow::anyhow!("editing `{}`: {err}; {by_hand}", self.file.display())
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
