//! Scheduled calls and texts that a mission keeps an eye on: one record an event, under the mission's `events`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::{Channel, Scheduled};
use crate::state_file::{Mission, MissionMut};
use crate::window::Window;

/// The key in a mission.
const EVENTS: &str = "events";

/// One scheduled call or text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tracked {
    /// The assistant that carries it out.
    pub(crate) assistant_id: String,
    /// Call or text.
    pub(crate) channel: Channel,
    /// Who is reached.
    pub(crate) to: String,
    /// The number that it comes from.
    pub(crate) from: String,
    /// When it is to happen.
    pub(crate) scheduled_at: Timestamp,
    /// The words of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// The plan step that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step_id: Option<String>,
    /// The plan step that ends with the mission's last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verify_step: Option<String>,
    /// When the recipient may be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) window: Option<Window>,
    /// The service's word for how far it is.
    pub(crate) status: String,
    /// The service's word for what became of a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) call_status: Option<String>,
    /// The conversation of an answered call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) conversation_id: Option<String>,
    /// Whether the run's log tells of it.
    #[serde(default)]
    pub(crate) logged: bool,
    /// What a newer version keeps here.
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

impl Tracked {
    /// Takes over what the service says of it.
    pub(crate) fn see(&mut self, row: &Scheduled) {
        if let Some(status) = row.status() {
            status.clone_into(&mut self.status);
        }
        for (ours, theirs) in [
            (&mut self.call_status, row.call_status()),
            (&mut self.conversation_id, row.conversation_id()),
        ] {
            if let Some(theirs) = theirs {
                *ours = Some(theirs.to_owned());
            }
        }
    }
}

impl<'a> Mission<'a> {
    /// One event.
    pub(crate) fn event(&self, id: &str) -> Option<Tracked> {
        let events = self.fields().get(EVENTS).and_then(Value::as_object)?;
        Tracked::deserialize(events.get(id)?).ok()
    }

    /// The ids of all events, those that cannot be read too.
    pub(crate) fn event_ids(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let events = self.fields().get(EVENTS).and_then(Value::as_object);
        events.into_iter().flatten().map(|(id, _)| id.as_str())
    }
}

impl MissionMut<'_> {
    /// Stores an event.
    pub(crate) fn set_event(&mut self, id: &str, event: &Tracked) -> anyhow::Result<()> {
        let value = serde_json::to_value(event)?;
        self.object(EVENTS).insert(id.to_owned(), value);
        Ok(())
    }
}
