//! What came of a mission's targets: rows, totals, and what is needed to go on.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};
use state::intents::Intent;
use state::shell;

use crate::context::CommandContext;
use crate::create_once::{PENDING, PendingCreate};
use crate::engine::MissionSnapshot;
use crate::lifecycle::{PlanStep, RunState, StepStatus, TargetOutcome, TargetRow, rows};
use crate::scheduling::{ScheduleRequest, TOOL};
use crate::service::step_id;
use crate::store::{Mission, outreach};

/// What came of a mission so far.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) slug: String,
    /// The mission's status, in a word.
    pub(crate) status: String,
    /// A row for each target, in the order of the list.
    pub(crate) rows: Vec<TargetRow>,
    /// What somebody has to do, each as a sentence with its command.
    pub(crate) needs: Vec<String>,
}

impl Report {
    /// Reads a mission as it is stored here; sends nothing.
    pub(crate) fn read(context: &CommandContext, mission: &Mission) -> anyhow::Result<Self> {
        let snapshot = MissionSnapshot::of(context, mission)?;
        let list = outreach::get(mission)?;
        let step = |step: &Value| {
            let id = step_id(step)?;
            Some(PlanStep { description: id.clone(), status: StepStatus::Pending, id })
        };
        let steps: Vec<PlanStep> = mission.plan().iter().filter_map(step).collect();
        let facts = snapshot.facts(context.now(), &steps, RunState::Running);
        let mut rows = rows(&snapshot.applied, facts);
        if mission.status().is_over() && snapshot.applied.ending.is_none() {
            rows.iter_mut().filter(|row| row.outcome == TargetOutcome::Planned).for_each(|row| {
                row.outcome = TargetOutcome::Canceled;
            });
        }
        if let Some(list) = &list {
            let places: HashMap<&str, usize> =
                list.targets.iter().enumerate().map(|(n, one)| (&*one.to, n)).collect();
            rows.sort_by_key(|row| places.get(&*row.to).copied().unwrap_or(usize::MAX));
        }
        let slug = mission.slug().to_owned();
        let mut needs = Vec::new();
        let quoted = shell::quote(&slug);
        let is_over = mission.status().is_over();
        if let Some(list) = list.as_ref().filter(|_| !is_over) {
            if list.denied {
                needs.push("the owner denied the plan: tell the user".to_owned());
            } else if list.targets.iter().any(|target| !target.approved) {
                needs.push(
                    "the owner's approval: run the same `missions outreach` line again".to_owned(),
                );
            } else if mission.text("agent_phone").is_none() {
                needs.push("its beginning: run the same `missions outreach` line again".to_owned());
            }
            if list.paused {
                needs.push(format!("to go on: `missions resume {quoted}`"));
            }
        }
        let pending: Option<PendingCreate> = mission.typed(PENDING);
        let is_pending = pending.is_some_and(|pending| !pending.deferred) && !is_over;
        if is_pending || unconfirmed(context, &slug)? > 0 {
            needs.push("what may have been done already: `missions resolve` lists it".to_owned());
        }
        let status = match &list {
            Some(list) if !is_over && list.denied => "denied".to_owned(),
            Some(list) if !is_over && list.paused => "paused".to_owned(),
            _ => mission.status().word().to_owned(),
        };
        Ok(Self { slug, status, rows, needs })
    }

    /// How many targets nothing more comes of, and how many not yet.
    pub(crate) fn n_waiting(&self) -> usize {
        self.rows.iter().filter(|row| !row.outcome.is_final()).count()
    }

    /// How many targets there are, and how many of each outcome.
    pub(crate) fn totals(&self) -> Value {
        let mut counts: BTreeMap<TargetOutcome, usize> = BTreeMap::new();
        self.rows.iter().for_each(|row| *counts.entry(row.outcome).or_default() += 1);
        let mut totals = Map::from_iter([("targets".to_owned(), self.rows.len().into())]);
        totals.extend(counts.into_iter().map(|(outcome, n)| (outcome.word().to_owned(), n.into())));
        totals.into()
    }

    /// How many minutes were talked; rather too many than too few.
    pub(crate) fn minutes(&self) -> u32 {
        let seconds: u64 = self.rows.iter().map(|row| u64::from(row.seconds)).sum();
        u32::try_from(seconds.div_ceil(60)).unwrap_or(u32::MAX)
    }

    /// The report as JSON, or of it the row of one number, whole.
    pub(crate) fn json(&self, only: Option<&str>) -> Value {
        let wanted = self.rows.iter().filter(|row| only.is_none_or(|only| row.to == only));
        let rows: Vec<Value> = wanted.map(|row| row.json(only.is_some())).collect();
        json!({
            "slug": self.slug, "status": self.status, "totals": self.totals(),
            "minutes": self.minutes(), "rows": rows, "needs": self.needs,
        })
    }

    /// The report as text, a line for each target.
    pub(crate) fn text(&self) -> String {
        let line = |row: &TargetRow| {
            let name = row.name.as_deref().unwrap_or_default();
            let words = row.reply.as_deref().or(row.said.as_deref()).unwrap_or_default();
            let words = state::sanitize::line_up_to(words, 120);
            format!("{:<16} {:<12} {name}  {words}\n", row.to, row.outcome.word())
        };
        let head = format!("{}: {}\n", self.slug, self.status);
        std::iter::once(head).chain(self.rows.iter().map(line)).collect()
    }

    /// The rows as a table that a spreadsheet opens; a cell that it would take for a formula is marked as text.
    pub(crate) fn csv(&self) -> anyhow::Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["phone", "name", "outcome", "tries", "at", "said", "reply", "why"])?;
        for row in &self.rows {
            let at = row.at.map(|at| format!("{at:.0}")).unwrap_or_default();
            let cells = [
                row.to.clone(),
                plain(row.name.as_deref()),
                row.outcome.word().to_owned(),
                row.tries.to_string(),
                at,
                plain(row.said.as_deref()),
                plain(row.reply.as_deref()),
                row.why.map(|why| why.describe().to_owned()).unwrap_or_default(),
            ];
            writer.write_record(cells)?;
        }
        Ok(String::from_utf8(writer.into_inner()?)?)
    }
}

/// A cell with words from outside.
fn plain(text: Option<&str>) -> String {
    let text = text.unwrap_or_default();
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

/// How many calls or texts of a mission may have been scheduled.
fn unconfirmed(context: &CommandContext, slug: &str) -> anyhow::Result<usize> {
    let is_its_own = |intent: &Intent| {
        let request: Option<ScheduleRequest> = serde_json::from_value(intent.request.clone()).ok();
        intent.is_unconfirmed() && request.is_some_and(|one| one.slug.as_deref() == Some(slug))
    };
    Ok(context.intents().of_tool(TOOL)?.iter().filter(|intent| is_its_own(intent)).count())
}
