//! How long and how hard a part goes.

use std::path::Path;
use std::time::Duration;

/// How long and how hard a part goes, and the seed that decides every random moment.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    pub(super) programs: &'a Path,
    pub(super) kills: u64,
    pub(super) limit: Duration,
    pub(super) seed: u64,
}
