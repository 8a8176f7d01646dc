//! How a test looks at a service and waits for it: requests, frames, connections, rows.

use super::{Service, Table};
use crate::log::{Connection, Log, Seen};
use serde_json::Value;
use std::time::Duration;

impl Service {
    /// The HTTP requests so far, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.record.log().requests.clone()
    }

    /// The requests so far of one method and pattern (`/v1/calls/:id`, `/v1/*`).
    pub fn seen_at(&self, method: &str, pattern: &str) -> Vec<Seen> {
        self.log().to(method, pattern).into_iter().cloned().collect()
    }

    /// The JSON frames that clients sent on the socket, in order.
    pub fn frames(&self) -> Vec<Value> {
        self.shared.record.log().frames.iter().map(|frame| frame.json.clone()).collect()
    }

    /// Every connection to `/ws` so far, refused ones too.
    pub fn connections(&self) -> Vec<Connection> {
        self.shared.record.log().connections.clone()
    }

    /// A copy of the whole record.
    pub fn log(&self) -> Log {
        self.shared.record.log().clone()
    }

    /// Waits until `pick` finds something in the record.
    ///
    /// # Panics
    /// When nothing was found within `limit`, with the record in the message.
    #[track_caller]
    pub fn wait_for<T>(&self, limit: Duration, pick: impl FnMut(&Log) -> Option<T>) -> T {
        self.try_wait_for(limit, pick).unwrap_or_else(|| {
            panic!(
                "nothing of the kind within {limit:?}; the service has seen:\n{}",
                self.log().told()
            )
        })
    }

    /// Like [`Service::wait_for`], but `None` when the time is over: for what must not come.
    pub fn try_wait_for<T>(
        &self,
        limit: Duration,
        pick: impl FnMut(&Log) -> Option<T>,
    ) -> Option<T> {
        self.shared.record.wait(limit, pick)
    }

    /// Waits for the first frame with this `type` that passes the test.
    #[track_caller]
    pub fn wait_frame(&self, limit: Duration, kind: &str, test: impl Fn(&Value) -> bool) -> Value {
        self.wait_for(limit, |log| log.frames_of(kind).into_iter().find(|json| test(json)).cloned())
    }

    /// Waits for the `n`th request (from 1) of a method and pattern.
    #[track_caller]
    pub fn wait_request(&self, limit: Duration, method: &str, pattern: &str, n: usize) -> Seen {
        self.wait_for(limit, |log| log.to(method, pattern).get(n - 1).map(|seen| (*seen).clone()))
    }

    /// Waits until a client is connected and authenticated.
    #[track_caller]
    pub fn wait_connected(&self, limit: Duration) {
        self.wait_for(limit, |log| {
            log.connections.iter().any(|c| c.authenticated && c.closed.is_none()).then_some(())
        });
    }

    /// Waits until `n` connections have been authenticated since the start, so that a return can be told from a stay.
    #[track_caller]
    pub fn wait_authenticated(&self, limit: Duration, n: usize) {
        self.wait_for(limit, |log| (log.authenticated() >= n).then_some(()));
    }

    /// The rows of a table as they are now, oldest first, without the lag of lists: what really happened.
    pub fn rows(&self, table: Table) -> Vec<Value> {
        let world = self.shared.caught_up();
        world.all(table).map(|row| row.body.clone()).collect()
    }

    /// The numbers that were really dialled, by `POST /v1/calls` or by a scheduled call, in order.
    pub fn dialled(&self) -> Vec<String> {
        self.reached("dialled")
    }

    /// The texts that really left, as (number, text), by `POST /v1/messages/send` or scheduled.
    pub fn texted(&self) -> Vec<(String, String)> {
        let sent = self.reached("texted");
        sent.iter()
            .filter_map(|both| both.split_once('\n'))
            .map(|(to, text)| (to.into(), text.into()))
            .collect()
    }

    fn reached(&self, how: &str) -> Vec<String> {
        let world = self.shared.caught_up();
        let reached = world.reached.iter().filter(|(kind, _)| *kind == how);
        reached.map(|(_, what)| what.clone()).collect()
    }
}
