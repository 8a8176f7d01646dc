//! The state file: what `missions` stores of every mission on this machine, in the file that `telnyx_api.py` writes too.
//!
//! The file is one JSON object of missions by slug. Keys that are not known here are kept, and so is the order. It is
//! changed under a lock and replaced as a whole ([`StateFile`]); a broken file is named and never overwritten.

pub(crate) mod append_memory;
mod cache;
mod errors;
pub(crate) mod event;
mod file;
mod legacy_notice;
mod members;
mod mission;
mod missions;
mod nesting;
pub(crate) mod outreach;
pub(crate) mod progress;
mod salvage;
mod save_memory;
mod splice;

pub(crate) use append_memory::{Appended, append_memory};
pub(crate) use event::ScheduledEvent;
pub(crate) use file::{StateFile, read_import};
pub(crate) use mission::{Mission, MissionMut, MissionStatus};
pub(crate) use missions::{Missions, parse};
pub(crate) use salvage::{Salvaged, salvage};
pub(crate) use save_memory::save_memory;
