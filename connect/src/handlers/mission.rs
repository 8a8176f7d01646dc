//! `mission.*`: stored for `missions tick`, which acts on them.
//!
//! They are handed over in the file `state::paths::mission_events`: one JSON object per line, `{"at": RFC 3339, "event":
//! name, "frame": the whole frame}`, written under the file's lock (`state::paths::lock_of`), 0600. Whoever takes the lines
//! does so under the same lock and leaves an empty file or none.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use state::{file, paths, sms_keyword};

use super::sms_keywords;
use crate::protocol::incoming::IncomingSms;
use crate::requests::dispatcher::Dispatcher;
use crate::shared::request::{AgentRequest, Origin};
use crate::sms::opt_out_queue::ListChange;
use crate::workers::pool::{Lane, QueueTimeout};

/// The file is no longer than this, in bytes: where nobody ticks, nobody will miss the oldest.
const MAX_STORED: usize = 1 << 20;

/// Appends the event to the file; a text to a mission's number that opts out is heeded as one to ours is.
pub(super) fn handle(
    dispatcher: &mut Dispatcher,
    name: &str,
    fields: &Map<String, Value>,
    frame: &str,
) {
    store(dispatcher, name, fields);
    if name == "mission.sms_received" {
        heed_opt_out(dispatcher, fields, frame);
    }
}

fn heed_opt_out(dispatcher: &mut Dispatcher, fields: &Map<String, Value>, frame: &str) {
    let sms = IncomingSms::of_mission(fields);
    let change = sms_keyword::parse(&sms.body).and_then(ListChange::of);
    let (Some(change), Some(from)) = (change, sms.sender()) else { return };
    let key = sms.key(dispatcher.context.service_clock.now());
    sms_keywords::change_list(dispatcher, &key, &from, (change, &sms.body), frame);
}

fn store(dispatcher: &mut Dispatcher, name: &str, fields: &Map<String, Value>) {
    let context = Arc::clone(&dispatcher.context);
    let at = context.service_clock.now();
    let line = json!({"at": at.to_string(), "event": name, "frame": fields}).to_string();
    if context.service.is_none() {
        return dispatcher.outbox.send_ephemeral(line);
    }
    let key = format!("{name}:{}", at.as_nanosecond());
    if dispatcher.are_workers_full(Lane::Texts) {
        // `missions` polls as well.
        return context.log.line(format_args!("{key}: not stored: all workers are busy"));
    }
    let request = Arc::new(AgentRequest::recovered(&key, Origin::Internal));
    let work = move || {
        let path = paths::mission_events(&context.skill);
        let stored = file::update(&path, |bytes| Ok((Some(appended(bytes, &line)), ())));
        match stored {
            Ok(()) => context.log.line(format_args!("{key}: stored for `missions`")),
            Err(err) => context.log.line(format_args!("{key}: not stored: {err:#}")),
        }
        context.notify_finished(&key);
    };
    dispatcher.submit(&request, Lane::Texts, QueueTimeout::Unlimited, work);
}

/// The lines with one more, without the oldest if there are too many.
fn appended(bytes: Option<Vec<u8>>, line: &str) -> Vec<u8> {
    let mut lines = bytes.unwrap_or_default();
    lines.extend_from_slice(line.as_bytes());
    lines.push(b'\n');
    let excess = lines.len().saturating_sub(MAX_STORED);
    if excess > 0 {
        let end = lines[excess..].iter().position(|byte| *byte == b'\n');
        lines.drain(..end.map_or(lines.len(), |end| excess + end + 1));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{MAX_STORED, appended};

    #[test]
    fn whole_lines_are_dropped_from_the_front() {
        let line = "x".repeat(99_999);
        let lines = (0..30).fold(None, |lines, _| Some(appended(lines, &line))).unwrap();
        assert!(lines.len() <= MAX_STORED && lines.len() > MAX_STORED - 200_000);
        assert!(
            lines.split(|byte| *byte == b'\n').all(|one| one.is_empty() || one.len() == 99_999)
        );
    }
}
