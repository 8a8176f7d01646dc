//! `missions tick` from the first tick to the end, two at a time.

use super::commands::HARMS;
use crate::torture::harm::{Conditions, ServiceAnswer};
use crate::torture::part::{Body, Commands, Part};
use crate::torture::rounds::ticks;

pub(super) const PART: Part = Part {
    name: "ticks",
    about: "`missions tick` from the first tick to the end, two at a time",
    body: Body::Commands(Commands {
        rounds: &[(1, ticks::mission)],
        conditions: Conditions {
            harms: HARMS,
            answers: &[
                (5, ServiceAnswer::Own),
                (3, ServiceAnswer::Lost),
                (2, ServiceAnswer::Foreign),
            ],
            periods: 50,
        },
        batch: 10,
        ..Commands::USUAL
    }),
};
