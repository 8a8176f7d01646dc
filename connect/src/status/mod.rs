//! The status file: what the running client says of itself to `connect status`, the watchdog and `start`.
//!
//! Its times are the machine's own, not the service clock's, since they tell of this process and not of what it works on:
//! a service clock that is moved makes no client hang.

use std::path::Path;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use state::clock::{Moment, Uptime};
use state::paths::PONG_FRESH_FOR;
use state::{file, secret};

pub(crate) mod gateway_health;
pub(crate) mod writer;

/// Where the client stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClientState {
    /// Dialling or waiting for the key to be accepted.
    #[default]
    Connecting,
    /// The key was accepted and pings are answered.
    Connected,
    /// Between two attempts to connect.
    Waiting,
    /// The service refused the key; it ended for that.
    Refused,
    /// Another client took over; it ended for that.
    Replaced,
    /// It was stopped.
    Stopped,
}

/// The last connection that ended or did not come about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastClose {
    /// When it ended.
    pub(crate) at: Timestamp,
    /// The close code, where the service sent one.
    pub(crate) code: Option<u16>,
    /// One plain line.
    pub(crate) reason: String,
}

/// What is known of the gateway from the turns so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GatewayStatus {
    /// Its address.
    pub(crate) url: String,
    /// Whether it answered last time; `null` before the first time.
    pub(crate) reachable: Option<bool>,
    /// Whether it lets us send; `null` before the first turn.
    pub(crate) sessions_send: Option<bool>,
    /// What is in the way, in one plain line.
    pub(crate) problem: Option<String>,
    /// What holds the owner's turns, where a gate is wanted: `gate`, or only the guard of `words`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rung: Option<String>,
    /// Why it is not the gate, and the command that helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rung_problem: Option<String>,
}

/// How long the last turns took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// How many turns are counted.
    pub(crate) turns: usize,
    /// The median, in milliseconds.
    pub(crate) p50_ms: f64,
    /// The 99th percentile, in milliseconds.
    pub(crate) p99_ms: f64,
}

/// How much a client has in hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientCounts {
    /// Turns that run now.
    pub(crate) in_flight: usize,
    /// Requests that wait for a worker.
    pub(crate) queued: usize,
    /// Answers that are not delivered yet.
    pub(crate) undelivered: usize,
    /// Answers that expired undelivered.
    pub(crate) expired: u64,
    /// Ephemeral frames that were dropped because too many waited.
    pub(crate) dropped: u64,
    /// Requests that came again and were not run again.
    pub(crate) repeated: u64,
}

/// Requests that wait until the gateway is back: nobody holds the line for their answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WaitingForGateway {
    /// Texts.
    pub(crate) texts: usize,
    /// Notices to the agent, such as how a call ended.
    pub(crate) notices: usize,
}

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ClientStatus {
    /// The format of this file.
    pub(crate) format: u32,
    /// Where the client stands.
    pub(crate) state: ClientState,
    /// Since when it stands there.
    pub(crate) since: Timestamp,
    /// Why, where that is not plain.
    pub(crate) reason: Option<String>,
    /// Whether `connect stop` stopped it: then nothing starts it again.
    pub(crate) by_command: bool,
    /// The process that writes this.
    pub(crate) pid: u32,
    /// Its version.
    pub(crate) version: String,
    /// The service's address.
    pub(crate) server: String,
    /// When this was written.
    pub(crate) heartbeat: Timestamp,
    /// The same by the machine's uptime, if that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) up: Option<Uptime>,
    /// When a ping, or the key, was last answered.
    pub(crate) last_pong: Option<Timestamp>,
    /// Connections after the first.
    pub(crate) reconnects: u64,
    /// The last connection that ended.
    pub(crate) last_close: Option<LastClose>,
    /// How much it has in hand.
    pub(crate) counts: ClientCounts,
    /// What waits for the gateway; `gateway` has the reason.
    #[serde(default)]
    pub(crate) waiting_for_gateway: WaitingForGateway,
    /// Whether the journal can be written: if not, nothing sensitive is done.
    pub(crate) journal_writable: bool,
    /// Why opt-outs that came by text cannot be put on the do-not-call list, if that is so.
    #[serde(default)]
    pub(crate) opt_outs_unwritten: Option<String>,
    /// What is wrong with the client's own files, if that is so.
    #[serde(default)]
    pub(crate) file_problem: Option<String>,
    /// When and how somebody took a file of the client's away last; it was written anew.
    #[serde(default)]
    pub(crate) file_taken: Option<String>,
    /// The gateway.
    pub(crate) gateway: GatewayStatus,
    /// From request to answer.
    pub(crate) turn_latency: Latency,
}

impl ClientStatus {
    /// Reads the file; `None` if no client ever ran here.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        file::read(path)?
            .map(|bytes| {
                serde_json::from_slice(&bytes)
                    .with_context(|| format!("reading `{}`", path.display()))
            })
            .transpose()
    }

    /// Writes the file.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        // It holds what others said: close reasons, refusals, problems of the gateway.
        let document = serde_json::to_value(self)?;
        file::replace_or_overwrite_unsynced(
            path,
            &serde_json::to_vec(&*secret::redact_json(&document))?,
        )
    }

    /// How long ago it was written, by the uptime: the wall clock may have been set since.
    pub(crate) fn age(&self, now: Moment) -> SignedDuration {
        now.since(Moment { at: self.heartbeat, uptime: self.up })
    }

    /// Seconds since a ping was last answered.
    pub(crate) fn pong_age(&self, now: Timestamp) -> Option<i64> {
        self.last_pong.map(|at| now.duration_since(at).as_secs())
    }

    /// Whether a ping was answered recently enough to call it connected.
    pub(crate) fn is_pong_fresh(&self, now: Timestamp) -> bool {
        // A time in the future is a clock that was set back: it proves nothing.
        self.last_pong.is_some_and(|at| {
            let age = now.duration_since(at);
            age <= PONG_FRESH_FOR && age >= -PONG_FRESH_FOR
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientStatus, PONG_FRESH_FOR};
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn a_pong_is_fresh_for_45_seconds() {
        let now = Timestamp::now();
        let at = |age: SignedDuration| ClientStatus {
            last_pong: Some(now - age),
            ..ClientStatus::default()
        };
        assert!(at(PONG_FRESH_FOR).is_pong_fresh(now));
        assert!(!at(PONG_FRESH_FOR + SignedDuration::from_secs(1)).is_pong_fresh(now));
        assert!(!at(SignedDuration::from_hours(-1)).is_pong_fresh(now));
        assert!(!ClientStatus::default().is_pong_fresh(now));
    }
}
