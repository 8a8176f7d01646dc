//! What a pass over the missions saw and did: one JSON object for each mission that was looked after.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use state::exit::{self, Exit, Fault};
use state::intents::Intent;

use crate::lifecycle::{Decision, Effect, Names, Plan, document};
use crate::schedule::{self, Order};
use crate::service::ScheduledRow;
use crate::tracked::Tracked;

/// What became of one mission in a pass.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The service's ids of the mission and its run, once they were needed.
    pub(super) ids: (String, String),
    /// How many events and conversations were looked at.
    pub(super) looked: usize,
    ended: Vec<Value>,
    retries: Vec<Value>,
    done: Vec<String>,
    refused: Vec<Value>,
    unsettled: Vec<Value>,
    failed: Option<Failure>,
    /// What the decision tree said last.
    pub(super) decision: Option<Decision>,
    /// When there may be something to do again.
    pub(super) next: Option<Timestamp>,
    /// Whether nothing is left to do for a mission that has ended.
    pub(super) settled: bool,
}

/// What a pass stopped at.
#[derive(Debug)]
struct Failure {
    at: String,
    told: String,
    hint: Option<String>,
    exit: Exit,
}

impl Report {
    pub(super) fn ended(&mut self, events: &[(String, Tracked)]) {
        self.ended.extend(events.iter().map(|(id, event)| {
            let outcome = event.end.as_ref().map(|end| end.outcome.words());
            json!({
                "event_id": id, "channel": event.channel, "to": event.to, "step_id": event.step_id,
                "outcome": outcome,
            })
        }));
    }

    pub(super) fn tried_again(&mut self, event: &ScheduledRow, at: Timestamp) {
        self.retries.push(json!({ "event_id": event.id(), "at": at.to_string() }));
    }

    /// An open intent is still not settled.
    pub(super) fn in_doubt(&mut self, intent: &Intent, why: &str) {
        let mut one = schedule::unsettled(intent);
        one["why"] = why.into();
        self.unsettled.push(one);
    }

    /// An order may have been carried out.
    pub(super) fn doubt(&mut self, order: &Order, why: &str) {
        self.unsettled.push(json!({
            "to": order.new.to, "scheduled_at": order.new.scheduled_at,
            "assistant_id": order.new.assistant_id, "why": why,
        }));
    }

    pub(super) fn done(&mut self, effect: &Effect) {
        self.done.push(effect.key.clone());
    }

    pub(super) fn refused(&mut self, effect: &Effect, why: &str) {
        self.refused.push(json!({ "effect": effect.key, "error": why }));
    }

    /// Why it stopped. What fails after that, such as to note when to go on, does not hide what had been done.
    pub(super) fn failed(&mut self, at: &str, err: &anyhow::Error) {
        self.failed.get_or_insert_with(|| Failure {
            at: at.to_owned(),
            told: exit::told(err),
            hint: exit::hint_of(err),
            exit: exit::code_of(err),
        });
    }

    /// Whether the agent's session could not be told.
    pub(super) fn is_untold(&self) -> bool {
        self.failed.as_ref().is_some_and(|failure| failure.at.ends_with("/tell"))
    }

    /// Whether it stopped before everything was done.
    pub(crate) fn is_stopped(&self) -> bool {
        self.failed.is_some()
    }

    /// Whether nothing can be had from the service now, for other missions either.
    pub(super) fn is_offline(&self) -> bool {
        let exit = self.failed.as_ref().map(|failure| failure.exit);
        matches!(exit, Some(Exit::Unavailable | Exit::NotConfigured)) && !self.is_untold()
    }

    pub(super) fn take_plan(&mut self, plan: &Plan) {
        self.decision = Some(plan.decision.clone());
    }

    /// For programs, in a pass. Cron makes those: whether it does is no question worth a process of its own.
    pub(crate) fn json_of(&self, slug: &str) -> Value {
        let (mission, run) = &self.ids;
        self.json(Names { slug, mission, run, has_cron: true })
    }

    /// For programs.
    pub(crate) fn json(&self, names: Names) -> Value {
        let mut all = Map::new();
        all.insert("slug".to_owned(), names.slug.into());
        let decided = self.decision.as_ref().map(|decision| document(decision, names));
        if let Some(Value::Object(fields)) = decided {
            all.extend(fields);
        }
        let mut put = |key: &str, value: Value| all.insert(key.to_owned(), value);
        put("looked", self.looked.into());
        for (key, list) in [
            ("ended", &self.ended),
            ("retries", &self.retries),
            ("refused", &self.refused),
            ("unsettled", &self.unsettled),
        ] {
            put(key, list.clone().into());
        }
        put("done", self.done.clone().into());
        let failed = self.failed.as_ref();
        put("failed", failed.map(|one| json!({ "at": one.at, "error": one.told })).into());
        put("next", self.next.map(|next| next.to_string()).into());
        put("settled", self.settled.into());
        Value::Object(all)
    }

    /// For people, in one line.
    pub(crate) fn text(&self, slug: &str) -> String {
        let mut parts = vec![match &self.decision {
            Some(Decision::Complete { .. }) => "complete".to_owned(),
            Some(Decision::Continue { step: Some(step), .. }) => format!("next step `{step}`"),
            Some(Decision::Continue { step: None, .. }) => "no step is left".to_owned(),
            Some(Decision::Retry { .. }) => "trying again".to_owned(),
            Some(Decision::FailMission { step, .. }) => format!("failed in step `{step}`"),
            Some(Decision::Wait { until }) => format!("waiting until {until:.0}"),
            Some(Decision::Over(status)) => format!("ended: {}", status.word()),
            None => "nothing due".to_owned(),
        }];
        for (what, n) in [
            ("looked at", self.looked),
            ("ended", self.ended.len()),
            ("tried again", self.retries.len()),
            ("in doubt", self.unsettled.len()),
        ] {
            if n > 0 {
                parts.push(format!("{n} {what}"));
            }
        }
        if let Some(failure) = &self.failed {
            parts.push(format!("stopped at {}: {}", failure.at, failure.told));
        }
        format!("{slug}: {}", parts.join(", "))
    }

    /// The fault that the program ends with, if there is one.
    pub(crate) fn fault(&self, slug: &str) -> Option<Fault> {
        if let Some(failure) = &self.failed {
            let text = format!("`{slug}` stopped at {}: {}", failure.at, failure.told);
            let hint = failure.hint.clone();
            let hint = hint.unwrap_or_else(|| "the next tick goes on from there".to_owned());
            return Some(Fault::new(failure.exit, text).hint(hint));
        }
        if let Some(first) = self.unsettled.first() {
            let (n, why) = (self.unsettled.len(), first["why"].as_str().unwrap_or_default());
            let text = format!("`{slug}`: {n} may have been scheduled: {why}");
            let hint = "look with `missions resolve`; nothing is repeated";
            return Some(Fault::new(Exit::Unknown, text).hint(hint));
        }
        let refused = self.refused.first()?;
        let word = |key: &str| refused[key].as_str().unwrap_or_default();
        let text = format!("`{slug}`: the service refused {}: {}", word("effect"), word("error"));
        Some(Fault::new(Exit::No, text).hint("it is not asked again; the rest was done"))
    }
}
