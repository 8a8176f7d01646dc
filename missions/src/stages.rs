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

use crate::api::{Api, Listing, NewAssistant, Pages, Row, RunRef};
use crate::commands::assistants::new_key;
use crate::context::Context;
use crate::input;
use crate::state_file::{Mission, Missions};

/// The key in a mission under which its open stage is kept.
pub(crate) const OPEN: &str = "open";

/// The pauses before each look for what may have been made: lists lag behind.
const LOOKS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(2)];

/// How long a service that heeds idempotency keys remembers them.
const KEY_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// How far the service's clock may be from what its `Date` says, which has whole seconds.
const SLACK: SignedDuration = SignedDuration::from_secs(3);
/// How far the two clocks may be apart where no `Date` says it.
const UNKNOWN_SKEW: SignedDuration = SignedDuration::from_mins(5);

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
    api: &Api,
    slug: &str,
    what: Made,
    make: impl FnOnce(&str) -> anyhow::Result<Row>,
) -> anyhow::Result<Row> {
    let missions = context.file.read()?;
    let earlier = missions.known(slug)?.part::<Open>(OPEN).filter(|open| open.what == what);
    let key = match earlier {
        Some(open) if !open.deferred => return search(context, api, slug, &open),
        Some(open) if context.moment().since(open.begun()) < KEY_LASTS => open.key,
        _ => new_key()?,
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
fn search(context: &Context, api: &Api, slug: &str, open: &Open) -> anyhow::Result<Row> {
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
    api: &Api,
    slug: &str,
    open: &Open,
) -> anyhow::Result<Vec<Row>> {
    let found = || -> anyhow::Result<Vec<Row>> {
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
    api: &Api,
    missions: &Missions,
    mission: Mission,
    open: &Open,
    now: Moment,
) -> anyhow::Result<Vec<Row>> {
    let begun: Option<Begun> = mission.part("init");
    let list = api.missions(None, Pages::One(None, Some(100)))?;
    let known: Vec<&str> = missions.iter().filter_map(|one| one.mission_id()).collect();
    Ok(since(&list, open, now, "created_at")
        .filter(|row| row.text("name") == mission.name())
        .filter(|row| row.text("instructions") == begun.as_ref().map(|begun| &*begun.instructions))
        .filter(|row| is_unknown(row, &["id", "mission_id"], &known))
        .collect())
}

fn made_runs(
    api: &Api,
    missions: &Missions,
    mission: Mission,
    open: &Open,
    now: Moment,
) -> anyhow::Result<Vec<Row>> {
    let input = mission.part::<Begun>("init").map(|begun| begun.input());
    let list = api.runs(mission.mission_id().unwrap_or_default(), Pages::One(None, Some(100)))?;
    let known: Vec<&str> = missions.iter().filter_map(|one| one.run_id()).collect();
    // The service makes a run of its own with every mission; its input has more keys than ours.
    Ok(since(&list, open, now, "started_at")
        .filter(|row| Some(&row.value()["input"]) == input.as_ref())
        .filter(|row| is_unknown(row, &["run_id", "id"], &known))
        .collect())
}

fn made_plan(api: &Api, mission: Mission) -> anyhow::Result<Vec<Row>> {
    let of = RunRef {
        mission: mission.mission_id().unwrap_or_default(),
        run: mission.run_id().unwrap_or_default(),
    };
    let steps = api.plan(of)?.rows();
    // A run has one plan: whatever stands there is it.
    Ok(if steps.is_empty() { Vec::new() } else { vec![Row::new(Value::Object(Map::new()))] })
}

fn made_assistants(
    api: &Api,
    missions: &Missions,
    mission: Mission,
    open: &Open,
    now: Moment,
) -> anyhow::Result<Vec<Row>> {
    let Some(new) = mission.part::<NewAssistant>("agent") else { return Ok(Vec::new()) };
    let name = new.name().to_owned();
    let list = api.assistants(Some(&name), Pages::One(None, Some(100)))?;
    let known: Vec<&str> = missions.iter().filter_map(|one| one.text("assistant_id")).collect();
    Ok(since(&list, open, now, "created_at")
        .filter(|row| new.is_like(row))
        .filter(|row| is_unknown(row, &["id", "assistant_id"], &known))
        .collect())
}

fn is_unknown(row: &Row, ids: &[&str], known: &[&str]) -> bool {
    row.id(ids).is_some_and(|id| !known.contains(&&*id))
}

/// The rows that were made since a stage was begun, by the service's own clock: its `Date` says how far that
/// is from ours. A row without a time counts as new.
fn since<'a>(
    list: &Listing,
    open: &Open,
    now: Moment,
    key: &'a str,
) -> impl Iterator<Item = Row> + use<'a> {
    let from = began(open.begun(), now, list.date());
    list.rows().into_iter().filter(move |row| row.time(key).is_none_or(|made| made >= from))
}

/// The instant by the service's clock from which on something that we began `then` can have been made. Ours may have
/// been set since: what counts is how long ago that was.
pub(crate) fn began(then: Moment, now: Moment, date: Option<Timestamp>) -> Timestamp {
    let (there, slack) = match date {
        Some(date) => (date, SLACK),
        None => (now.at, UNKNOWN_SKEW),
    };
    there.saturating_sub(now.since(then) + slack).unwrap_or(then.at)
}

/// The known plan of a mission.
pub(crate) fn plan_of(mission: &Mission) -> Vec<Value> {
    mission.part("plan").unwrap_or_default()
}

/// Whether two plans have the same steps.
pub(crate) fn is_same_plan(one: &[Value], other: &[Value]) -> bool {
    input::step_ids(one).eq(input::step_ids(other))
}

#[cfg(test)]
mod tests {
    use super::began;
    use jiff::Timestamp;
    use state::moment::Moment;

    #[test]
    fn the_services_clock_decides_what_is_new() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let moment = |text| Moment { at: time(text), up: None };
        let (then, now) = (moment("2027-01-01T10:00:00Z"), moment("2027-01-01T10:00:30Z"));
        let with = |date: &str| began(then, now, Some(time(date))).to_string();
        assert_eq!(with("2027-01-01T10:00:30Z"), "2027-01-01T09:59:57Z");
        assert_eq!(with("2027-01-01T09:50:30Z"), "2027-01-01T09:49:57Z");
        assert_eq!(began(then, now, None).to_string(), "2027-01-01T09:55:00Z");
    }
}
