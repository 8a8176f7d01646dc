//! A disk that can be made to fail, and a command that is run while it does.

mod disk;
mod trial;

pub(super) use disk::{Disk, DiskFault, Noticed, SIZE, mentions_the_disk};
pub(super) use trial::TriedCommand;
