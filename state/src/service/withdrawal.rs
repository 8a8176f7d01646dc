//! Calls and texts that are scheduled at the service for numbers on the do-not-call list: they are deleted there, whichever
//! mission they belong to or none.

use serde_json::Value;

use super::pages::PagedList;
use crate::api::{Client, Error, url_path};
use crate::storage::do_not_call::{ContactMethod, DoNotCallList};
use crate::text::json::id_of;
use crate::text::phone::Phone;

/// Something that was scheduled for a number on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawnEvent {
    /// The service's id of the event.
    pub event_id: String,
    /// The number.
    pub to: Phone,
    /// Why it stays scheduled; `None` if it was deleted.
    pub left: Option<String>,
}

/// Deletes what is scheduled and forbidden, of one number or of all.
///
/// Fails if what is scheduled cannot be read whole: then more may be.
pub fn withdraw(
    client: &Client,
    list: &DoNotCallList,
    only: Option<&Phone>,
) -> Result<Vec<WithdrawnEvent>, Error> {
    if list.iter().next().is_none() {
        return Ok(Vec::new());
    }
    let mut assistants = Vec::new();
    let paged = PagedList {
        path: "/v1/assistants".into(),
        query: &[("pageSize", "100")],
        key: "assistants",
        page: "page",
    };
    paged.read(client, |row| {
        assistants.extend(id_of(row, &["id", "assistant_id"]));
        true
    })?;
    assistants.sort();
    assistants.dedup();
    let mut found: Vec<(String, String, Phone)> = Vec::new();
    for assistant in &assistants {
        let Ok(path) = url_path(&["v1", "assistants", assistant, "events"]) else { continue };
        let paged =
            PagedList { path, query: &[("page_size", "100")], key: "events", page: "page_number" };
        let listed = paged.read(client, |row| {
            if let Some((event, to)) = forbidden(row, list, only)
                && !found.iter().any(|(_, known, _)| *known == event)
            {
                found.push((assistant.clone(), event, to));
            }
            true
        });
        match listed {
            // The assistant was deleted since it was listed, and its events with it.
            Err(Error::Refused(refusal)) if refusal.status == 404 => {}
            other => other?,
        }
    }
    let delete = |(assistant, event_id, to): (String, String, Phone)| {
        let left = match url_path(&["v1", "assistants", &assistant, "events", &event_id]) {
            Err(err) => Some(err.to_string()),
            Ok(path) => match client.delete(path) {
                Ok(_) => None,
                // Somebody else deleted it.
                Err(Error::Refused(refusal)) if refusal.status == 404 => None,
                Err(err) => Some(err.to_string()),
            },
        };
        WithdrawnEvent { event_id, to, left }
    };
    Ok(found.into_iter().map(delete).collect())
}

/// The id and the number of an event that waits for its time and must not happen.
fn forbidden(row: &Value, list: &DoNotCallList, only: Option<&Phone>) -> Option<(String, Phone)> {
    let row = ["event", "data"]
        .iter()
        .find_map(|key| row.get(key).filter(|row| row.is_object()))
        .unwrap_or(row);
    let text = |keys: &[&str]| {
        keys.iter().find_map(|key| row[*key].as_str().filter(|text| !text.trim().is_empty()))
    };
    let status = text(&["status"]).unwrap_or_default().trim().to_lowercase();
    if !matches!(&*status, "pending" | "scheduled" | "queued") {
        return None;
    }
    let to: Phone = text(&["to_number", "to", "telnyx_end_user_target"])?.parse().ok()?;
    let is_forbidden = match text(&["channel", "telnyx_conversation_channel"]) {
        Some("sms" | "sms_chat") => list.forbids(&to, ContactMethod::Text),
        Some("call" | "phone_call") => list.forbids(&to, ContactMethod::Call),
        // What it will be is not known: it must be allowed either way.
        _ => list.get(&to).is_some(),
    };
    let is_meant = only.is_none_or(|only| *only == to);
    (is_forbidden && is_meant)
        .then(|| Some((id_of(row, &["id", "event_id", "scheduled_event_id"])?, to)))?
}
