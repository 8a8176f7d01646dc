//! One mission of the state file: the keys of `telnyx_api.py`, ours beside them, and unknown ones untouched.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use state::exit::Fault;

use crate::lifecycle::MissionIds;
use crate::service::RunRef;

/// The key of the time at which a mission's memory was last changed, which `telnyx_api.py` writes too.
pub(super) const LAST_UPDATED: &str = "last_updated";

/// The status of a mission, under its key `status`. `telnyx_api.py` reads that key and never writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MissionStatus {
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
    /// Any other word; `unknown` stands for a missing status, as in `telnyx_api.py`.
    Other(String),
}

impl MissionStatus {
    /// Reads the word that the file or the service uses.
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

    /// The word that the file and the service use.
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

    /// Whether the mission has ended. It then stays in the file, archived, until `remove-state`.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for MissionStatus {
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

    /// A typed value under a key; `None` if it is not there or cannot be read.
    pub(crate) fn typed<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.fields.get(key).and_then(|value| T::deserialize(value).ok())
    }

    /// Whether it looks like a mission: one that was started has a name or an id, one that only something was saved for
    /// has a memory.
    pub(crate) fn is_mission(&self) -> bool {
        let has_memory = self.fields.get("memory").is_some_and(Value::is_object);
        has_memory || ["mission_name", "mission_id"].iter().any(|key| self.text(key).is_some())
    }

    /// The name that it was started with.
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

    /// Its run at the service.
    ///
    /// Fails (exit 2) if it has none yet.
    pub(crate) fn require_run(&self) -> Result<RunRef<'a>, Fault> {
        if let (Some(mission), Some(run)) = (self.mission_id(), self.run_id()) {
            return Ok(RunRef { mission, run });
        }
        let text = format!("mission `{}` has no run at the service yet", self.slug);
        Err(Fault::usage(text).hint("run its `missions init` again: it goes on where it stopped"))
    }

    /// Its slug and its run at the service, for commands and reports; what it does not have yet is empty.
    pub(crate) fn ids(&self) -> MissionIds<'a> {
        let (mission, run) = (self.mission_id(), self.run_id());
        let run = RunRef { mission: mission.unwrap_or_default(), run: run.unwrap_or_default() };
        MissionIds { slug: self.slug, run }
    }

    /// The steps of its plan, as far as they are known here.
    pub(crate) fn plan(&self) -> Vec<Value> {
        self.typed("plan").unwrap_or_default()
    }

    /// Its status.
    pub(crate) fn status(&self) -> MissionStatus {
        MissionStatus::read(self.text("status").unwrap_or("unknown"))
    }

    /// What was saved with `save-memory` and `append-memory`.
    pub(crate) fn memory(&self) -> Option<&'a Map<String, Value>> {
        self.fields.get("memory").and_then(Value::as_object)
    }
}

/// A mission in the file, to be changed.
#[derive(Debug)]
pub(crate) struct MissionMut<'a> {
    slug: &'a str,
    fields: &'a mut Map<String, Value>,
}

impl<'a> MissionMut<'a> {
    pub(super) fn new(slug: &'a str, fields: &'a mut Map<String, Value>) -> Self {
        Self { slug, fields }
    }

    /// The mission, to be read.
    pub(crate) fn view(&self) -> Mission<'_> {
        Mission { slug: self.slug, fields: self.fields }
    }

    /// Sets a key.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        self.fields.insert(key.to_owned(), value.into());
        self
    }

    /// Sets a typed value under a key.
    pub(crate) fn set_typed(&mut self, key: &str, value: &impl Serialize) -> anyhow::Result<()> {
        self.fields.insert(key.to_owned(), serde_json::to_value(value)?);
        Ok(())
    }

    /// Adds the keys of another mission that are missing here, those of its memory too; true if there were any.
    pub(crate) fn add_missing(&mut self, other: &Map<String, Value>) -> bool {
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

    /// Removes a key.
    pub(crate) fn unset(&mut self, key: &str) -> &mut Self {
        self.fields.shift_remove(key);
        self
    }

    /// Sets the status and, if it ends the mission, the time of that.
    pub(crate) fn set_status(&mut self, status: &MissionStatus, now: Timestamp) -> &mut Self {
        if status.is_over() && !self.view().status().is_over() {
            self.set("ended_at", now.to_string());
        }
        self.set("status", status.word())
    }

    /// The memory, to be changed; the time of the change is stored where `telnyx_api.py` stores it.
    pub(crate) fn memory(&mut self, now: Timestamp) -> &mut Map<String, Value> {
        self.set(LAST_UPDATED, now.to_string());
        self.object("memory")
    }

    /// The object under a key, created if there is none.
    pub(crate) fn object(&mut self, key: &str) -> &mut Map<String, Value> {
        let object = self.fields.entry(key).or_insert_with(|| Value::Object(Map::new()));
        if !object.is_object() {
            *object = Value::Object(Map::new());
        }
        object.as_object_mut().expect("it was made an object just now")
    }
}
