//! How a test tells a service what to do: scripted answers, faults, events on the socket, rows that exist already.

use super::{Fault, Owner, Service, Table, calls, event, messages};
use crate::log::Seen;
use crate::rules::always;
use serde_json::Value;
use std::sync::Arc;

/// Answers and faults of HTTP.
impl Service {
    /// Answers every request of this method (`*` = any) and pattern (`/v1/calls/:id`, `/v1/*`) so, from now on; the newest rule wins.
    pub fn on(&self, method: &str, pattern: &str, status: u16, body: Value) -> &Self {
        self.shared.rules().script((method, pattern), None, always(status, body));
        self
    }

    /// The same for the next request only.
    pub fn once(&self, method: &str, pattern: &str, status: u16, body: Value) -> &Self {
        self.shared.rules().script((method, pattern), Some(1), always(status, body));
        self
    }

    /// Answers as the closure says (status and JSON) from now on; it may wait for something.
    pub fn on_with(
        &self,
        method: &str,
        pattern: &str,
        answer: impl Fn(&Seen) -> (u16, Value) + Send + Sync + 'static,
    ) -> &Self {
        self.shared.rules().script((method, pattern), None, Arc::new(answer));
        self
    }

    /// Lets the next `times` requests of this method and pattern go wrong.
    pub fn fail(&self, method: &str, pattern: &str, fault: Fault, times: usize) -> &Self {
        self.shared.rules().fail((method, pattern), fault, Some(times));
        self
    }

    /// Lets all requests of this method and pattern go wrong until [`Service::heal`].
    pub fn fail_always(&self, method: &str, pattern: &str, fault: Fault) -> &Self {
        self.shared.rules().fail((method, pattern), fault, None);
        self
    }

    /// Loses the answer of `percent` of these requests, after they were carried out; the seed decides which.
    pub fn lose_answers(&self, method: &str, pattern: &str, percent: u8, seed: u64) -> &Self {
        self.shared.rules().lose(method, pattern, percent, seed);
        self
    }

    /// Ends all faults; scripted answers stay.
    pub fn heal(&self) -> &Self {
        self.shared.rules().heal();
        self
    }
}

/// The socket.
impl Service {
    /// Sends a JSON frame to the live connection; false when there is none (then it is lost, as with the real service).
    /// A call that it tells of exists from then on.
    pub fn send(&self, frame: &Value) -> bool {
        calls::told_of(&mut self.shared.world(), frame);
        self.send_raw(&frame.to_string())
    }

    /// Sends any text as a frame.
    pub fn send_raw(&self, text: &str) -> bool {
        self.shared.socket.send(text)
    }

    /// Sends `times` frames in one go.
    pub fn flood(&self, times: usize, frame: impl Fn(usize) -> Value) -> bool {
        (0..times).all(|n| self.send(&frame(n)))
    }

    /// Closes the live connection with a code (4000 = replaced by another client).
    pub fn close(&self, code: u16) -> bool {
        self.shared.socket.close(code)
    }

    /// The same with these words, of which a close frame holds 123 bytes.
    pub fn close_saying(&self, code: u16, reason: &str) -> bool {
        self.shared.socket.close_saying(code, reason)
    }

    /// Cuts the live connection without a close frame, as every end in the logs was (1006).
    pub fn drop_socket(&self) -> bool {
        self.shared.socket.cut()
    }

    /// Cuts every connection, HTTP ones too; new ones are taken.
    pub fn drop_everything(&self) {
        self.shared.stop.cut_all();
    }

    /// Refuses upgrades with a status from now on.
    pub fn refuse_upgrades(&self, status: u16, retry_after: Option<u64>) -> &Self {
        self.shared.socket.faults().refuse = Some((status, retry_after));
        self
    }

    /// Takes upgrades again.
    pub fn accept_upgrades(&self) -> &Self {
        self.shared.socket.faults().refuse = None;
        self
    }

    /// Whether `auth` frames stay unanswered from now on.
    pub fn mute_auth(&self, mute: bool) -> &Self {
        self.shared.socket.faults().mute = mute;
        self
    }

    /// Answers `auth` with an `auth_error` from now on, whatever the key; `None` ends it.
    pub fn auth_error(&self, message: Option<&str>) -> &Self {
        self.shared.socket.faults().auth_error = message.map(str::to_owned);
        self
    }

    /// Whether connections opened from now on leave pings unanswered.
    pub fn ignore_pings(&self, ignore: bool) -> &Self {
        self.shared.socket.faults().no_pong = ignore;
        self
    }
}

/// The account and its rows.
impl Service {
    /// How the owner answers approval requests from now on.
    pub fn owner(&self, owner: Owner) -> &Self {
        self.shared.world().settings.owner = owner;
        self
    }

    /// Answers an approval as the owner's phone would (`approved`, `denied`, or any word), and tells it on the socket;
    /// an id that does not exist is told all the same.
    pub fn decide(&self, request_id: &str, decision: &str) {
        self.decide_silently(request_id, decision);
        self.send(&event::approval_responded(request_id, decision));
    }

    /// The same without the event, so that only polling finds it.
    pub fn decide_silently(&self, request_id: &str, decision: &str) {
        super::approvals::decide(&mut self.shared.caught_up(), request_id, decision, true);
    }

    /// Replaces the accepted key: from now on the old one is refused.
    pub fn change_key(&self, key: &str) {
        key.clone_into(&mut self.shared.world().settings.key);
    }

    /// Lays these fields over what `/v1/me` answers.
    pub fn profile(&self, fields: &Value) -> &Self {
        super::store::merge(&mut self.shared.world().profile, fields);
        self
    }

    /// A text comes in: it is listed, and told on the socket. Returns its id.
    pub fn text_in(&self, from: &str, body: &str) -> String {
        let id = messages::receive(&mut self.shared.caught_up(), from, body);
        self.send(&event::sms_received(from, body, &id));
        id
    }

    /// Adds a row that lists show at once; `parent` as [`Table`] says, or empty.
    pub fn seed(&self, table: Table, id: &str, parent: &str, body: Value) -> &Self {
        self.shared.world().seed(table, id, parent, body);
        self
    }
}
