//! One mission of the state file: the reference's keys, ours beside them, and unknown ones untouched.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// How far a mission is. The reference reads the key `status` and never writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// `init` has not finished yet.
    Starting,
    /// Its run is running.
    Running,
    /// Ended well; archived.
    Succeeded,
    /// Ended badly; archived.
    Failed,
    /// Called off; archived.
    Cancelled,
    /// Anything else, such as the reference's missing status.
    Other(String),
}

impl Status {
    /// Reads the word of the file or of the service.
    pub(crate) fn read(word: &str) -> Self {
        match word {
            "starting" => Self::Starting,
            "running" => Self::Running,
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word that stands for it.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Other(word) => word,
        }
    }

    /// Whether the mission is over. It then stays in the file, archived, until `remove-state`.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A mission as it stands in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mission<'a> {
    slug: &'a str,
    fields: &'a Map<String, Value>,
}

impl<'a> Mission<'a> {
    pub(super) fn new(slug: &'a str, fields: &'a Map<String, Value>) -> Self {
        Self { slug, fields }
    }

    /// Its name on command lines.
    pub(crate) fn slug(&self) -> &'a str {
        self.slug
    }

    /// All its keys.
    pub(crate) fn fields(&self) -> &'a Map<String, Value> {
        self.fields
    }

    /// A text, if there is one that is not blank.
    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.fields.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
    }

    /// A part of ours; `None` if it is not there or not as we write it.
    pub(crate) fn part<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.fields.get(key).and_then(|value| T::deserialize(value).ok())
    }

    /// Whether there is anything that makes a mission of it: what was begun has a name or an id, and what was only
    /// remembered has a memory.
    pub(crate) fn is_mission(&self) -> bool {
        let has_memory = self.fields.get("memory").is_some_and(Value::is_object);
        has_memory || ["mission_name", "mission_id"].iter().any(|key| self.text(key).is_some())
    }

    /// The name that it was begun with.
    pub(crate) fn name(&self) -> Option<&'a str> {
        self.text("mission_name")
    }

    /// The service's id of the mission.
    pub(crate) fn mission_id(&self) -> Option<&'a str> {
        self.text("mission_id")
    }

    /// The service's id of the run.
    pub(crate) fn run_id(&self) -> Option<&'a str> {
        self.text("run_id")
    }

    /// How far it is; `unknown` where nothing is stored, as the reference says.
    pub(crate) fn status(&self) -> Status {
        Status::read(self.text("status").unwrap_or("unknown"))
    }

    /// What was saved with `save-memory` and `append-memory`.
    pub(crate) fn memory(&self) -> Option<&'a Map<String, Value>> {
        self.fields.get("memory").and_then(Value::as_object)
    }
}

/// A mission to be changed.
#[derive(Debug)]
pub(crate) struct MissionMut<'a> {
    slug: &'a str,
    fields: &'a mut Map<String, Value>,
}

impl<'a> MissionMut<'a> {
    pub(super) fn new(slug: &'a str, fields: &'a mut Map<String, Value>) -> Self {
        Self { slug, fields }
    }

    /// The same, to be read.
    pub(crate) fn view(&self) -> Mission<'_> {
        Mission { slug: self.slug, fields: self.fields }
    }

    /// Sets a key.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        self.fields.insert(key.to_owned(), value.into());
        self
    }

    /// Sets a part of ours.
    pub(crate) fn set_part(&mut self, key: &str, part: &impl Serialize) -> anyhow::Result<()> {
        self.fields.insert(key.to_owned(), serde_json::to_value(part)?);
        Ok(())
    }

    /// Takes over the keys that are missing here, those of the memory too; true if there were any.
    pub(crate) fn fill(&mut self, other: &Map<String, Value>) -> bool {
        let mut changed = false;
        for (key, value) in other {
            match (self.fields.get_mut(key), value) {
                (Some(ours), theirs) if ours == theirs => {}
                (None | Some(Value::Null), _) => {
                    self.fields.insert(key.clone(), value.clone());
                    changed = true;
                }
                (Some(Value::Object(ours)), Value::Object(theirs)) if key == "memory" => {
                    for (key, value) in theirs {
                        if !ours.contains_key(key) {
                            ours.insert(key.clone(), value.clone());
                            changed = true;
                        }
                    }
                }
                _ => {}
            }
        }
        changed
    }

    /// Takes a key away.
    pub(crate) fn unset(&mut self, key: &str) -> &mut Self {
        self.fields.shift_remove(key);
        self
    }

    /// Stores how far it is, and when it ended.
    pub(crate) fn set_status(&mut self, status: &Status, now: Timestamp) -> &mut Self {
        if status.is_over() && !self.view().status().is_over() {
            self.set("ended_at", now.to_string());
        }
        self.set("status", status.word())
    }

    /// What is remembered, to be changed; the time of the change is kept as the reference keeps it.
    pub(crate) fn memory(&mut self, now: Timestamp) -> &mut Map<String, Value> {
        self.set(super::CHANGED, now.to_string());
        self.object("memory")
    }

    /// The object under a key, made if there is none.
    pub(crate) fn object(&mut self, key: &str) -> &mut Map<String, Value> {
        let object = self.fields.entry(key).or_insert_with(|| Value::Object(Map::new()));
        if !object.is_object() {
            *object = Value::Object(Map::new());
        }
        object.as_object_mut().expect("it was made an object just now")
    }
}
