//! Whether ticks run for the missions. A tick that fails under cron reports to nobody, so that `status` has to find it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::finding::Finding;
use super::fix::Fix;

/// How long after its time a call or text may go without a poll. `missions tick` runs each minute, polls a call or text
/// first two minutes after its time, and then every few minutes until it has ended.
const MAX_UNPOLLED: SignedDuration = SignedDuration::from_mins(15);

/// The statuses in the state file of a mission that has ended.
const ENDED: [&str; 3] = ["succeeded", "failed", "cancelled"];

/// The check `state`, once the state file could be read.
pub(super) fn check(missions: &Map<String, Value>, now: Timestamp) -> Finding {
    let unpolled = missions.iter().find_map(|(slug, mission)| {
        let events = mission["events"].as_object().filter(|_| !has_ended(mission))?;
        let due = events.values().filter_map(|event| unpolled(event, now)).min()?;
        Some((slug, due))
    });
    match unpolled {
        None => Finding::pass(format!("{} missions remembered", missions.len())),
        Some((slug, due)) => {
            let detail = format!(
                "`{slug}` has a call or text of {due} that nobody has looked at for {} minutes; what \
                 a tick says under cron is lost",
                MAX_UNPOLLED.as_mins()
            );
            Finding::warn(detail, Fix::Tick(slug.clone()))
        }
    }
}

/// Whether a mission has ended.
pub(super) fn has_ended(mission: &Value) -> bool {
    mission["status"].as_str().is_some_and(|status| ENDED.contains(&status))
}

/// The time of a call or text that has not ended and was not polled for too long.
fn unpolled(event: &Value, now: Timestamp) -> Option<Timestamp> {
    let time = |key: &str| event[key].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let is_old = |at: Timestamp| now.duration_since(at) > MAX_UNPOLLED;
    let due = time("scheduled_at").filter(|due| event["end"].is_null() && is_old(*due))?;
    time("looked_at").is_none_or(is_old).then_some(due)
}
