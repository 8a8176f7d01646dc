//! `/v1/messages`: the texts that came in, the newest first.

use jiff::Timestamp;
use serde_json::Value;
use state::phone::Phone;

use super::{ServiceApi, ServiceRow};

/// As many pages of a hundred are read at most, and that is an end to a server that never ends.
const MOST_PAGES: u32 = 100;

/// A text that came in.
#[derive(Clone, Debug)]
pub(crate) struct IncomingText {
    pub(crate) id: String,
    pub(crate) from: Phone,
    pub(crate) at: Timestamp,
    pub(crate) body: String,
}

/// The texts that came in since then. One without a number, an id or a time is left out.
pub(crate) fn incoming_since(
    api: &ServiceApi,
    since: Timestamp,
) -> anyhow::Result<Vec<IncomingText>> {
    let mut texts: Vec<IncomingText> = Vec::new();
    let mut before: Vec<Value> = Vec::new();
    for page in 1..=MOST_PAGES {
        let page = page.to_string();
        let query = [("direction", "inbound"), ("limit", "100"), ("page", page.as_str())];
        let answer = api.client.get("/v1/messages", &query)?;
        let lacks = answer.missing("a list of `messages`");
        let rows = match answer.into_json() {
            Value::Array(rows) => rows,
            mut other => {
                match ["messages", "data"].iter().find_map(|key| match other[*key].take() {
                    Value::Array(rows) => Some(rows),
                    _ => None,
                }) {
                    Some(rows) => rows,
                    None => return Err(lacks.into()),
                }
            }
        };
        if rows.is_empty() || rows == before {
            break;
        }
        let mut is_wanted = false;
        for row in &rows {
            let row = ServiceRow::new(row.clone());
            is_wanted |= row.time("created_at").is_none_or(|at| at >= since);
            texts.extend(incoming(&row).filter(|text| text.at >= since));
        }
        if !is_wanted {
            break;
        }
        before = rows;
    }
    Ok(texts)
}

fn incoming(row: &ServiceRow) -> Option<IncomingText> {
    // Not every service obeys the query.
    if row.text("direction") == Some("outbound") {
        return None;
    }
    let (id, from) = (row.id(&["id"])?, row.text("from")?.parse().ok()?);
    let body = row.text("body").unwrap_or("[picture]").to_owned();
    Some(IncomingText { id, from, at: row.time("created_at")?, body })
}
