//! What is stored of a mission's progress: the effects that were applied to it, and from when a tick has something to do.

use jiff::Timestamp;
use serde::Deserialize as _;
use state::exit::Fault;
use state::shell;

use super::mission::{Mission, MissionMut};
use crate::lifecycle::AppliedEffects;

/// The key in a mission of the effects that were applied.
const APPLIED: &str = "lifecycle";

/// The key in a mission of the time from which a tick has something to do, whatever its events say.
const TICK_DUE: &str = "tick_due";

/// The effects that were applied to a mission. Fails (exit 2) if they cannot be read.
pub(crate) fn applied(mission: &Mission) -> Result<AppliedEffects, Fault> {
    let Some(value) = mission.fields().get(APPLIED) else { return Ok(AppliedEffects::default()) };
    AppliedEffects::deserialize(value).map_err(|err| {
        let slug = mission.slug();
        Fault::usage(format!("`{APPLIED}` of mission `{slug}` cannot be read: {err}")).hint(
            format!(
                "fix it by hand; `missions get-state {} | jq .{APPLIED}` shows it",
                shell::quote(slug)
            ),
        )
    })
}

/// Changes the effects that were applied to a mission. Fails (exit 2) if they cannot be read.
pub(crate) fn change_applied<T>(
    mission: &mut MissionMut,
    change: impl FnOnce(&mut AppliedEffects) -> T,
) -> anyhow::Result<T> {
    let mut applied = applied(&mission.view())?;
    let result = change(&mut applied);
    mission.set_typed(APPLIED, &applied)?;
    Ok(result)
}

/// Whether a mission has ended and nothing is left to be done for it; false if that cannot be read.
pub(crate) fn is_finished(mission: &Mission) -> bool {
    let applied = mission.typed::<AppliedEffects>(APPLIED);
    mission.status().is_over() && applied.is_some_and(|applied| applied.is_finished())
}

/// The time from which a tick has something to do for a mission, whatever its events say.
pub(crate) fn tick_due(mission: &Mission) -> Option<Timestamp> {
    mission.typed(TICK_DUE)
}

/// Sets that time; `None`: a tick has something to do only when the events say so.
pub(crate) fn set_tick_due(mission: &mut MissionMut, at: Option<Timestamp>) {
    match at {
        Some(at) => mission.set(TICK_DUE, at.to_string()),
        None => mission.unset(TICK_DUE),
    };
}
