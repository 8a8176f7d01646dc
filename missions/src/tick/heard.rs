//! `mission.*` events that `connect` received: each makes an event due at once. The truth is read from the service; only
//! that nobody was reached is believed of them too, where the service's row does not say who was.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use state::{file, json, paths};

use crate::context::Context;
use crate::lifecycle::unreached;
use crate::service::Channel;
use crate::state_file::Mission;
use crate::tracked::Tracked;

/// The events of a mission that were heard of, each with what says that nobody was reached.
pub(crate) type Words = HashMap<String, Map<String, Value>>;

/// A call may begin a little before its time by another clock.
const EARLY: SignedDuration = SignedDuration::from_mins(1);

/// The lines that were there when the tick began.
#[derive(Debug, Default)]
pub(super) struct Heard {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    text: String,
    /// When it came.
    at: Option<Timestamp>,
    /// Its name, such as `mission.call_failed`.
    event: String,
    frame: Map<String, Value>,
    is_used: bool,
}

impl Heard {
    /// Reads the file; what is no frame in it is dropped with the lines that are used.
    pub(super) fn read(context: &Context) -> anyhow::Result<Self> {
        let path = paths::mission_events(context.config.skill_dir());
        let bytes = file::read(&path)?.unwrap_or_default();
        let lines = String::from_utf8_lossy(&bytes).lines().map(line).collect();
        Ok(Self { lines })
    }

    /// What was heard of a mission's events.
    pub(super) fn of(&self, mission: &Mission) -> anyhow::Result<Words> {
        let lines: Vec<_> =
            self.lines.iter().filter(|line| line.is_about(mission.mission_id())).collect();
        let mut heard = Words::new();
        if lines.is_empty() {
            return Ok(heard);
        }
        let events = mission.events()?;
        for line in lines {
            let meant = || events.iter().filter(|(_, event)| line.means(event));
            for (id, _) in meant() {
                heard.entry((*id).to_owned()).or_default();
            }
            // Of several calls to one number, the last that had begun by then is the one that ended.
            let ended = meant().filter(|(_, event)| line.may_end(event));
            if let Some((id, _)) = ended.max_by_key(|(_, event)| event.scheduled_at) {
                heard.entry((*id).to_owned()).or_default().extend(unreached(&line.frame));
            }
        }
        Ok(heard)
    }

    /// What was heard of a mission has been looked at.
    pub(super) fn used(&mut self, mission_id: Option<&str>) {
        for line in &mut self.lines {
            line.is_used |= line.is_about(mission_id);
        }
    }

    /// Those of missions that are not kept here are of no use to anybody.
    pub(super) fn drop_strangers<'a>(&mut self, missions: impl Iterator<Item = Mission<'a>>) {
        let known: HashSet<&str> = missions.filter_map(|mission| mission.mission_id()).collect();
        for line in &mut self.lines {
            let id = line.frame.get("mission_id").and_then(Value::as_str);
            line.is_used |= id.is_none_or(|id| !known.contains(id));
        }
    }

    /// Takes the used lines out of the file; what came meanwhile stays.
    pub(super) fn forget(self, context: &Context) -> anyhow::Result<()> {
        let used: HashSet<String> =
            self.lines.into_iter().filter(|line| line.is_used).map(|line| line.text).collect();
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

fn line(text: &str) -> Line {
    let read = json::parse(text.as_bytes()).unwrap_or_default();
    let word = |key: &str| read[key].as_str().unwrap_or_default();
    Line {
        text: text.to_owned(),
        at: word("at").parse().ok(),
        event: word("event").to_owned(),
        frame: read["frame"].as_object().cloned().unwrap_or_default(),
        is_used: false,
    }
}

impl Line {
    /// Whether it may be about this event.
    fn means(&self, event: &Tracked) -> bool {
        let text = |key: &str| self.frame.get(key).and_then(Value::as_str);
        let is_step = text("step_id").is_none_or(|step| event.step_id.as_deref() == Some(step));
        let numbers = [text("to"), text("from")];
        let is_number = numbers.iter().all(Option::is_none) || numbers.contains(&Some(&event.to));
        is_step && is_number
    }

    /// Whether it may tell how the call of this event ended.
    fn may_end(&self, event: &Tracked) -> bool {
        let has_begun = |at: Timestamp| event.scheduled_at.duration_since(at) <= EARLY;
        matches!(self.event.as_str(), "mission.call_completed" | "mission.call_failed")
            && event.channel == Channel::Call
            && event.end.is_none()
            && self.at.is_some_and(has_begun)
    }

    fn is_about(&self, mission_id: Option<&str>) -> bool {
        let id = self.frame.get("mission_id").and_then(Value::as_str);
        id.is_some() && id == mission_id
    }
}
