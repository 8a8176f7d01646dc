//! The scheduled calls and texts of a mission: one record for each event, under the mission's key `events`.

use jiff::Timestamp;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::exit::Fault;
use state::shell;

use super::mission::{Mission, MissionMut};
use crate::lifecycle::{
    Activity, CallInsights, EventEnd, EventOutcome, Recipient, TargetEvent, merged,
};
use crate::service::{Channel, ScheduledRow};
use crate::window::Window;

/// The key in a mission.
const EVENTS: &str = "events";

/// The key in a record of the fields that were pushed for a call whose end is not known yet.
const PUSHED: &str = "heard";

/// The status of an event that was deleted at the service.
const DELETED: &str = "deleted";

/// One scheduled call or text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScheduledEvent {
    /// The assistant that calls or texts.
    pub(crate) assistant_id: String,
    /// Call or text.
    pub(crate) channel: Channel,
    /// The number that is called or texted.
    pub(crate) to: String,
    /// The number that it comes from.
    pub(crate) from: String,
    /// When it is to happen.
    pub(crate) scheduled_at: Timestamp,
    /// The text of an SMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// The plan step that it belongs to.
    #[serde(default, deserialize_with = "id", skip_serializing_if = "Option::is_none")]
    pub(crate) step_id: Option<String>,
    /// The plan step that ends with the mission's last event.
    #[serde(default, deserialize_with = "id", skip_serializing_if = "Option::is_none")]
    pub(crate) verify_step: Option<String>,
    /// When the recipient may be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) window: Option<Window>,
    /// The kind of recipient; without one there are no retries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recipient: Option<Recipient>,
    /// The first event of the target, if this one is a retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry_of: Option<String>,
    /// Which retry it is, from 1; 0 for the first event of a target.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) attempt: usize,
    /// The event's status, in the service's word.
    pub(crate) status: String,
    /// The status of the call, in the service's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) call_status: Option<String>,
    /// The conversation of an answered call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) conversation_id: Option<String>,
    /// When it was last polled.
    #[serde(rename = "looked_at", default, skip_serializing_if = "Option::is_none")]
    pub(crate) polled_at: Option<Timestamp>,
    /// What it was doing then, if it had begun.
    #[serde(rename = "seen", default, skip_serializing_if = "Option::is_none")]
    pub(crate) activity: Option<Activity>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<EventEnd>,
    /// What is known of its conversation.
    #[serde(default, skip_serializing_if = "CallInsights::is_none")]
    pub(crate) insights: CallInsights,
    /// Whether the insights mention a voicemail: then the call is not counted as answered.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) maybe_voicemail: bool,
    /// Whether the run's log has an entry that it was scheduled.
    #[serde(default)]
    pub(crate) logged: bool,
    /// How long it was talked, in seconds; rather too much than too little.
    #[serde(default, skip_serializing_if = "is_none")]
    pub(crate) seconds: u32,
    /// Whether it was withdrawn before its time: then it is no try, and its target may get another in its place.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) withdrawn: bool,
}

/// The keys of a record. Any other key is a newer version's and is left alone; to read those with the rest would make
/// reading a thousand records take three times as long.
const KEYS: [&str; 23] = [
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
    "seconds",
    "withdrawn",
];

/// The id of a step: a text, which other programs write as a number too.
fn id<'de, D: Deserializer<'de>>(json: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(json)? {
        Value::Null => None,
        Value::String(id) => Some(id),
        Value::Number(id) => Some(id.to_string()),
        other => {
            let found = state::json::type_name(&other);
            return Err(D::Error::custom(format!("the id of a step is {found}, not a text")));
        }
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(attempt: &usize) -> bool {
    *attempt == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(seconds: &u32) -> bool {
    *seconds == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl ScheduledEvent {
    /// The part of it that the lifecycle works with.
    pub(crate) fn target_event(&self, id: &str) -> TargetEvent {
        TargetEvent {
            id: id.to_owned(),
            at: self.scheduled_at,
            polled_at: self.polled_at,
            activity: self.activity,
            end: self.end.clone(),
            insights: self.insights.clone(),
            maybe_voicemail: self.maybe_voicemail,
            is_first: self.attempt == 0,
            seconds: self.seconds,
        }
    }

    /// Whether it was deleted at the service by this program.
    pub(crate) fn is_deleted(&self) -> bool {
        self.status == DELETED
    }

    /// Whether somebody's phone rang, or may have.
    pub(crate) fn was_dialled(&self) -> bool {
        let never = [EventOutcome::Canceled, EventOutcome::Gone, EventOutcome::OptedOut];
        let is_called_off = self.end.as_ref().is_some_and(|end| never.contains(&end.outcome));
        !is_called_off && !self.is_deleted() && !self.withdrawn
    }

    /// Records that it was deleted at the service.
    pub(crate) fn set_deleted(&mut self) {
        DELETED.clone_into(&mut self.status);
    }

    /// Takes over what the service returned for an event that was just created.
    pub(crate) fn update_from(&mut self, row: &ScheduledRow) {
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

/// All events of a mission in their order.
///
/// Fails (exit 2) if one of them cannot be read, and names it: an event that is left out would never be polled again.
pub(crate) fn all<'a>(mission: &Mission<'a>) -> Result<Vec<(&'a str, ScheduledEvent)>, Fault> {
    let events = mission.fields().get(EVENTS).and_then(Value::as_object);
    let read = |(id, event): (&'a String, &'a Value)| {
        ScheduledEvent::deserialize(event).map(|event| (id.as_str(), event)).map_err(|err| {
            let slug = mission.slug();
            Fault::usage(format!("the event `{id}` of mission `{slug}` cannot be read: {err}"))
                .hint(format!(
                    "fix it by hand; `missions get-state {} | jq .events` shows it",
                    shell::quote(slug)
                ))
        })
    };
    events.into_iter().flatten().map(read).collect()
}

/// One event of a mission, if it is stored there and can be read.
pub(crate) fn get(mission: &Mission, id: &str) -> Option<ScheduledEvent> {
    let events = mission.fields().get(EVENTS).and_then(Value::as_object)?;
    ScheduledEvent::deserialize(events.get(id)?).ok()
}

/// How many first calls or texts to a number were withdrawn before their time.
pub(crate) fn n_withdrawn(mission: &Mission, to: &str) -> usize {
    let events = mission.fields().get(EVENTS).and_then(Value::as_object);
    let is_it = |event: &&Value| {
        event["withdrawn"] == true && event["to"] == to && event["retry_of"].is_null()
    };
    events.into_iter().flatten().map(|(_, event)| event).filter(is_it).count()
}

/// The ids of all events of a mission, those included that cannot be read.
pub(crate) fn ids<'a>(mission: &Mission<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let events = mission.fields().get(EVENTS).and_then(Value::as_object);
    events.into_iter().flatten().map(|(id, _)| id.as_str())
}

/// Stores an event.
pub(crate) fn set(
    mission: &mut MissionMut,
    id: &str,
    event: &ScheduledEvent,
) -> anyhow::Result<()> {
    let mut value = serde_json::to_value(event)?;
    let events = mission.object(EVENTS);
    if let (Some(Value::Object(old)), Value::Object(new)) = (events.get(id), &mut value) {
        let others = old.iter().filter(|(key, _)| !KEYS.contains(&key.as_str()));
        new.extend(others.map(|(key, value)| (key.clone(), value.clone())));
    }
    events.insert(id.to_owned(), value);
    Ok(())
}

/// Stores that an event was deleted at the service, if the mission has it, and how it ended if that is known.
pub(crate) fn mark_deleted(
    mission: &mut MissionMut,
    id: &str,
    end: Option<EventEnd>,
) -> anyhow::Result<()> {
    let Some(mut event) = get(&mission.view(), id) else { return Ok(()) };
    event.set_deleted();
    event.end = event.end.or(end);
    set(mission, id, &event)
}

/// Stores what a poll returned for an event: the service's row, or that there is none, the fields that were pushed for
/// it, and whether its recipient has opted out. The record is changed in place, since a tick may poll a thousand. Returns the event as it is then; `None` if the
/// mission does not have it.
pub(crate) fn record_poll(
    mission: &mut MissionMut,
    event: &TargetEvent,
    row: Option<&Value>,
    pushed: Option<&Map<String, Value>>,
    has_opted_out: bool,
    now: Timestamp,
) -> anyhow::Result<Option<TargetEvent>> {
    let record = mission.object(EVENTS).get_mut(&event.id).and_then(Value::as_object_mut);
    let Some(record) = record else { return Ok(None) };
    let mut event = event.clone();
    let mut fields = record.get(PUSHED).and_then(Value::as_object).cloned().unwrap_or_default();
    fields.extend(pushed.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
    let merged = row.filter(|_| !fields.is_empty()).map(|row| merged(row, &fields));
    event.record_poll(merged.as_ref().or(row), now);
    if let Some(end) = &mut event.end
        && has_opted_out
        && end.outcome == EventOutcome::Gone
    {
        // Deleted for that, by `connect` or by an earlier tick.
        end.outcome = EventOutcome::OptedOut;
    }
    if event.end.is_none() && !fields.is_empty() {
        // The row may show the end only later, and without these.
        record.insert(PUSHED.to_owned(), fields.into());
    } else {
        record.shift_remove(PUSHED);
    }
    record.insert("looked_at".to_owned(), now.to_string().into());
    match event.activity {
        Some(activity) => record.insert("seen".to_owned(), serde_json::to_value(activity)?),
        None => record.shift_remove("seen"),
    };
    if let Some(end) = &event.end {
        record.insert("end".to_owned(), serde_json::to_value(end)?);
        if event.seconds > 0 {
            record.insert("seconds".to_owned(), event.seconds.into());
        }
        if !event.insights.is_none() {
            record.insert("insights".to_owned(), serde_json::to_value(&event.insights)?);
        }
    }
    let Some(row) = row else {
        record.insert("status".to_owned(), DELETED.into());
        return Ok(Some(event));
    };
    for key in ["status", "call_status", "conversation_id"] {
        if let Some(word) = row[key].as_str().filter(|word| !word.trim().is_empty()) {
            record.insert(key.to_owned(), word.into());
        }
    }
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    use super::{KEYS, ScheduledEvent, get, set};
    use serde_json::{Map, Value, json};

    use crate::store::Missions;

    fn whole() -> Value {
        let end = json!({"outcome": "busy", "at": "2027-12-01T15:00:00Z"});
        json!({
            "assistant_id": "a", "channel": "call", "to": "+15551234567", "from": "+15559990000",
            "scheduled_at": "2027-12-01T15:00:00Z", "text": "t", "step_id": "s", "verify_step": "v",
            "window": {"hours": "09:00-17:00", "days": "mon-fri", "zone": "America/New_York"},
            "recipient": "service", "retry_of": "e", "attempt": 1, "status": "pending",
            "call_status": "busy", "conversation_id": "c", "looked_at": "2027-12-01T15:00:00Z",
            "seen": "ringing", "end": end, "insights": {"got": "said"},
            "maybe_voicemail": true, "logged": true, "seconds": 31, "withdrawn": true,
        })
    }

    #[test]
    fn every_key_of_a_record_is_known() {
        let event: ScheduledEvent = serde_json::from_value(whole()).unwrap();
        let value = serde_json::to_value(event).unwrap();
        let keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, KEYS);
    }

    #[test]
    fn the_id_of_a_step_may_be_a_number() {
        let mut record = whole();
        (record["step_id"], record["verify_step"]) = (json!(3), json!(4.50));
        let event: ScheduledEvent = serde_json::from_value(record.clone()).unwrap();
        assert_eq!(
            (event.step_id.as_deref(), event.verify_step.as_deref()),
            (Some("3"), Some("4.5"))
        );
        record["step_id"] = json!(null);
        assert_eq!(serde_json::from_value::<ScheduledEvent>(record.clone()).unwrap().step_id, None);
        record["step_id"] = json!([3]);
        assert!(serde_json::from_value::<ScheduledEvent>(record).is_err());
    }

    #[test]
    fn keys_of_a_newer_version_stay_and_cleared_ones_go() {
        let mut record = whole();
        record["newer"] = json!({"x": 1});
        let fields: Map<String, Value> =
            serde_json::from_value(json!({"m": {"events": {"e": record}}})).unwrap();
        let mut missions = Missions::new(fields);
        let mut mission = missions.require_mut("m").unwrap();
        let event = get(&mission.view(), "e").unwrap();
        set(&mut mission, "e", &ScheduledEvent { activity: None, ..event }).unwrap();
        let stored = missions.get("m").unwrap().fields()["events"]["e"].clone();
        assert_eq!((&stored["newer"]["x"], stored.get("seen")), (&json!(1), None));
    }
}
