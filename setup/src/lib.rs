//! What `setup`, `uninstall` and `status` share.

pub mod json5;
