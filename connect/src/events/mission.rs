//! `mission.*`: kept for `missions tick`, which knows what to do with them (spec 4).
//!
//! The seam is the file `state::paths::mission_events`: one JSON object per line, `{"at": RFC 3339, "event": name,
//! "frame": the whole frame}`, written under the file's lock (`state::paths::lock_of`), 0600. Whoever takes the lines
//! does so under the same lock and leaves an empty file or none.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use state::{file, opt_out, paths};

use crate::desk::Desk;
use crate::opt_outs::Change;
use crate::request::{Request, Way};
use crate::turns::Wait;

/// More than this is not kept, in bytes: nobody ticks, so nobody will miss the oldest.
const MOST: usize = 1 << 20;

/// As much of an id tells it from others, in characters.
const LONGEST_ID: usize = 200;

/// Appends the event to the file; a text to a mission's number that opts out is heeded as one to ours is.
pub(super) fn handle(desk: &mut Desk, name: &str, fields: &Map<String, Value>, frame: &str) {
    keep(desk, name, fields);
    if name == "mission.sms_received" {
        heed(desk, fields, frame);
    }
}

fn heed(desk: &mut Desk, fields: &Map<String, Value>, frame: &str) {
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let change = text("text").and_then(opt_out::read).and_then(Change::of);
    let from = text("from").and_then(|from| from.parse().ok());
    let (Some(change), Some(from)) = (change, from) else { return };
    let id = text("message_id").map_or_else(
        || desk.shop.clock.now().as_nanosecond().to_string(),
        |id| state::words::bounded(id, LONGEST_ID),
    );
    super::opt_out::take(desk, format!("text:{id}"), from, change, frame);
}

fn keep(desk: &mut Desk, name: &str, frame: &Map<String, Value>) {
    let shop = Arc::clone(&desk.shop);
    let at = shop.clock.now().to_string();
    let line = json!({"at": at, "event": name, "frame": frame}).to_string();
    if shop.service.is_none() {
        return desk.outbox.send_ephemeral(line);
    }
    let nanos = shop.clock.now().as_nanosecond();
    let request = Arc::new(Request::taken_up(&format!("{name}:{nanos}"), Way::Report));
    let key = request.key.clone();
    if desk.is_full() {
        // `missions` polls as well.
        return shop.log.line(format_args!("{key}: not kept: all workers are busy"));
    }
    let work = move || {
        let path = paths::mission_events(&shop.skill);
        let kept = file::update(&path, |bytes| Ok((Some(appended(bytes, &line)), ())));
        match kept {
            Ok(()) => shop.log.line(format_args!("{key}: kept for missions")),
            Err(err) => shop.log.line(format_args!("{key}: not kept: {err:#}")),
        }
        shop.ended(&key);
    };
    desk.run(&request, Wait::Always, work);
}

/// The lines with one more, without the oldest if there are too many.
fn appended(bytes: Option<Vec<u8>>, line: &str) -> Vec<u8> {
    let mut lines = bytes.unwrap_or_default();
    lines.extend_from_slice(line.as_bytes());
    lines.push(b'\n');
    let excess = lines.len().saturating_sub(MOST);
    if excess > 0 {
        let end = lines[excess..].iter().position(|byte| *byte == b'\n');
        lines.drain(..end.map_or(lines.len(), |end| excess + end + 1));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{MOST, appended};

    #[test]
    fn whole_lines_are_dropped_from_the_front() {
        let line = "x".repeat(99_999);
        let lines = (0..30).fold(None, |lines, _| Some(appended(lines, &line))).unwrap();
        assert!(lines.len() <= MOST && lines.len() > MOST - 200_000);
        assert!(
            lines.split(|byte| *byte == b'\n').all(|one| one.is_empty() || one.len() == 99_999)
        );
    }
}
