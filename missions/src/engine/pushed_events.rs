//! The `mission.*` events that `connect` received and put into a file: each makes an event of the mission due at once.
//!
//! What happened is polled from the service. Only that nobody was reached is taken from a pushed event as well, where the
//! service's row does not say who was.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use state::{file, json, paths};

use crate::context::CommandContext;
use crate::lifecycle::unreached_fields;
use crate::service::Channel;
use crate::store::{Mission, ScheduledEvent, event};

/// The scheduled events of a mission that pushed events are about, by id, each with the fields that say that nobody was
/// reached.
pub(crate) type PushedFields = HashMap<String, Map<String, Value>>;

/// How long before its time a call may begin, by another clock.
const EARLY: SignedDuration = SignedDuration::from_mins(1);

/// The pushed events that were in the file when the tick began.
#[derive(Debug, Default)]
pub(super) struct PushedEvents {
    events: Vec<PushedEvent>,
}

#[derive(Debug)]
struct PushedEvent {
    /// Its line in the file.
    line: String,
    /// When it was received.
    at: Option<Timestamp>,
    /// Its name, such as `mission.call_failed`.
    name: String,
    frame: Map<String, Value>,
    /// Whether its line is to be removed.
    is_used: bool,
}

impl PushedEvents {
    /// Reads the file. A line that is no event is removed with those that are used.
    pub(super) fn read(context: &CommandContext) -> anyhow::Result<Self> {
        let path = paths::mission_events(context.config.skill_dir());
        let bytes = file::read(&path)?.unwrap_or_default();
        let events = String::from_utf8_lossy(&bytes).lines().map(PushedEvent::read).collect();
        Ok(Self { events })
    }

    /// What was pushed about the events of a mission.
    pub(super) fn about(&self, mission: &Mission) -> anyhow::Result<PushedFields> {
        let pushed: Vec<_> =
            self.events.iter().filter(|pushed| pushed.is_about(mission.mission_id())).collect();
        let mut fields = PushedFields::new();
        if pushed.is_empty() {
            return Ok(fields);
        }
        let events = event::all(mission)?;
        for pushed in pushed {
            let matching = || events.iter().filter(|(_, event)| pushed.matches(event));
            for (id, _) in matching() {
                fields.entry((*id).to_owned()).or_default();
            }
            // Of several calls to one number, the last that had begun by then is the one that ended.
            let ended = matching().filter(|(_, event)| pushed.may_end(event));
            if let Some((id, _)) = ended.max_by_key(|(_, event)| event.scheduled_at) {
                fields.entry((*id).to_owned()).or_default().extend(unreached_fields(&pushed.frame));
            }
        }
        Ok(fields)
    }

    /// The events of this mission were used.
    pub(super) fn mark_used(&mut self, mission_id: Option<&str>) {
        for pushed in &mut self.events {
            pushed.is_used |= pushed.is_about(mission_id);
        }
    }

    /// The events of missions that the state file does not have are of no use.
    pub(super) fn mark_unknown_used<'a>(&mut self, missions: impl Iterator<Item = Mission<'a>>) {
        let known: HashSet<&str> = missions.filter_map(|mission| mission.mission_id()).collect();
        for pushed in &mut self.events {
            let id = pushed.frame.get("mission_id").and_then(Value::as_str);
            pushed.is_used |= id.is_none_or(|id| !known.contains(id));
        }
    }

    /// Removes the used lines from the file; what was received meanwhile stays.
    pub(super) fn remove_used(self, context: &CommandContext) -> anyhow::Result<()> {
        let used = self.events.into_iter().filter(|pushed| pushed.is_used);
        let used: HashSet<String> = used.map(|pushed| pushed.line).collect();
        if used.is_empty() {
            return Ok(());
        }
        let path = paths::mission_events(context.config.skill_dir());
        file::update(&path, |bytes| {
            let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
            let left: String = text
                .lines()
                .filter(|line| !used.contains(*line))
                .flat_map(|line| [line, "\n"])
                .collect();
            Ok((Some(left.into_bytes()), ()))
        })
    }
}

impl PushedEvent {
    fn read(line: &str) -> Self {
        let read = json::parse(line.as_bytes()).unwrap_or_default();
        let text = |key: &str| read[key].as_str().unwrap_or_default();
        Self {
            line: line.to_owned(),
            at: text("at").parse().ok(),
            name: text("event").to_owned(),
            frame: read["frame"].as_object().cloned().unwrap_or_default(),
            is_used: false,
        }
    }

    fn is_about(&self, mission_id: Option<&str>) -> bool {
        let id = self.frame.get("mission_id").and_then(Value::as_str);
        id.is_some() && id == mission_id
    }

    /// Whether it may be about this event: its step and its number do not say otherwise.
    fn matches(&self, event: &ScheduledEvent) -> bool {
        let text = |key: &str| self.frame.get(key).and_then(Value::as_str);
        let is_step = text("step_id").is_none_or(|step| event.step_id.as_deref() == Some(step));
        let numbers = [text("to"), text("from")];
        let is_number = numbers.iter().all(Option::is_none) || numbers.contains(&Some(&event.to));
        is_step && is_number
    }

    /// Whether it may say how the call of this event ended.
    fn may_end(&self, event: &ScheduledEvent) -> bool {
        let has_begun = |at: Timestamp| event.scheduled_at.duration_since(at) <= EARLY;
        matches!(self.name.as_str(), "mission.call_completed" | "mission.call_failed")
            && event.channel == Channel::Call
            && event.end.is_none()
            && self.at.is_some_and(has_begun)
    }
}
