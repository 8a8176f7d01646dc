//! What a simulated service is started with, and how its owner decides approvals.

use std::time::Duration;

/// The key that a fresh service accepts.
pub const KEY: &str = "cc_live_0123456789abcdef";
/// The owner's own phone.
pub const OWNER: &str = "+15550001111";
/// The account's dedicated number, the first of `/v1/numbers/account-phones`.
pub const NUMBER: &str = "+15559990000";

/// How the owner decides approval requests; times are on the simulated clock, from the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimulatedOwner {
    /// Does not decide; a test may still [`decide`](crate::SimulatedService::decide). The default.
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
pub enum InsightsShape {
    /// `{data:[{status, conversation_insights:[{result}]}]}`.
    List,
    /// `{data:{conversation_id, summary, …}}`.
    Object,
}

/// What may differ between two services; [`Default`] is what most tests want.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// The API key that is accepted.
    pub key: String,
    /// 0 = any free port.
    pub port: u16,
    /// The seed of ids and of random faults.
    pub seed: u64,
    /// How long a new row stays missing from lists (real time).
    pub lag: Duration,
    /// Whether calls and scheduled events are announced on the socket.
    pub announce: bool,
    /// Scheduled events as `{event: …}` instead of bare.
    pub wrap_events: bool,
    /// Whether `Idempotency-Key` is honoured; it is not known whether the real service does.
    pub idempotent: bool,
    /// How insights are wrapped.
    pub insights: InsightsShape,
    /// How the owner decides approvals.
    pub owner: SimulatedOwner,
    /// Whether `auth_ok` says `has_devices`.
    pub has_devices: Option<bool>,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        Self {
            key: KEY.to_owned(),
            port: 0,
            seed: 1,
            lag: Duration::from_millis(20),
            announce: true,
            wrap_events: false,
            idempotent: false,
            insights: InsightsShape::List,
            owner: SimulatedOwner::Silent,
            has_devices: None,
        }
    }
}
