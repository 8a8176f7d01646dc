//! Whether a request may reach the agent: the one place that makes a [`Clearance`].

use crate::agent::is_report;
use crate::calls::Speaker;
use crate::request::{Request, Said, Way};
use crate::shop::Shop;
use crate::words::said;
use crate::words::turn::Consent;

/// What lets a request reach the gateway. It can be made in this file only.
#[derive(Debug)]
pub(crate) struct Clearance {
    consent: Consent,
}

impl Clearance {
    /// What the owner was asked before.
    pub(crate) fn consent(&self) -> Consent {
        self.consent
    }

    /// Whether the owner was asked, which takes its time.
    pub(crate) fn was_asked(&self) -> bool {
        self.consent != Consent::NotAsked
    }
}

/// Words that need an approval, until approvals can be asked for: such requests are refused in words.
const SENSITIVE: &[&str] = &[
    "delete", "remove", "erase", "wipe", "destroy", "send", "email", "mail", "text", "publish",
    "post", "tweet", "pay", "buy", "purchase", "order", "sell", "transfer", "wire", "book",
    "reserve", "deploy", "merge", "push", "grant", "sign", "accept", "decline", "cancel", "invite",
    "schedule", "call", "unlock",
];

/// Clears a request, or says why not.
pub(crate) fn of(_: &Shop, request: &Request) -> Result<Clearance, Said> {
    let cleared = Ok(Clearance { consent: Consent::NotAsked });
    if is_report(request) {
        return cleared;
    }
    let words = request.words.to_lowercase();
    let first = words.split(|c: char| !c.is_alphanumeric()).find(|word| {
        !matches!(
            *word,
            "" | "please" | "can" | "could" | "you" | "will" | "would" | "now" | "just"
        )
    });
    if !first.is_some_and(|word| SENSITIVE.contains(&word)) {
        return cleared;
    }
    Err(Said::Reply(
        match (&request.way, request.speaker) {
            (Way::Text { .. }, _) => said::NOT_BY_TEXT,
            (_, Speaker::Stranger) => said::NOT_FOR_CALLERS,
            (_, Speaker::Owner) => said::COULD_NOT_ASK,
        }
        .to_owned(),
    ))
}
