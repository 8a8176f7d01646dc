//! The requests of a run: each has a number, which its id, its text and its reply contain.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use harness::{Rng, SimulatedService, event};
use serde_json::Value;

/// How a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    /// On a call.
    Call,
    /// By push-to-talk.
    Walkie,
    /// As a text, each from a number of its own: replies to one number are limited.
    Text,
    /// On a call, and only with the owner's yes.
    Sensitive,
}

/// One request that was written to a live connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct SentRequest {
    pub(super) number: usize,
    pub(super) kind: RequestKind,
    pub(super) at: Instant,
}

impl SentRequest {
    /// Its name in the client's journal and log.
    pub(super) fn key(&self) -> String {
        let id = self.id();
        match self.kind {
            RequestKind::Call | RequestKind::Sensitive => format!("deep:{id}"),
            RequestKind::Walkie => format!("walkie:{id}"),
            RequestKind::Text => format!("text:{id}"),
        }
    }

    /// The service's id of it.
    pub(super) fn id(&self) -> String {
        format!("r{}", self.number)
    }

    /// The number that a text comes from.
    pub(super) fn from(&self) -> String {
        format!("+4420{:08}", self.number)
    }

    fn frame(&self) -> Value {
        let (id, question) = (self.id(), question(self.number));
        let call = format!("c{}", self.number % 5);
        match self.kind {
            RequestKind::Call => event::deep_tool_request(&call, &id, &question),
            RequestKind::Sensitive => event::deep_tool_request(&call, &id, &order(self.number)),
            RequestKind::Walkie => event::walkie_request(&id, &question, None),
            RequestKind::Text => event::sms_received(&self.from(), &question, &id),
        }
    }
}

/// Every request that was sent so far.
#[derive(Default)]
pub(super) struct SentRequests {
    sent: Mutex<(Vec<SentRequest>, usize)>,
}

impl SentRequests {
    fn held(&self) -> MutexGuard<'_, (Vec<SentRequest>, usize)> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a new request, or, now and then, an earlier one again. Without a live connection nothing is sent: the service
    /// would lose it too. Gives the number of the new request.
    pub(super) fn send(&self, service: &SimulatedService, rng: &mut Rng) -> Option<usize> {
        let mut held = self.held();
        let (sent, next) = &mut *held;
        if rng.chance(5)
            && let Some(again) = sent.get(sent.len().wrapping_sub(1 + rng.index(40)))
        {
            service.send(&again.frame());
            return None;
        }
        let kind = rng.pick(&[
            (2, RequestKind::Text),
            (4, RequestKind::Walkie),
            (13, RequestKind::Call),
            (1, RequestKind::Sensitive),
        ]);
        let new = SentRequest { number: *next, kind, at: Instant::now() };
        // Its number is used up all the same: a part of the frame may have left.
        *next += 1;
        service.send(&new.frame()).then(|| {
            sent.push(new);
            new.number
        })
    }

    /// A copy.
    pub(super) fn all(&self) -> Vec<SentRequest> {
        self.held().0.clone()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.held().0.len()
    }
}

/// The words of a request; nothing in them needs an approval.
fn question(number: usize) -> String {
    format!("What do you know about number {number}?")
}

/// The words of one that does need it.
pub(super) fn order(number: usize) -> String {
    format!("Delete the repo about number {number}.")
}

/// The agent's reply to it.
pub(super) fn expected_reply(number: usize) -> String {
    format!("Answer {number}.")
}

/// The number in a message to the agent, or in its reply.
pub(super) fn number(text: &str) -> Option<usize> {
    let rest = text.rsplit_once("about number ")?.1;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{RequestKind, SentRequest, expected_reply, number, order, question};

    #[test]
    fn a_number_is_found_in_whatever_is_made_of_the_words() {
        assert_eq!(number(&question(41)), Some(41));
        assert_eq!(number(&order(41)), Some(41));
        assert_eq!(number(&format!("[a text] \"{}\" (end)", question(7))), Some(7));
        assert_eq!(number(&expected_reply(7)), None);
    }

    #[test]
    fn every_text_has_a_number_of_its_own() {
        let text = |number| SentRequest { number, kind: RequestKind::Text, at: Instant::now() };
        assert_eq!(text(12).from(), "+442000000012");
        assert_eq!(text(12).key(), "text:r12");
    }
}
