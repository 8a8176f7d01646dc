//! The parts of the torture, in the order in which they run. One more is one more file of data, named here.

mod commands;
mod connect;
mod disks;
mod missions;
mod races;
mod ticks;

use super::part::Part;

pub(super) const ALL: [&Part; 7] = [
    &connect::KILLS,
    &connect::SOAK,
    &missions::PART,
    &commands::PART,
    &disks::PART,
    &races::PART,
    &ticks::PART,
];
