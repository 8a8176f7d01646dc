//! `missions tick` from the first tick to the end, two at a time.

use super::commands::HARMS;
use crate::torture::part::{Body, Commands, Part};
use crate::torture::rounds::ticks;
use crate::torture::stage::Answer;

pub(super) const PART: Part = Part {
    name: "ticks",
    about: "`missions tick` from the first tick to the end, two at a time",
    is_usual: true,
    until: ("kills", 1),
    body: Body::Commands(Commands {
        rounds: &[(1, ticks::mission)],
        harms: HARMS,
        answers: &[(5, Answer::Own), (3, Answer::Lost), (2, Answer::Foreign)],
        batch: 10,
        periods: 50,
        ..Commands::USUAL
    }),
};
