//! Which mission of the state file a name stands for: one that was started and has not ended, or a new one.

use jiff::Timestamp;

use crate::create_once::{INIT, InitRequest, PENDING, PendingCreate, Resource};
use crate::slug;
use crate::store::{Mission, MissionStatus, Missions};

/// The mission that `init` works on.
pub(crate) struct ClaimedMission {
    pub(crate) slug: String,
    /// Whether it was started before.
    pub(crate) resumed: bool,
    /// The new slug of the ended mission that had this one.
    pub(crate) archived: Option<String>,
}

/// The mission of that name that has not ended.
pub(crate) fn live(missions: &Missions, name: &str) -> Option<String> {
    let is_meant = |mission: &Mission| {
        !mission.status().is_over() && mission.name().is_some_and(|other| is_same_name(other, name))
    };
    missions.iter().find(is_meant).map(|mission| mission.slug().to_owned())
}

/// The newest mission of that name that has ended.
pub(crate) fn ended(missions: &Missions, name: &str) -> Option<String> {
    let is_meant = |mission: &Mission| {
        mission.status().is_over() && mission.name().is_some_and(|other| is_same_name(other, name))
    };
    let ended = missions.iter().filter(is_meant);
    // Earlier ones of that name were given another slug.
    let newest = ended.max_by_key(|mission| !mission.slug().contains('~'));
    newest.map(|mission| mission.slug().to_owned())
}

/// Finds the mission of that name that has not ended, or creates one in the state file. Different names are distinguished
/// even where their slugs are the same.
pub(crate) fn claim(
    missions: &mut Missions,
    name: &str,
    given: &InitRequest,
    now: Timestamp,
) -> anyhow::Result<ClaimedMission> {
    let (slug, archived) = match live(missions, name) {
        Some(slug) => (slug, None),
        None => free_slug(missions, &slug::of_name(name), &now.strftime("%Y-%m-%d").to_string()),
    };
    let mut mission = missions.get_or_create(&slug);
    let stored = mission.view();
    let (has_mission, has_run) = (stored.mission_id().is_some(), stored.run_id().is_some());
    let init: Option<InitRequest> = stored.typed(INIT);
    let pending = stored.typed::<PendingCreate>(PENDING).map(|pending| pending.what);
    let resumed = has_mission || init.is_some();
    if mission.view().name().is_none() {
        mission.set("mission_name", name).set("created_at", now.to_string());
    }
    if !(has_mission && has_run && init.is_none()) {
        let init = match init {
            Some(init) => update(init, given, has_mission, has_run, pending),
            None => given.clone(),
        };
        mission.set_typed(INIT, &init)?;
        mission.set_status(&MissionStatus::Starting, now);
    }
    Ok(ClaimedMission { slug, resumed, archived })
}

/// What is given now counts for the stages that were not started.
fn update(
    init: InitRequest,
    given: &InitRequest,
    has_mission: bool,
    has_run: bool,
    pending: Option<Resource>,
) -> InitRequest {
    let mut new = given.clone();
    if has_mission || pending == Some(Resource::Mission) {
        (new.instructions, new.channel) = (init.instructions, init.channel);
        new.metadata = init.metadata;
    }
    if has_run || pending == Some(Resource::Run) {
        new.request = init.request;
    }
    if init.planned || pending == Some(Resource::Plan) || new.steps.is_empty() {
        new.steps = init.steps;
    }
    new.planned = init.planned;
    new
}

/// Names are the same if they differ in blanks and capitals only.
fn is_same_name(one: &str, other: &str) -> bool {
    let words =
        |name: &str| -> Vec<String> { name.split_whitespace().map(str::to_lowercase).collect() };
    words(one) == words(other)
}

/// A slug for a new mission, and the new slug of the ended one that had it: that one moves to `<slug>~<date>`. One that has
/// not ended keeps its slug, and the new one gets a number.
fn free_slug(missions: &mut Missions, slug: &str, date: &str) -> (String, Option<String>) {
    let mut candidates =
        (1..).map(|n| if n == 1 { slug.to_owned() } else { format!("{slug}-{n}") });
    let is_free = |missions: &Missions, slug: &str| match missions.get(slug) {
        None => !missions.has(slug),
        Some(mission) => mission.status().is_over() || mission.name().is_none(),
    };
    let slug = candidates.find(|slug| is_free(missions, slug)).expect("numbers do not end");
    if !missions.get(&slug).is_some_and(|mission| mission.status().is_over()) {
        return (slug, None);
    }
    let mut names =
        (1..).map(|n| if n == 1 { format!("{slug}~{date}") } else { format!("{slug}~{date}.{n}") });
    let archived = names.find(|name| !missions.has(name)).expect("numbers do not end");
    missions.rename(&slug, &archived);
    (slug, Some(archived))
}
