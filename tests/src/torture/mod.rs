//! Kills at random moments, lost answers and crowds of writers, for the tests (shortly) and for `cargo xtask torture`.

mod missions;
mod operator;

pub use missions::{Missions, missions};
