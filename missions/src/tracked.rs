//! Scheduled calls and texts that a mission keeps an eye on: one record an event, under the mission's `events`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::exit::Fault;

use crate::api::{Channel, Row, Scheduled};
use crate::lifecycle::{Attempt, End, Insights, Recipient, Seen};
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
    /// The kind of recipient: without one nobody is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recipient: Option<Recipient>,
    /// The first event of the chain, if this one tries somebody again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry_of: Option<String>,
    /// Which attempt of its chain it is, from 0.
    #[serde(default, skip_serializing_if = "is_first")]
    pub(crate) attempt: usize,
    /// The service's word for how far it is.
    pub(crate) status: String,
    /// The service's word for what became of a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) call_status: Option<String>,
    /// The conversation of an answered call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) conversation_id: Option<String>,
    /// When it was last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) looked_at: Option<Timestamp>,
    /// What was seen then, if it had begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seen: Option<Seen>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<End>,
    /// What is known of its conversation.
    #[serde(default, skip_serializing_if = "Insights::is_none")]
    pub(crate) insights: Insights,
    /// Whether the run's log tells of it.
    #[serde(default)]
    pub(crate) logged: bool,
    /// What a newer version keeps here.
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

/// Whether an attempt is the first of its chain, which needs no word in the file.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_first(attempt: &usize) -> bool {
    *attempt == 0
}

impl Tracked {
    /// What the lifecycle knows of it.
    pub(crate) fn attempt(&self, id: &str) -> Attempt {
        Attempt {
            event: id.to_owned(),
            at: self.scheduled_at,
            looked: self.looked_at,
            seen: self.seen,
            end: self.end.clone(),
            insights: self.insights.clone(),
        }
    }

    /// Takes over what a look saw: the service's row, or that there is none.
    pub(crate) fn look(&mut self, row: Option<&Value>, now: Timestamp) {
        let mut attempt = self.attempt("");
        attempt.see(row, now);
        self.looked_at = attempt.looked;
        self.seen = attempt.seen;
        self.end = attempt.end;
        self.insights = attempt.insights;
        match row {
            Some(row) => self.see(&Scheduled::new(Row::new(row.clone()))),
            None => "deleted".clone_into(&mut self.status),
        }
    }

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
    /// All events in their order.
    ///
    /// Fails (exit 2) if one of them cannot be read, and names it: an event that is passed over is one that
    /// nobody looks at any more.
    pub(crate) fn events(&self) -> Result<Vec<(&'a str, Tracked)>, Fault> {
        let events = self.fields().get(EVENTS).and_then(Value::as_object);
        let read = |(id, event): (&'a String, &'a Value)| {
            Tracked::deserialize(event).map(|event| (id.as_str(), event)).map_err(|err| {
                let slug = self.slug();
                Fault::usage(format!("the event `{id}` of mission `{slug}` cannot be read: {err}"))
                    .hint(format!(
                        "mend it by hand; `missions get-state {slug} | jq .events` shows it"
                    ))
            })
        };
        events.into_iter().flatten().map(read).collect()
    }

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
