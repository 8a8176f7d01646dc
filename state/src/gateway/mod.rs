//! The agent's gateway (OpenClaw, earlier named Clawdbot): has turns with the agent, reads how they ended, finds late
//! replies, and looks at a gateway without starting a turn. Nothing that may have started a turn is ever sent twice.
//!
//! # Versions
//!
//! Seen in captures of three real versions (`captures.json`, `runs.json`). No single request works with all of them:
//!
//! | | Clawdbot 2026.1.24-3 | OpenClaw 2026.7.35 | OpenClaw 2026.9.6 |
//! |---|---|---|---|
//! | `sessions_send` without a caller's session | a turn | a turn | refused: "cannot target the calling session" |
//! | with one of the kind `direct` ([`CallVariant::WithCaller`]) | a turn, and five more | refused: `forbidden` | a turn |
//! | without one, `timeoutSeconds` 0 | accepted | accepted | accepted |
//! | `gateway.tools.allow` has to name `sessions_send` | no such key; with it the gateway does not start | yes | yes |
//! | the turn outlasts `timeoutSeconds` | `timeout` | `accepted` | `accepted` |
//! | `GET /startupz` | 404 | 404 | `{"ok": true, "version": …}` |
//! | the messages of `sessions_history` name their run | no | no | yes |
//!
//! The self-target refusal came with 2026.8.1, `gateway.tools` with 2026.2.13. Both refusals come before any turn starts, so
//! trying the other variant after one of them is safe.
//!
//! # What holds for all of them
//!
//! - `POST /tools/invoke` answers HTTP 200 and `ok: true` for most ends of a turn; `result.details.status` tells which:
//!   `ok` with a `reply`, `no_reply`, `accepted`, `timeout`, `queued`, `error`, `forbidden`. The reply is cut at 4,096
//!   characters. Without `details` the same object stands as JSON in `result.content[0].text`.
//! - A failed model gives `status: "error"` (with `sentBeforeError`), on Clawdbot `status: "ok"` without a `reply`.
//! - `POST /v1/chat/completions` (off by default: 404) has the message as the owner's own, without the wrapping that
//!   `sessions_send` gives it. It has no time limit, and hanging up ends the turn; hanging up on `sessions_send` does not.
//! - 401 is the token, 404 a tool that is not allowed, 429 and 503 (with `Retry-After`) come before any turn. A gateway that
//!   shuts down drains for up to 315 s and answers 503 meanwhile.
//! - Turns of one session are queued, one after the other; the wait counts towards `timeoutSeconds`. There is no
//!   idempotency: the same request twice is two turns.
//! - The tool refuses a call without a message after it has checked token and permission: that is how [`Probe`] looks
//!   without starting a turn.
//! - Bodies over 2 MiB are refused, and much less makes the agent compact its memory: messages are cut at 16,000
//!   characters.

mod answer;
mod call_variant;
mod client;
mod device;
mod endpoint;
mod finished_run;
mod history;
mod history_row;
mod keyed_run;
mod message_content;
mod probe;
mod reply_text;
mod session_key;
mod tool_call;
mod transport;
mod turn_kind;
mod turn_outcome;

pub use answer::{TurnInterface, parse_answer};
pub use call_variant::CallVariant;
pub use client::GatewayClient;
pub use device::Device;
pub use endpoint::{GatewayEndpoint, Interface, TokenSource};
pub use finished_run::FinishedRun;
pub use keyed_run::KeyedRun;
pub use message_content::text_of;
pub use probe::{Probe, SessionsSendAccess};
pub use reply_text::outcome as reply_outcome;
pub use session_key::SessionKey;
pub use turn_kind::{TurnKind, cut_to_limit};
pub use turn_outcome::TurnOutcome;

#[cfg(test)]
mod client_tests;
