//! Stages of `init` and `setup-agent` that make something at the service: each is made once, as far as this
//! machine can know (spec 4, "Exactly once").
//!
//! Before a POST the stage is stored as open. An answer closes it. Where the answer was lost, or the program
//! died, the stage stays open, and what it would have made is looked for before anything else is done.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::api::Error;
use state::exit::{self, Exit, Fault};
use state::moment::{Moment, Uptime};
use state::words::for_shell;

use crate::context::Context;
use crate::input;
use crate::service::clock::earliest_creation;
use crate::service::{self, Listing, NewAssistant, Pages, RunRef, ServiceApi, ServiceRow};
use crate::state_file::{Mission, Missions};

/// The key in a mission under which its open stage is kept.
pub(crate) const OPEN: &str = "open";

/// The pauses before each look for what may have been made: lists lag behind.
const LOOKS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(2)];

/// How long a service that heeds idempotency keys remembers them.
const KEY_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// What a stage makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Made {
    /// The mission.
    Mission,
    /// Its run.
    Run,
    /// The plan of the run.
    Plan,
    /// The assistant.
    Assistant,
}

impl Made {
    /// In words.
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
pub(crate) struct Open {
    /// What it was to make.
    pub(crate) what: Made,
    /// When it was begun, by our clock.
    pub(crate) at: Timestamp,
    /// The same by the machine's uptime, if that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) up: Option<Uptime>,
    /// The idempotency key of its request, the same at every try.
    #[serde(default)]
    pub(crate) key: String,
    /// Whether the service did nothing for now (429, or 503 with `Retry-After`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) deferred: bool,
}

impl Open {
    fn begun(&self) -> Moment {
        Moment { at: self.at, up: self.up }
    }
}

/// What `init` was told: kept until the last of its stages is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// What is to be done.
    pub(crate) instructions: String,
    /// What the user asked for.
    pub(crate) request: String,
    /// The channel, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    /// Kept by the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Value>,
    /// The plan; empty for none.
    pub(crate) steps: Vec<Value>,
    /// Whether the plan was made.
    pub(crate) planned: bool,
}

impl Begun {
    /// The input of the run.
    pub(crate) fn input(&self) -> Value {
        serde_json::json!({ "original_request": self.request })
    }
}

/// Makes something once. A stage that is open already is looked for instead of being made again; the caller
/// closes it, in the same change in which it stores what was made.
///
/// Fails with exit 8 if it may have been made and was not found.
pub(crate) fn once(
    context: &Context,
    api: &ServiceApi,
    slug: &str,
    what: Made,
    make: impl FnOnce(&str) -> anyhow::Result<ServiceRow>,
) -> anyhow::Result<ServiceRow> {
    let missions = context.file.read()?;
    let earlier = missions.known(slug)?.part::<Open>(OPEN).filter(|open| open.what == what);
    let key = match earlier {
        Some(open) if !open.deferred => return search(context, api, slug, &open),
        Some(open) if context.moment().since(open.begun()) < KEY_LASTS => open.key,
        _ => service::new_idempotency_key()?,
    };
    let Moment { at, up } = context.moment();
    let open = Open { what, at, up, key, deferred: false };
    context.file.change_mission(slug, |mission| mission.set_part(OPEN, &open))?;
    match make(&open.key) {
        Ok(row) => Ok(row),
        Err(err) if exit::code_of(&err) == Exit::Unknown => {
            state::out::warning(&format!("{}; looking for what it made", exit::told(&err)));
            search(context, api, slug, &open)
        }
        Err(err) => {
            let is_for_now = err.downcast_ref::<Error>().is_some_and(Error::is_for_now);
            context.file.change_mission(slug, |mission| {
                if is_for_now {
                    return mission.set_part(OPEN, &Open { deferred: true, ..open });
                }
                mission.unset(OPEN);
                Ok(())
            })?;
            Err(err)
        }
    }
}

/// Looks a few times for what an open stage may have made.
fn search(
    context: &Context,
    api: &ServiceApi,
    slug: &str,
    open: &Open,
) -> anyhow::Result<ServiceRow> {
    let mut n_found = 0;
    for pause in LOOKS {
        context.clock.sleep(context.clock.period(pause));
        let mut found = look(context, api, slug, open)?;
        n_found = found.len();
        if n_found > 1 {
            break;
        }
        if let Some(row) = found.pop() {
            return Ok(row);
        }
    }
    Err(unsettled(slug, open, n_found).into())
}

/// The fault of a stage that stays open.
pub(crate) fn unsettled(slug: &str, open: &Open, n_found: usize) -> Fault {
    let (what, at) = (open.what.word(), open.at);
    let text = match n_found {
        0 => format!(
            "the {what} of `{slug}`, begun at {at:.0}, may have been made, but is not listed"
        ),
        n => format!("{n} {what}s at the service could be the one of `{slug}`, begun at {at:.0}"),
    };
    let slug = for_shell(slug);
    Fault::new(Exit::Unknown, text).hint(format!(
        "run the same command again in a minute; or look yourself, then `missions resolve {slug} --happened ID` or `--nothing-happened`"
    ))
}

/// What at the service can be what the open stage made: the same name and text, made since, unknown to the
/// state file.
///
/// Fails with exit 8 whatever the reason: the stage stays in doubt.
pub(crate) fn look(
    context: &Context,
    api: &ServiceApi,
    slug: &str,
    open: &Open,
) -> anyhow::Result<Vec<ServiceRow>> {
    let found = || -> anyhow::Result<Vec<ServiceRow>> {
        let missions = context.file.read()?;
        let mission = missions.known(slug)?;
        let now = context.moment();
        match open.what {
            Made::Mission => made_missions(api, &missions, mission, open, now),
            Made::Run => made_runs(api, &missions, mission, open, now),
            Made::Plan => made_plan(api, mission),
            Made::Assistant => made_assistants(api, &missions, mission, open, now),
        }
    };
    found().map_err(|err| {
        let what = open.what.word();
        let text = format!("looking for the {what} of `{slug}`: {}", exit::told(&err));
        Fault::new(Exit::Unknown, text).hint("run the same command again in a minute").into()
    })
}

fn made_missions(
    api: &ServiceApi,
    missions: &Missions,
    mission: Mission,
    open: &Open,
    now: Moment,
) -> anyhow::Result<Vec<ServiceRow>> {
    let begun: Option<Begun> = mission.part("init");
    let list = service::missions::list(api, None, Pages::One(None, Some(100)))?;
    let known: Vec<&str> = missions.iter().filter_map(|one| one.mission_id()).collect();
    Ok(since(&list, open, now, "created_at")
        .filter(|row| row.text("name") == mission.name())
        .filter(|row| row.text("instructions") == begun.as_ref().map(|begun| &*begun.instructions))
        .filter(|row| is_unknown(row, &["id", "mission_id"], &known))
        .collect())
}

fn made_runs(
    api: &ServiceApi,
    missions: &Missions,
    mission: Mission,
    open: &Open,
    now: Moment,
) -> anyhow::Result<Vec<ServiceRow>> {
    let input = mission.part::<Begun>("init").map(|begun| begun.input());
    let list = service::runs::list(
        api,
        mission.mission_id().unwrap_or_default(),
        Pages::One(None, Some(100)),
    )?;
    let known: Vec<&str> = missions.iter().filter_map(|one| one.run_id()).collect();
    // The service makes a run of its own with every mission; its input has more keys than ours.
    Ok(since(&list, open, now, "started_at")
        .filter(|row| Some(&row.value()["input"]) == input.as_ref())
        .filter(|row| is_unknown(row, &["run_id", "id"], &known))
        .collect())
}

fn made_plan(api: &ServiceApi, mission: Mission) -> anyhow::Result<Vec<ServiceRow>> {
    let of = RunRef {
        mission: mission.mission_id().unwrap_or_default(),
        run: mission.run_id().unwrap_or_default(),
    };
    let steps = service::plan::get(api, of)?.rows();
    // A run has one plan: whatever stands there is it.
    Ok(if steps.is_empty() { Vec::new() } else { vec![ServiceRow::new(Value::Object(Map::new()))] })
}

fn made_assistants(
    api: &ServiceApi,
    missions: &Missions,
    mission: Mission,
    open: &Open,
    now: Moment,
) -> anyhow::Result<Vec<ServiceRow>> {
    let Some(new) = mission.part::<NewAssistant>("agent") else { return Ok(Vec::new()) };
    let name = new.name().to_owned();
    let list = service::assistants::list(api, Some(&name), Pages::One(None, Some(100)))?;
    let known: Vec<&str> = missions.iter().filter_map(|one| one.text("assistant_id")).collect();
    Ok(since(&list, open, now, "created_at")
        .filter(|row| new.is_like(row))
        .filter(|row| is_unknown(row, &["id", "assistant_id"], &known))
        .collect())
}

fn is_unknown(row: &ServiceRow, ids: &[&str], known: &[&str]) -> bool {
    row.id(ids).is_some_and(|id| !known.contains(&&*id))
}

/// The rows that were made since a stage was begun, by the service's own clock: its `Date` says how far that
/// is from ours. A row without a time counts as new.
fn since<'a>(
    list: &Listing,
    open: &Open,
    now: Moment,
    key: &'a str,
) -> impl Iterator<Item = ServiceRow> + use<'a> {
    let from = earliest_creation(open.begun(), now, list.date());
    list.rows().into_iter().filter(move |row| row.time(key).is_none_or(|made| made >= from))
}

/// The known plan of a mission.
pub(crate) fn plan_of(mission: &Mission) -> Vec<Value> {
    mission.part("plan").unwrap_or_default()
}

/// Whether two plans have the same steps.
pub(crate) fn is_same_plan(one: &[Value], other: &[Value]) -> bool {
    input::step_ids(one).eq(input::step_ids(other))
}
