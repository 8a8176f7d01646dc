//! How long and how hard a part of the torture goes.

use std::time::Duration;

/// How long and how hard, and the seed that decides every random moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct TorturePlan {
    pub(super) kills: usize,
    pub(super) limit: Duration,
    pub(super) seed: u64,
}
