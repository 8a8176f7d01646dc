//! What `setup`, `uninstall` and `status` share.

pub mod args;
pub mod changes;
pub mod checks;
pub mod commands;
pub mod edits;
pub mod gateway_file;
pub mod json5;
pub mod ledger;
pub mod plan;
pub mod remains;
pub mod service;
pub mod surroundings;
pub mod terminal;
pub mod undo;
pub mod wishes;
