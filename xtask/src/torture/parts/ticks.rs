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
        first: &[],
        harms: HARMS,
        answers: &[(5, Answer::Own), (3, Answer::Lost), (2, Answer::Foreign)],
        batch: 10,
        lanes: 1,
        periods: 50,
        is_on_bad_disk: false,
    }),
};
