//! Kills at random moments, lost answers and crowds of writers, for the tests (shortly) and for `cargo xtask torture`.

mod missions;
mod operator;
mod races;
mod ticks;

pub use missions::{Missions, missions};
pub use races::{Races, races};
pub use ticks::{Ticks, ticks};
