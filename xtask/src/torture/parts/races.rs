//! `missions cancel` against the clock, ticks and other programs.

use crate::torture::harm::Conditions;
use crate::torture::part::{Body, Commands, Part};
use crate::torture::rounds::races;

pub(super) const PART: Part = Part {
    name: "races",
    about: "`missions cancel` against the clock, ticks and other programs (three races for each kill that is wanted)",
    body: Body::Commands(Commands {
        rounds: &[(1, races::race)],
        // A race waits about as long as it works.
        lanes: 2,
        // A race has its own kills.
        conditions: Conditions { harms: &[], answers: &[], periods: 50 },
        until: ("races", 3),
        ..Commands::USUAL
    }),
};
