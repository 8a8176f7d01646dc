//! What a part of commands is made of: one thing after the other that somebody does with the programs, and what must hold
//! after it whatever was killed, lost or taken away meanwhile.

pub(super) mod approvals;
pub(super) mod lists;
pub(super) mod missions;
mod operator;
pub(super) mod races;
pub(super) mod reaching_line;
pub(super) mod setup;
pub(super) mod state_files;
pub(super) mod ticks;
pub(super) mod writers;
