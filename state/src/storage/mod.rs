//! What is stored on this machine: files and their locks, the records of a skill folder, the crontab, the systemd unit.

pub mod awaited_replies;
pub mod cron_daemon;
pub mod crontab;
pub mod do_not_call;
pub mod file;
pub mod intents;
pub mod lock;
pub mod paths;
pub mod placed_calls;
pub mod script_client;
pub mod systemd_unit;
pub mod texted_numbers;
