//! One poll of a mission without a decision: for what has no run at the service.

use std::collections::HashMap;

use super::Engine;
use super::poll::poll;
use super::report::MissionReport;
use super::snapshot::MissionSnapshot;

/// Polls what is due of a mission once, and stores what was found. Decides nothing.
pub(crate) fn poll_once(
    engine: &mut Engine,
    slug: &str,
    snapshot: &MissionSnapshot,
) -> anyhow::Result<()> {
    let (pushed, mut report) = (HashMap::new(), MissionReport::default());
    poll(engine, slug, snapshot, &pushed, &mut report)
}
