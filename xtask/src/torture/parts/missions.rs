//! `missions` from init to the end that somebody gives it.

use super::commands::CONDITIONS;
use crate::torture::part::{Body, Commands, Part};
use crate::torture::rounds::{missions, writers};

pub(super) const PART: Part = Part {
    name: "missions",
    about: "Missions from init to their end, and many writers at once",
    body: Body::Commands(Commands {
        rounds: &[(1, missions::by_hand)],
        first: &[writers::crowd],
        conditions: CONDITIONS,
        batch: 10,
        ..Commands::USUAL
    }),
};
