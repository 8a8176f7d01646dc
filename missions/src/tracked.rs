//! Scheduled calls and texts that a mission keeps an eye on: one record an event, under the mission's `events`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::exit::Fault;
use state::words::for_shell;

use crate::lifecycle::{Attempt, End, Insights, Recipient, Seen, filled_in};
use crate::service::{Channel, ScheduledRow};
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
    /// Whether that speaks of a voicemail: then the call is not counted as answered.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) maybe_voicemail: bool,
    /// Whether the run's log tells of it.
    #[serde(default)]
    pub(crate) logged: bool,
}

/// The key in a record of what was heard of a call whose end is not known yet.
const HEARD: &str = "heard";

/// The keys of a record. What else stands in it is a newer version's, and is left alone; reading it with the rest
/// would make a thousand records cost three times as much.
const KEYS: [&str; 21] = [
    "assistant_id",
    "channel",
    "to",
    "from",
    "scheduled_at",
    "text",
    "step_id",
    "verify_step",
    "window",
    "recipient",
    "retry_of",
    "attempt",
    "status",
    "call_status",
    "conversation_id",
    "looked_at",
    "seen",
    "end",
    "insights",
    "maybe_voicemail",
    "logged",
];

/// Whether an attempt is the first of its chain, which needs no word in the file.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_first(attempt: &usize) -> bool {
    *attempt == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
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
            maybe_voicemail: self.maybe_voicemail,
        }
    }

    /// Whether it was taken back before its time.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.status == "deleted"
    }

    /// Takes over what the service says of an event that was just made.
    pub(crate) fn see(&mut self, row: &ScheduledRow) {
        for (key, ours) in
            [("call_status", &mut self.call_status), ("conversation_id", &mut self.conversation_id)]
        {
            if let Some(theirs) = row.row().text(key) {
                *ours = Some(theirs.to_owned());
            }
        }
        if let Some(status) = row.status() {
            status.clone_into(&mut self.status);
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
                        "mend it by hand; `missions get-state {} | jq .events` shows it",
                        for_shell(slug)
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
    /// Keeps what a look saw of an attempt: the service's row, or that there is none, and what was heard of its call
    /// otherwise. The record is changed in place, since a pass may look at a thousand. The attempt as it stands then;
    /// `None` if it is not kept here.
    pub(crate) fn look(
        &mut self,
        attempt: &Attempt,
        row: Option<&Value>,
        heard: Option<&Map<String, Value>>,
        now: Timestamp,
    ) -> anyhow::Result<Option<Attempt>> {
        let event = self.object(EVENTS).get_mut(&attempt.event).and_then(Value::as_object_mut);
        let Some(event) = event else { return Ok(None) };
        let mut attempt = attempt.clone();
        let mut words = event.get(HEARD).and_then(Value::as_object).cloned().unwrap_or_default();
        words.extend(heard.into_iter().flatten().map(|(key, word)| (key.clone(), word.clone())));
        let filled = row.filter(|_| !words.is_empty()).map(|row| filled_in(row, &words));
        attempt.see(filled.as_ref().or(row), now);
        if attempt.end.is_none() && !words.is_empty() {
            // The row may tell of the end only later, and not of this.
            event.insert(HEARD.to_owned(), words.into());
        } else {
            event.shift_remove(HEARD);
        }
        event.insert("looked_at".to_owned(), now.to_string().into());
        match attempt.seen {
            Some(seen) => event.insert("seen".to_owned(), serde_json::to_value(seen)?),
            None => event.shift_remove("seen"),
        };
        if let Some(end) = &attempt.end {
            event.insert("end".to_owned(), serde_json::to_value(end)?);
            if !attempt.insights.is_none() {
                event.insert("insights".to_owned(), serde_json::to_value(&attempt.insights)?);
            }
        }
        let Some(row) = row else {
            event.insert("status".to_owned(), "deleted".into());
            return Ok(Some(attempt));
        };
        for key in ["status", "call_status", "conversation_id"] {
            if let Some(word) = row[key].as_str().filter(|word| !word.trim().is_empty()) {
                event.insert(key.to_owned(), word.into());
            }
        }
        Ok(Some(attempt))
    }

    /// Stores an event.
    pub(crate) fn set_event(&mut self, id: &str, event: &Tracked) -> anyhow::Result<()> {
        let mut value = serde_json::to_value(event)?;
        let events = self.object(EVENTS);
        if let (Some(Value::Object(old)), Value::Object(new)) = (events.get(id), &mut value) {
            let others = old.iter().filter(|(key, _)| !KEYS.contains(&key.as_str()));
            new.extend(others.map(|(key, value)| (key.clone(), value.clone())));
        }
        events.insert(id.to_owned(), value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{KEYS, Tracked};
    use serde_json::{Map, Value, json};

    use crate::state_file::Missions;

    fn whole() -> Value {
        let end = json!({"outcome": "busy", "at": "2027-12-01T15:00:00Z"});
        json!({
            "assistant_id": "a", "channel": "call", "to": "+15551234567", "from": "+15559990000",
            "scheduled_at": "2027-12-01T15:00:00Z", "text": "t", "step_id": "s", "verify_step": "v",
            "window": {"hours": "09:00-17:00", "days": "mon-fri", "zone": "America/New_York"},
            "recipient": "service", "retry_of": "e", "attempt": 1, "status": "pending",
            "call_status": "busy", "conversation_id": "c", "looked_at": "2027-12-01T15:00:00Z",
            "seen": "ringing", "end": end, "insights": {"got": "said"},
            "maybe_voicemail": true, "logged": true,
        })
    }

    #[test]
    fn every_key_of_a_record_is_known() {
        let event: Tracked = serde_json::from_value(whole()).unwrap();
        let value = serde_json::to_value(event).unwrap();
        let keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, KEYS);
    }

    #[test]
    fn what_a_newer_version_keeps_stays_and_what_ended_goes() {
        let mut record = whole();
        record["newer"] = json!({"x": 1});
        let fields: Map<String, Value> =
            serde_json::from_value(json!({"m": {"events": {"e": record}}})).unwrap();
        let mut missions = Missions::new(fields);
        let mut mission = missions.known_mut("m").unwrap();
        let event = mission.view().event("e").unwrap();
        mission.set_event("e", &Tracked { seen: None, ..event }).unwrap();
        let kept = missions.get("m").unwrap().fields()["events"]["e"].clone();
        assert_eq!((&kept["newer"]["x"], kept.get("seen")), (&json!(1), None));
    }
}
