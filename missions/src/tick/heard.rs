//! `mission.*` events that `connect` received: each makes an event due at once, and nothing more, since the truth
//! is read from the service.

use std::collections::HashSet;

use serde_json::{Map, Value};
use state::{file, json, paths};

use crate::context::Context;
use crate::state_file::Mission;

/// The lines that were there when the tick began.
#[derive(Debug, Default)]
pub(super) struct Heard {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    text: String,
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

    /// The ids of a mission's events that were heard of.
    pub(super) fn of(&self, mission: &Mission) -> anyhow::Result<HashSet<String>> {
        let frames: Vec<_> =
            self.lines.iter().filter(|line| line.is_about(mission.mission_id())).collect();
        if frames.is_empty() {
            return Ok(HashSet::new());
        }
        let is_meant = |frame: &Map<String, Value>, event: &crate::tracked::Tracked| {
            let text = |key: &str| frame.get(key).and_then(Value::as_str);
            let is_step = text("step_id").is_none_or(|step| event.step_id.as_deref() == Some(step));
            let numbers = [text("to"), text("from")];
            let is_number =
                numbers.iter().all(Option::is_none) || numbers.contains(&Some(&event.to));
            is_step && is_number
        };
        let events = mission.events()?;
        let heard = events
            .iter()
            .filter(|(_, event)| frames.iter().any(|line| is_meant(&line.frame, event)));
        Ok(heard.map(|(id, _)| (*id).to_owned()).collect())
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
    let read = json::parse(text.as_bytes()).ok();
    let frame = read.and_then(|line| line.get("frame")?.as_object().cloned());
    Line { text: text.to_owned(), frame: frame.unwrap_or_default(), is_used: false }
}

impl Line {
    fn is_about(&self, mission_id: Option<&str>) -> bool {
        let id = self.frame.get("mission_id").and_then(Value::as_str);
        id.is_some() && id == mission_id
    }
}
