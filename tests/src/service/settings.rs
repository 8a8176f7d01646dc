//! What a simulated service is started with, and what the owner's phone does when it is asked.

use std::time::Duration;

/// The key that a fresh service accepts.
pub const KEY: &str = "cc_live_0123456789abcdef";
/// The owner's own phone.
pub const OWNER: &str = "+15550001111";
/// The account's dedicated number, the first of `/v1/numbers/account-phones`.
pub const NUMBER: &str = "+15559990000";

/// How the owner answers approval requests; times are on the simulated clock, from the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nobody looks at the phone; a test may still [`decide`](crate::Service::decide). The default.
    Silent,
    /// Approves after this time.
    Approves(Duration),
    /// Approves, but the biometric check that was asked for did not happen.
    ApprovesUnchecked(Duration),
    /// Denies after this time.
    Denies(Duration),
    /// No device is registered.
    NoDevices,
    /// Two devices are registered and the push reaches none.
    NotDelivered,
}

/// How insights of a conversation are wrapped; the sources disagree, so clients must read both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insights {
    /// `{data:[{status, conversation_insights:[{result}]}]}`.
    List,
    /// `{data:{conversation_id, summary, …}}`.
    Object,
}

/// What may differ between two services; [`Default`] is what most tests want.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The API key that is accepted.
    pub key: String,
    /// 0 = any free port.
    pub port: u16,
    /// The seed of ids and of random faults.
    pub seed: u64,
    /// How long a new row stays missing from lists (real time).
    pub lag: Duration,
    /// Whether calls and scheduled events are told on the socket as they go.
    pub announce: bool,
    /// Scheduled events as `{event: …}` instead of bare.
    pub wrap_events: bool,
    /// Whether `Idempotency-Key` is honoured; nobody knows whether the real one does.
    pub idempotent: bool,
    /// How insights are wrapped.
    pub insights: Insights,
    /// How the owner answers approvals.
    pub owner: Owner,
    /// Whether `auth_ok` says `has_devices`.
    pub has_devices: Option<bool>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            key: KEY.to_owned(),
            port: 0,
            seed: 1,
            lag: Duration::from_millis(20),
            announce: true,
            wrap_events: false,
            idempotent: false,
            insights: Insights::List,
            owner: Owner::Silent,
            has_devices: None,
        }
    }
}
