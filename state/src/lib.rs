//! What the eight tools share. A thing lives here when a second tool needs it; what only one needs lives in that tool.
//!
//! # Layers
//!
//! Each folder uses only those above it in this list; a test (`layers.rs`) holds it so. The modules are used by their short
//! names: `state::phone`, not `state::text::phone`.
//!
//! | layer | modules |
//! |---|---|
//! | `exit` | [`exit`]: exit codes, and the error that carries one |
//! | `text` | [`invisible`], [`json`], [`line_breaks`], [`numbering`], [`parse_time`], [`phone`], [`sanitize`], [`secret`], [`shell`], [`sms_keyword`], [`sms_segments`], [`url`]: values and texts |
//! | `process` | [`args`], [`clock`], [`env`](mod@env), [`interrupt`], [`invocation`], [`out`], [`sleep_watch`], [`terminal`], [`time_zones`]: command line, time, signals, stdout and stderr |
//! | `storage` | [`file`](mod@file), [`lock`], [`paths`], [`intents`], [`do_not_call`], [`placed_calls`], [`script_client`], [`texted_numbers`], [`awaited_replies`], [`cron_daemon`], [`crontab`], [`systemd_unit`] |
//! | `gateway_config` | [`gateway_config`]: the gateway's own configuration |
//! | `config` | [`config`], [`settings`], [`approval_policy`], [`gate_policy`]: `skill-config.json` and the environment |
//! | `http` | [`http`]: one client for all requests |
//! | `api`, `gateway` | [`api`]: the service; [`gateway`]: the agent's gateway. Neither uses the other |
//! | `service` | [`approval_status`], [`call_outcome`], [`carrier_opt_out`], [`opt_out_history`], [`withdrawal`], [`owner`]: what the service's responses mean |
//! | `failure` | [`failure`]: what a program does with the error that ends it |
//!
//! # Glossary
//!
//! - **action**: what an approval is about, in words for the owner: "delete the repo".
//! - **agent**: the AI behind the gateway. At Telnyx an *assistant* is what speaks on a mission's calls.
//! - **approval**: the owner's decision on their phone about one sensitive request ([`approval_status`]).
//! - **attempt**: sending one request once. Several attempts of a POST have the same body and idempotency key
//!   ([`api`]). Not a *retry*.
//! - **call**, **text**: one phone call, one SMS.
//! - **do-not-call list**: the numbers that must not be called, or not be texted ([`do_not_call`]).
//! - **event**: what the service sends on the WebSocket. A *scheduled event* is a call or text of a mission that the service
//!   places at a time.
//! - **exit code**: one of nine, with the same meaning in every tool ([`exit::Exit`]).
//! - **gate**: what a request has to pass before it reaches the agent: who speaks, whether it is sensitive, the approval.
//! - **gateway**: OpenClaw (or Clawdbot) on this machine, which runs the agent ([`gateway`]).
//! - **hint**: the line of an error that says which command to run next.
//! - **intent**: the record of a request that cannot be taken back, stored before it is sent ([`intents`]).
//! - **journal**: the file in which `connect` records each request from acceptance to delivery, so that a restart loses
//!   none.
//! - **mission**: several calls and texts with one goal, kept by `missions`. At Telnyx it has *runs*, of which one is used.
//! - **opt-out**: somebody's wish not to be texted or called any more, by a keyword such as STOP ([`sms_keyword`]) or known
//!   to the carrier ([`carrier_opt_out`]).
//! - **outcome**: how a call, a turn or a scheduled event ended ([`call_outcome`], [`gateway::TurnOutcome`]).
//! - **outreach**: a mission that reaches everybody on a list with one question, by calls or texts, batch by batch.
//! - **owner**: whose account, phone and agent it is. Everybody else is a **stranger**, and so is whoever is not known.
//! - **plan**: the **steps** of a mission in their order.
//! - **reply**: what the agent says at the end of a turn. A server's answer to an HTTP request is a *response*.
//! - **request**: what somebody asks of the agent by voice, text or push-to-talk. An *HTTP request* is named so where both
//!   could be meant.
//! - **retry**: calling or texting somebody again who was not reached; a new call with an intent of its own. Not an
//!   *attempt*.
//! - **run**: one turn as the gateway names it (`runId`); also a mission's run at Telnyx.
//! - **segment**: one of the parts in which a long text is sent and billed ([`sms_segments`]).
//! - **service**: ClawdTalk, at clawdtalk.com ([`api`]). **Carrier**: Telnyx, behind it.
//! - **skill folder**: where configuration and state are ([`paths`]).
//! - **slug**: the name of a mission on the command line, made from its title.
//! - **step**: one part of a mission's plan.
//! - **target**: the person and number that a scheduled event is to reach, over all its retries.
//! - **tick**: one round of `missions` that looks at every mission and does what is due.
//! - **turn**: one message to the agent and what it does and replies ([`gateway::TurnKind`]).
//! - **unconfirmed**: sent, and it is not known whether it was carried out (exit 8). Never sent again by itself.
//! - **walkie**: a request by push-to-talk.

pub mod api;
pub mod config;
pub mod exit;
pub mod failure;
pub mod gateway;
pub mod gateway_config;
pub mod http;
mod process;
mod service;
mod storage;
mod text;

pub use config::{approval_policy, gate_policy, settings};
pub use process::{
    args, clock, env, interrupt, invocation, out, sleep_watch, terminal, time_zones,
};
pub use service::{
    approval_status, call_outcome, carrier_opt_out, opt_out_history, owner, pages, withdrawal,
};
pub use storage::{
    awaited_replies, cron_daemon, crontab, do_not_call, file, intents, lock, paths, placed_calls,
    script_client, systemd_unit, texted_numbers,
};
pub use text::{
    invisible, json, line_breaks, numbering, parse_time, phone, sanitize, secret, shell,
    sms_keyword, sms_segments, url,
};

#[cfg(test)]
mod layers;
