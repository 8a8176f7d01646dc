//! Whether somebody looks after the missions: a tick that fails under cron has nobody to tell it to.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use state::words;

use super::Finding;

/// Ticks come each minute and look two minutes after the time of a call or text, and then every few minutes at most
/// until it has ended (spec 4): one that nobody looked at for so long was forgotten.
const FORGOTTEN: SignedDuration = SignedDuration::from_mins(15);

/// The words of the state file for a mission that needs nobody any more.
const OVER: [&str; 3] = ["succeeded", "failed", "cancelled"];

/// Judges the missions of a state file.
pub(super) fn looked_after(missions: &Map<String, Value>, now: Timestamp) -> Finding {
    let forgotten = missions.iter().find_map(|(slug, mission)| {
        let is_over = mission["status"].as_str().is_some_and(|status| OVER.contains(&status));
        let events = mission["events"].as_object().filter(|_| !is_over)?;
        let due = events.values().filter_map(|event| forgotten(event, now)).min()?;
        Some((slug, due))
    });
    match forgotten {
        None => Finding::pass(format!("{} missions remembered", missions.len())),
        Some((slug, due)) => {
            let detail = format!(
                "`{slug}` has a call or text of {due} that nobody has looked at for {} minutes; what \
                 a tick says under cron is lost",
                FORGOTTEN.as_mins()
            );
            Finding::warn(detail, format!("missions tick {}", words::for_shell(slug)))
        }
    }
}

/// The time of a call or text that has come, and that nobody looks at.
fn forgotten(event: &Value, now: Timestamp) -> Option<Timestamp> {
    let time = |key: &str| event[key].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let is_old = |at: Timestamp| now.duration_since(at) > FORGOTTEN;
    let due = time("scheduled_at").filter(|due| event["end"].is_null() && is_old(*due))?;
    time("looked_at").is_none_or(is_old).then_some(due)
}
