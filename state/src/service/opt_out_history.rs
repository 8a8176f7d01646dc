//! Opt-outs in the service's list of messages: what came while no client ran counts as well, however old.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::owner;
use super::pages::PagedList;
use crate::api::Client;
use crate::storage::do_not_call::{self, Coverage, DoNotCallEntry, ListingReason};
use crate::storage::texted_numbers;
use crate::text::phone::Phone;
use crate::text::sms_keyword::{self, Keyword};

/// So much of what was read before is read again: a message may come into the list late.
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);

/// A keyword that somebody texted.
struct PastKeyword {
    at: Timestamp,
    from: Phone,
    word: Keyword,
    /// The text, which is little more than the word.
    body: String,
}

/// Reads what came in since this was done last, and brings the do-not-call list up to it. Gives the numbers that were
/// added.
///
/// Fails if the service does not answer, or the list cannot be written.
pub fn read(skill: &Path, client: &Client) -> anyhow::Result<Vec<Phone>> {
    let before = do_not_call::load(skill)?.read_until();
    let from = before.and_then(|before| before.checked_sub(OVERLAP).ok());
    let (mut keywords, mut newest) = (Vec::new(), before);
    let messages = PagedList {
        path: "/v1/messages".into(),
        query: &[("direction", "inbound"), ("limit", "100")],
        key: "messages",
        page: "page",
    };
    messages.read(client, |message| {
        let at: Option<Timestamp> = message["created_at"].as_str().and_then(|at| at.parse().ok());
        newest = newest.max(at);
        keywords.extend(keyword(message, at));
        // They come newest first. One without a time may be as new as any.
        at.is_none_or(|at| from.is_none_or(|from| at >= from))
    })?;
    keywords.sort_by_key(|past| past.at);
    let opts_out = |past: &PastKeyword| Coverage::of(past.word).is_some();
    let owner = if keywords.iter().any(opts_out) { owner::fetch_phone(client) } else { None };
    // Only that a text may be an answer depends on it.
    let texted = texted_numbers::load(skill).unwrap_or_default();
    let mut added = Vec::new();
    do_not_call::update(skill, |list| {
        let mut is_changed = newest.is_some_and(|newest| list.set_read_until(newest));
        for PastKeyword { at, from, word, body } in &keywords {
            if *word == Keyword::Start {
                is_changed |= list.lift_past(from, *at);
            }
            let Some(covers) = Coverage::of(*word) else { continue };
            let reply =
                (covers == Coverage::Texts).then(|| texted.get(from)?.answered_by(body, *at));
            let entry = DoNotCallEntry::new(ListingReason::OptOut, covers, *at);
            let entry = entry.with_reply(reply.flatten());
            if owner.as_ref() != Some(from) && list.add_past(from, entry, *at) {
                is_changed = true;
                added.push(from.clone());
            }
        }
        // Some may have opted in again since.
        added.retain(|phone| list.get(phone).is_some());
        is_changed
    })?;
    added.sort();
    added.dedup();
    Ok(added)
}

/// What an incoming message says, if that is a keyword.
fn keyword(message: &Value, at: Option<Timestamp>) -> Option<PastKeyword> {
    // The query asks for incoming ones alone, which not every service obeys.
    if message["direction"] == "outbound" {
        return None;
    }
    let body = message["body"].as_str()?;
    let word = sms_keyword::parse(body)?;
    let from = message["from"].as_str()?.parse().ok()?;
    Some(PastKeyword { at: at.unwrap_or_default(), from, word, body: body.to_owned() })
}
