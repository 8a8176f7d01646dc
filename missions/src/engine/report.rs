//! What a tick found and did: one JSON object for each mission that was processed, and one line of text.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use state::exit::{self, Exit, Fault};
use state::failure;
use state::intents::Intent;

use crate::context::CommandContext;
use crate::lifecycle::{Effect, MissionDecision, MissionIds, decision_json};
use crate::scheduling::{self, ScheduleRequest};
use crate::service::{RunRef, ScheduledRow};
use crate::store::ScheduledEvent;

/// What a tick did for one mission.
#[derive(Debug, Default)]
pub(crate) struct MissionReport {
    /// The service's ids of the mission and its run, once they were read.
    pub(super) ids: (String, String),
    /// How many events and conversations were polled.
    pub(super) n_polled: usize,
    ended: Vec<Value>,
    retries: Vec<Value>,
    done: Vec<String>,
    refused: Vec<Value>,
    unconfirmed: Vec<Value>,
    stopped: Option<StopReason>,
    /// What the decision tree said last.
    pub(super) decision: Option<MissionDecision>,
    /// When a tick next has something to do for it.
    pub(super) next_tick: Option<Timestamp>,
    /// Whether it has ended and nothing is left to be done for it.
    pub(super) is_finished: bool,
}

/// Where a tick stopped before everything was done, and why.
#[derive(Debug)]
struct StopReason {
    at: String,
    text: String,
    hint: Option<String>,
    exit: Exit,
}

/// What a tick did, mission by mission.
#[derive(Debug, Default)]
pub(crate) struct TickSummary {
    /// The missions that were processed.
    pub(crate) reports: Vec<(String, MissionReport)>,
    /// When a tick next has something to do, as far as that is known.
    pub(crate) next_tick: Option<Timestamp>,
}

impl MissionReport {
    /// Events were found to have ended.
    pub(super) fn add_ended(&mut self, events: &[(String, ScheduledEvent)]) {
        self.ended.extend(events.iter().map(|(id, event)| {
            let outcome = event.end.as_ref().map(|end| end.outcome.to_string());
            json!({
                "event_id": id, "channel": event.channel, "to": event.to, "step_id": event.step_id,
                "outcome": outcome,
            })
        }));
    }

    /// A retry was scheduled.
    pub(super) fn add_retry(&mut self, row: &ScheduledRow, at: Timestamp) {
        self.retries.push(json!({ "event_id": row.id(), "at": at.to_string() }));
    }

    /// An intent of an earlier tick is still unconfirmed.
    pub(super) fn add_unconfirmed_intent(&mut self, intent: &Intent, why: &str) {
        let mut one = scheduling::confirm::unconfirmed_json(intent);
        one["why"] = why.into();
        self.unconfirmed.push(one);
    }

    /// A request of this tick is unconfirmed.
    pub(super) fn add_unconfirmed_request(&mut self, request: &ScheduleRequest, why: &str) {
        self.unconfirmed.push(json!({
            "to": request.body.to, "scheduled_at": request.body.scheduled_at,
            "assistant_id": request.body.assistant_id, "why": why,
        }));
    }

    /// An effect was carried out.
    pub(super) fn add_done(&mut self, effect: &Effect) {
        self.done.push(effect.key.clone());
    }

    /// The service refused an effect.
    pub(super) fn add_refused(&mut self, effect: &Effect, why: &str) {
        self.refused.push(json!({ "effect": effect.key, "error": why }));
    }

    /// Records where the tick stopped, and why. What fails after that does not hide it.
    pub(super) fn stop(&mut self, at: &str, err: &anyhow::Error) {
        self.stopped.get_or_insert_with(|| StopReason {
            at: at.to_owned(),
            text: exit::one_line(err),
            hint: failure::hint_of(err),
            exit: failure::exit_of(err),
        });
    }

    /// Whether it is the agent's turn.
    pub(crate) fn is_agents_turn(&self) -> bool {
        matches!(self.decision, Some(MissionDecision::Continue { .. }))
    }

    /// Whether it stopped because the agent could not be notified.
    pub(super) fn could_not_notify(&self) -> bool {
        self.stopped.as_ref().is_some_and(|stopped| stopped.at.ends_with("/tell"))
    }

    /// Whether it stopped before everything was done.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Whether it stopped because the service does not answer, or refuses the key: for other missions it will not either.
    pub(super) fn is_offline(&self) -> bool {
        let exit = self.stopped.as_ref().map(|stopped| stopped.exit);
        matches!(exit, Some(Exit::Unavailable | Exit::NotConfigured)) && !self.could_not_notify()
    }

    /// The report as JSON; what the mission needs next is said as for one that cron runs ticks for.
    pub(crate) fn json(&self, slug: &str) -> Value {
        let mut all = Map::new();
        all.insert("slug".to_owned(), slug.into());
        let (mission, run) = &self.ids;
        let ids = MissionIds { slug, run: RunRef { mission, run } };
        let decision = self.decision.as_ref().map(|decision| decision_json(decision, ids, true));
        if let Some(Value::Object(fields)) = decision {
            all.extend(fields);
        }
        let mut put = |key: &str, value: Value| all.insert(key.to_owned(), value);
        put("looked", self.n_polled.into());
        for (key, list) in [
            ("ended", &self.ended),
            ("retries", &self.retries),
            ("refused", &self.refused),
            ("unsettled", &self.unconfirmed),
        ] {
            put(key, list.clone().into());
        }
        put("done", self.done.clone().into());
        let stopped = self.stopped.as_ref();
        put("failed", stopped.map(|one| json!({ "at": one.at, "error": one.text })).into());
        put("next", self.next_tick.map(|next| next.to_string()).into());
        put("settled", self.is_finished.into());
        Value::Object(all)
    }

    /// The report in one line.
    pub(crate) fn text(&self, slug: &str) -> String {
        let mut parts = vec![match &self.decision {
            Some(MissionDecision::Complete { .. }) => "complete".to_owned(),
            Some(MissionDecision::Continue { step: Some(step), .. }) => {
                format!("next step `{step}`")
            }
            Some(MissionDecision::Continue { step: None, .. }) => "no step is left".to_owned(),
            Some(MissionDecision::Retry { .. }) => "trying again".to_owned(),
            Some(MissionDecision::Fail { step, .. }) => format!("failed in step `{step}`"),
            Some(MissionDecision::Wait { until }) => format!("waiting until {until:.0}"),
            Some(MissionDecision::Over(status)) => format!("ended: {}", status.word()),
            None => "nothing due".to_owned(),
        }];
        for (what, n) in [
            ("looked at", self.n_polled),
            ("ended", self.ended.len()),
            ("tried again", self.retries.len()),
            ("in doubt", self.unconfirmed.len()),
        ] {
            if n > 0 {
                parts.push(format!("{n} {what}"));
            }
        }
        if let Some(stopped) = &self.stopped {
            parts.push(format!("stopped at {}: {}", stopped.at, stopped.text));
        }
        format!("{slug}: {}", parts.join(", "))
    }

    /// The fault that the program ends with, if there is one.
    pub(crate) fn fault(&self, slug: &str) -> Option<Fault> {
        if let Some(stopped) = &self.stopped {
            let text = format!("`{slug}` stopped at {}: {}", stopped.at, stopped.text);
            let hint = stopped.hint.clone();
            let hint = hint.unwrap_or_else(|| "the next tick goes on from there".to_owned());
            return Some(Fault::new(stopped.exit, text).hint(hint));
        }
        if let Some(first) = self.unconfirmed.first() {
            let (n, why) = (self.unconfirmed.len(), first["why"].as_str().unwrap_or_default());
            let text = format!("`{slug}`: {n} may have been scheduled: {why}");
            let hint = "look with `missions resolve`; nothing is repeated";
            return Some(Fault::new(Exit::Unconfirmed, text).hint(hint));
        }
        let refused = self.refused.first()?;
        let word = |key: &str| refused[key].as_str().unwrap_or_default();
        let text = format!("`{slug}`: the service refused {}: {}", word("effect"), word("error"));
        Some(Fault::new(Exit::No, text).hint("it is not asked again; the rest was done"))
    }
}

impl TickSummary {
    /// A mission has something to do at this time.
    pub(super) fn note_next(&mut self, next: Option<Timestamp>) {
        self.next_tick = [self.next_tick, next].into_iter().flatten().min();
    }

    /// The summary as JSON.
    pub(crate) fn json(&self, context: &CommandContext) -> Value {
        let reports: Vec<Value> =
            self.reports.iter().map(|(slug, report)| report.json(slug)).collect();
        json!({
            "at": context.now().to_string(),
            "busy": false,
            "missions": reports,
            "next": self.next_tick.map(|next| next.to_string()),
        })
    }

    /// The summary as text, a line for each mission.
    pub(crate) fn text(&self) -> String {
        if self.reports.is_empty() {
            return match self.next_tick {
                Some(next) => format!("Nothing is due before {next:.0}"),
                None => "Nothing is due".to_owned(),
            };
        }
        let lines = self.reports.iter().map(|(slug, report)| report.text(slug) + "\n");
        lines.collect()
    }

    /// The fault that the program ends with: that of the first mission that has one.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.reports.iter().find_map(|(slug, report)| report.fault(slug))
    }
}
