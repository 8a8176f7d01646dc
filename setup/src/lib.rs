//! What `setup`, `uninstall` and `status` share.

pub mod edits;
pub mod gateway_file;
pub mod json5;
pub mod ledger;
pub mod service;
pub mod terminal;
