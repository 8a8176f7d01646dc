//! The parts of the torture, in the order in which they run. One more is one more file of data, named here.

mod commands;
mod connect;
mod disks;
mod line;
mod missions;
mod races;
mod ticks;

use super::part::Part;

pub(super) const ALL: [&Part; 8] = [
    &connect::KILLS,
    &connect::SOAK,
    &line::PART,
    &missions::PART,
    &commands::PART,
    &disks::PART,
    &races::PART,
    &ticks::PART,
];
