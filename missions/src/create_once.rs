//! Creating a mission, a run, a plan or an assistant once, whatever is lost or killed on the way: the stages of `init` and
//! `setup-agent`.
//!
//! Before its POST a stage is stored as a [`PendingCreate`]. The answer ends it. If the answer is lost, or the program
//! dies, the stage stays unconfirmed: what it may have created is searched for, and it is not repeated by itself. Where the
//! service said that it does nothing for now, the same stage sends the same key again.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use state::api::Error;
use state::clock::{Moment, Uptime};
use state::exit::{self, Exit, Fault};
use state::{failure, out, shell};

use crate::context::{CommandContext, LAG_PAUSES};
use crate::service::clock::earliest_creation;
use crate::service::{self, Listing, NewAssistant, Pages, ServiceApi, ServiceRow};
use crate::store::{Mission, Missions};

/// The key in a mission of its pending stage.
pub(crate) const PENDING: &str = "open";

/// The key in a mission of its unfinished `init`.
pub(crate) const INIT: &str = "init";

/// The key in a mission of the assistant that is being created.
pub(crate) const ASSISTANT: &str = "agent";

/// How long a service that honours idempotency keys remembers them.
const KEY_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// What a stage creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Resource {
    /// The mission.
    Mission,
    /// Its run.
    Run,
    /// The plan of the run.
    Plan,
    /// The assistant.
    Assistant,
}

impl Resource {
    /// Its name.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Mission => "mission",
            Self::Run => "run",
            Self::Plan => "plan",
            Self::Assistant => "assistant",
        }
    }
}

/// A stage whose request may have been carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PendingCreate {
    /// What it creates.
    pub(crate) what: Resource,
    /// When it was started, by this machine's time.
    pub(crate) at: Timestamp,
    /// The same by the machine's uptime, if that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) up: Option<Uptime>,
    /// The idempotency key of its request, the same at every attempt.
    #[serde(default)]
    pub(crate) key: String,
    /// Whether the service said that it does nothing for now (429, or 503 with `Retry-After`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) deferred: bool,
}

impl PendingCreate {
    fn started(&self) -> Moment {
        Moment { at: self.at, uptime: self.up }
    }
}

/// What `init` was given: stored until its last stage is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct InitRequest {
    /// What is to be done.
    pub(crate) instructions: String,
    /// What the user asked for.
    pub(crate) request: String,
    /// The channel, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    /// Stored by the service with the mission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Value>,
    /// The steps of the plan; empty for none.
    pub(crate) steps: Vec<Value>,
    /// Whether the plan was created.
    pub(crate) planned: bool,
}

impl InitRequest {
    /// The input of the run.
    pub(crate) fn run_input(&self) -> Value {
        json!({ "original_request": self.request })
    }
}

/// Creates something once. If it is pending already and unconfirmed, it is searched for instead. The caller ends the
/// stage, in the same change in which it stores the id of what was created.
///
/// Fails with exit 8 if it may have been created and was not found.
pub(crate) fn create_once(
    context: &CommandContext,
    api: &ServiceApi,
    slug: &str,
    what: Resource,
    create: impl FnOnce(&str) -> anyhow::Result<ServiceRow>,
) -> anyhow::Result<ServiceRow> {
    let missions = context.store.read()?;
    let earlier = missions.require(slug)?.typed::<PendingCreate>(PENDING);
    let key = match earlier.filter(|pending| pending.what == what) {
        Some(pending) if !pending.deferred => return confirm(context, api, slug, &pending),
        Some(pending) if context.moment().since(pending.started()) < KEY_LASTS => pending.key,
        _ => service::new_idempotency_key()?,
    };
    drop(missions);
    let Moment { at, uptime: up } = context.moment();
    let pending = PendingCreate { what, at, up, key, deferred: false };
    context.store.change_mission(slug, |mission| mission.set_typed(PENDING, &pending))?;
    match create(&pending.key) {
        Ok(row) => Ok(row),
        Err(err) if failure::exit_of(&err) == Exit::Unconfirmed => {
            out::warning(&format!("{}; searching for what it created", exit::one_line(&err)));
            confirm(context, api, slug, &pending)
        }
        Err(err) => {
            let is_deferred = err.downcast_ref::<Error>().is_some_and(Error::is_temporary);
            context.store.change_mission(slug, |mission| {
                if is_deferred {
                    return mission
                        .set_typed(PENDING, &PendingCreate { deferred: true, ..pending });
                }
                mission.unset(PENDING);
                Ok(())
            })?;
            Err(err)
        }
    }
}

/// The unconfirmed stages of all missions, by slug.
pub(crate) fn unconfirmed(missions: &Missions) -> Vec<(&str, PendingCreate)> {
    let pending = |one: Mission| one.typed::<PendingCreate>(PENDING);
    let stages = missions.iter().filter_map(|one| Some((one.slug(), pending(one)?)));
    stages.filter(|(_, pending)| !pending.deferred).collect()
}

/// Searches a few times for what an unconfirmed stage may have created.
fn confirm(
    context: &CommandContext,
    api: &ServiceApi,
    slug: &str,
    pending: &PendingCreate,
) -> anyhow::Result<ServiceRow> {
    let found = context.check_after(&LAG_PAUSES, || {
        let found = find_matches(context, api, slug, pending)?;
        Ok((!found.is_empty()).then_some(found))
    })?;
    let mut found = found.unwrap_or_default();
    match (found.pop(), found.len()) {
        (Some(row), 0) => Ok(row),
        (None, _) => Err(still_unconfirmed(slug, pending, 0).into()),
        (Some(_), others) => Err(still_unconfirmed(slug, pending, others + 1).into()),
    }
}

/// The error of a stage that stays unconfirmed.
fn still_unconfirmed(slug: &str, pending: &PendingCreate, n_found: usize) -> Fault {
    let (what, at) = (pending.what.word(), pending.at);
    let text = match n_found {
        0 => format!(
            "the {what} of `{slug}`, started at {at:.0}, may have been created, but is not listed"
        ),
        n => format!("{n} {what}s at the service could be the one of `{slug}`, started at {at:.0}"),
    };
    let slug = shell::quote(slug);
    Fault::new(Exit::Unconfirmed, text).hint(format!(
        "run the same command again in a minute; or look yourself, then `missions resolve {slug} --happened ID` or `--nothing-happened`"
    ))
}

/// What at the service can be what the stage created: the same name and texts, created since, and no other mission's.
///
/// Fails with exit 8 whatever the reason: the stage stays unconfirmed.
fn find_matches(
    context: &CommandContext,
    api: &ServiceApi,
    slug: &str,
    pending: &PendingCreate,
) -> anyhow::Result<Vec<ServiceRow>> {
    let found = || -> anyhow::Result<Vec<ServiceRow>> {
        let missions = context.store.read()?;
        let mission = missions.require(slug)?;
        let now = context.moment();
        match pending.what {
            Resource::Mission => matching_missions(api, &missions, mission, pending, now),
            Resource::Run => matching_runs(api, &missions, mission, pending, now),
            Resource::Plan => existing_plan(api, mission),
            Resource::Assistant => matching_assistants(api, &missions, mission, pending, now),
        }
    };
    found().map_err(|err| {
        let what = pending.what.word();
        let text = format!("searching for the {what} of `{slug}`: {}", exit::one_line(&err));
        Fault::new(Exit::Unconfirmed, text).hint("run the same command again in a minute").into()
    })
}

fn matching_missions(
    api: &ServiceApi,
    missions: &Missions,
    mission: Mission,
    pending: &PendingCreate,
    now: Moment,
) -> anyhow::Result<Vec<ServiceRow>> {
    let init: Option<InitRequest> = mission.typed(INIT);
    let instructions = init.as_ref().map(|init| &*init.instructions);
    let list = service::missions::list(api, None, Pages::One(None, Some(100)))?;
    let known: Vec<&str> = missions.iter().filter_map(|one| one.mission_id()).collect();
    Ok(created_since(&list, pending, now, "created_at")
        .filter(|row| row.text("name") == mission.name())
        .filter(|row| row.text("instructions") == instructions)
        .filter(|row| is_unknown(row, &["id", "mission_id"], &known))
        .collect())
}

fn matching_runs(
    api: &ServiceApi,
    missions: &Missions,
    mission: Mission,
    pending: &PendingCreate,
    now: Moment,
) -> anyhow::Result<Vec<ServiceRow>> {
    let input = mission.typed::<InitRequest>(INIT).map(|init| init.run_input());
    let mission_id = mission.mission_id().unwrap_or_default();
    let list = service::runs::list(api, mission_id, Pages::One(None, Some(100)))?;
    let known: Vec<&str> = missions.iter().filter_map(|one| one.run_id()).collect();
    // The run that the service creates with every mission has an input with more keys.
    Ok(created_since(&list, pending, now, "started_at")
        .filter(|row| Some(&row.value()["input"]) == input.as_ref())
        .filter(|row| is_unknown(row, &["run_id", "id"], &known))
        .collect())
}

/// A run has one plan: if there is one, it is the one that was created.
fn existing_plan(api: &ServiceApi, mission: Mission) -> anyhow::Result<Vec<ServiceRow>> {
    let steps = service::plan::get(api, mission.ids().run)?.rows();
    let plan = || ServiceRow::new(Value::Object(Map::new()));
    Ok(if steps.is_empty() { Vec::new() } else { vec![plan()] })
}

fn matching_assistants(
    api: &ServiceApi,
    missions: &Missions,
    mission: Mission,
    pending: &PendingCreate,
    now: Moment,
) -> anyhow::Result<Vec<ServiceRow>> {
    let Some(new) = mission.typed::<NewAssistant>(ASSISTANT) else { return Ok(Vec::new()) };
    let name = new.name().to_owned();
    let list = service::assistants::list(api, Some(&name), Pages::One(None, Some(100)))?;
    let known: Vec<&str> = missions.iter().filter_map(|one| one.text("assistant_id")).collect();
    Ok(created_since(&list, pending, now, "created_at")
        .filter(|row| new.is_like(row))
        .filter(|row| is_unknown(row, &["id", "assistant_id"], &known))
        .collect())
}

fn is_unknown(row: &ServiceRow, ids: &[&str], known: &[&str]) -> bool {
    row.id(ids).is_some_and(|id| !known.contains(&&*id))
}

/// The rows that were created since a stage was started, by the service's clock. A row without a time counts as new.
fn created_since<'a>(
    list: &Listing,
    pending: &PendingCreate,
    now: Moment,
    key: &'a str,
) -> impl Iterator<Item = ServiceRow> + use<'a> {
    let from = earliest_creation(pending.started(), now, list.date());
    list.rows().into_iter().filter(move |row| row.time(key).is_none_or(|created| created >= from))
}
