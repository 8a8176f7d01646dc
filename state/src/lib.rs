//! What the eight tools share: configuration, files, the service, the gateway, output and exit codes.
//!
//! A thing lives here when a second tool needs it; what belongs to one tool lives in that tool.

pub mod api;
pub mod args;
pub mod carrier;
pub mod clock;
pub mod config;
pub mod crontab;
pub mod do_not_call;
pub mod env;
pub mod exit;
pub mod file;
pub mod gateway;
pub mod gateway_config;
pub mod guard;
pub mod http;
pub mod intents;
pub mod interrupt;
pub mod json;
pub mod lock;
pub mod moment;
pub mod opt_out;
pub mod out;
pub mod outcome;
pub mod own_calls;
pub mod owner;
pub mod parts;
pub mod paths;
pub mod phone;
pub mod secret;
pub mod settings;
pub mod times;
pub mod unit;
pub mod verdict;
pub mod words;

#[cfg(test)]
mod wire;
