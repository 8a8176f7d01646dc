//! What the three programs do.

pub mod setup;
pub mod status;
pub mod uninstall;
