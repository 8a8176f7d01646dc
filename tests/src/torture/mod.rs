//! Kills at random moments, lost responses and many writers at once, for the tests (shortly) and for `cargo xtask torture`.

mod missions;
mod operator;
mod races;
mod ticks;

pub use missions::{MissionsTorture, missions};
pub use races::{RacesTorture, races};
pub use ticks::{TicksTorture, ticks};
