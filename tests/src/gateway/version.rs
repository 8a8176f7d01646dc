//! The gateways that the stub imitates.

/// Which gateway is imitated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayVersion {
    /// OpenClaw 2026.9.6: refuses a session that sends to itself; wants a caller of its own.
    V2026_9_6,
    /// OpenClaw 2026.7.35: forbids a caller of its own; the plain form works. No `/startupz`.
    V2026_7_35,
    /// clawdbot 2026.1.24-3: takes every form, has no health routes and no list of allowed tools.
    Clawdbot2026_1,
}
