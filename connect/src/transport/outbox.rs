//! What is to be sent: ephemeral frames, and answers that are held until the service has them.
//!
//! An answer counts as delivered when a ping that was sent right after it has been answered: the service's frames know no
//! acknowledgement, and a ping overtakes nothing.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Instant;

/// Ephemeral frames beyond this are dropped: a flood of requests must not grow the memory.
const MAX_EPHEMERAL: usize = 1024;

/// An answer that is to be delivered.
#[derive(Debug)]
pub(crate) struct OutgoingAnswer {
    /// The request that it answers, as the journal names it.
    pub(crate) key: String,
    /// The frame.
    pub(crate) frame: String,
    /// Until when it is worth delivering.
    pub(crate) expires_at: Instant,
}

/// An answer that waits for its delivery.
#[derive(Debug)]
struct PendingDelivery {
    answer: OutgoingAnswer,
    /// The ping that acknowledges it, once it has been sent on the present connection.
    ping: Option<u64>,
}

/// The frames that wait to be sent, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Frames that only make sense now (a greeting, progress): sent once or, without a connection, never.
    ephemeral: VecDeque<String>,
    /// Answers, each held until it is delivered or has expired.
    reliable: VecDeque<PendingDelivery>,
    /// How many of `reliable`, from the front, have been sent on the present connection.
    n_sent: usize,
    n_dropped: u64,
}

impl Outbox {
    /// Queues a frame that only makes sense now.
    pub(crate) fn send_ephemeral(&mut self, frame: String) {
        if self.ephemeral.len() < MAX_EPHEMERAL {
            self.ephemeral.push_back(frame);
        } else {
            self.n_dropped += 1;
        }
    }

    /// Queues an answer, which is sent on each connection until it is delivered.
    pub(crate) fn send_reliable(&mut self, answer: OutgoingAnswer) {
        self.reliable.push_back(PendingDelivery { answer, ping: None });
    }

    /// The next frame to send. Ephemeral ones go first: they were queued before the answers that they lead up to.
    pub(crate) fn next(&mut self) -> Option<Cow<'_, str>> {
        if let Some(frame) = self.ephemeral.pop_front() {
            return Some(frame.into());
        }
        let pending = self.reliable.get(self.n_sent)?;
        self.n_sent += 1;
        Some(pending.answer.frame.as_str().into())
    }

    /// Whether answers were sent that no ping follows yet.
    pub(crate) fn wants_ping(&self) -> bool {
        self.n_sent > 0 && self.reliable[self.n_sent - 1].ping.is_none()
    }

    /// A ping was sent: its pong will acknowledge everything sent before it.
    pub(crate) fn mark_pinged(&mut self, number: u64) {
        for pending in self.reliable.iter_mut().take(self.n_sent).rev() {
            if pending.ping.is_some() {
                break;
            }
            pending.ping = Some(number);
        }
    }

    /// A ping was answered: gives the keys of the answers that are thereby delivered.
    pub(crate) fn acknowledge(&mut self, number: u64) -> Vec<String> {
        let n_delivered = self
            .reliable
            .iter()
            .take(self.n_sent)
            .take_while(|pending| pending.ping.is_some_and(|ping| ping <= number))
            .count();
        self.n_sent -= n_delivered;
        self.reliable.drain(..n_delivered).map(|pending| pending.answer.key).collect()
    }

    /// The connection is gone: ephemeral frames are dropped, answers go out again on the next one. Gives the number of
    /// frames dropped.
    pub(crate) fn on_disconnected(&mut self) -> usize {
        self.n_sent = 0;
        self.reliable.iter_mut().for_each(|pending| pending.ping = None);
        let n_dropped = self.ephemeral.len();
        self.ephemeral.clear();
        n_dropped
    }

    /// Drops answers that have expired, and gives their keys.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<String> {
        let mut expired = Vec::new();
        let mut n_sent = self.n_sent;
        let mut place = 0;
        self.reliable.retain_mut(|pending| {
            let is_sent = place < self.n_sent;
            place += 1;
            if pending.answer.expires_at > now {
                return true;
            }
            expired.push(std::mem::take(&mut pending.answer.key));
            n_sent -= usize::from(is_sent);
            false
        });
        self.n_sent = n_sent;
        expired
    }

    /// When the next answer expires.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.reliable.iter().map(|pending| pending.answer.expires_at).min()
    }

    /// How many answers are not delivered yet.
    pub(crate) fn n_undelivered(&self) -> usize {
        self.reliable.len()
    }

    /// Ephemeral frames dropped so far because too many were waiting.
    pub(crate) fn n_dropped(&self) -> u64 {
        self.n_dropped
    }
}

#[cfg(test)]
mod tests {
    use super::{Outbox, OutgoingAnswer};
    use std::borrow::Cow;
    use std::time::{Duration, Instant};

    fn answer(key: &str) -> OutgoingAnswer {
        let expires_at = Instant::now() + Duration::from_secs(100);
        OutgoingAnswer { key: key.to_owned(), frame: format!("answer {key}"), expires_at }
    }

    fn outbox_of(keys: &[&str]) -> Outbox {
        let mut outbox = Outbox::default();
        for key in keys {
            outbox.send_reliable(answer(key));
        }
        outbox
    }

    fn sent(outbox: &mut Outbox) -> Vec<String> {
        std::iter::from_fn(|| outbox.next().map(Cow::into_owned)).collect()
    }

    #[test]
    fn an_answer_is_sent_once_per_connection_until_it_is_acknowledged() {
        let mut outbox = outbox_of(&["a", "b"]);
        assert_eq!(sent(&mut outbox), ["answer a", "answer b"]);
        assert!(outbox.wants_ping() && sent(&mut outbox).is_empty());
        outbox.on_disconnected();
        assert_eq!(sent(&mut outbox), ["answer a", "answer b"]);
        outbox.mark_pinged(7);
        assert!(!outbox.wants_ping());
        assert_eq!(outbox.acknowledge(6), Vec::<String>::new());
        assert_eq!(outbox.acknowledge(7), ["a", "b"]);
        outbox.on_disconnected();
        assert!(sent(&mut outbox).is_empty());
    }

    #[test]
    fn a_pong_acknowledges_only_what_was_sent_before_its_ping() {
        let mut outbox = outbox_of(&["a"]);
        sent(&mut outbox);
        outbox.mark_pinged(1);
        outbox.send_reliable(answer("b"));
        assert_eq!(outbox.acknowledge(1), ["a"]);
        assert_eq!(sent(&mut outbox), ["answer b"]);
        outbox.mark_pinged(2);
        assert_eq!(outbox.acknowledge(2), ["b"]);
    }

    #[test]
    fn an_expired_answer_is_never_sent() {
        let mut outbox = outbox_of(&["a", "b"]);
        outbox.next();
        let later = Instant::now() + Duration::from_secs(101);
        assert_eq!(outbox.expire(later), ["a", "b"]);
        assert!(sent(&mut outbox).is_empty() && !outbox.wants_ping());
        assert_eq!(outbox.acknowledge(9), Vec::<String>::new());
    }

    #[test]
    fn ephemeral_frames_do_not_outlive_their_connection() {
        let mut outbox = outbox_of(&["a"]);
        outbox.send_ephemeral("greeting".into());
        assert_eq!(outbox.on_disconnected(), 1);
        assert_eq!(sent(&mut outbox), ["answer a"]);
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut outbox = Outbox::default();
        (0..5000).for_each(|n| outbox.send_ephemeral(n.to_string()));
        assert_eq!(outbox.ephemeral.len() as u64 + outbox.n_dropped(), 5000);
        assert!(outbox.ephemeral.len() <= super::MAX_EPHEMERAL);
    }
}
