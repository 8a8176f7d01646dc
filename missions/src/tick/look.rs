//! Looking: what the service says of the events that are due, by one list for each assistant, and what it made
//! of their conversations.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use state::{carrier, words};

use super::Tick;
use super::heard::Words;
use super::known::Known;
use super::report::Report;
use crate::lifecycle::{Attempt, Insights, Target, essence};
use crate::schedule::{self, Again, Order, TOOL, Tried};
use crate::service::{self, Channel, Pages, ScheduledRow, ServiceRow};
use crate::tracked::Tracked;

/// As much of what was said in a call is kept, in characters.
const LONGEST: usize = 1_000;

/// The events of an assistant by id, as the list showed them; `None` for one that is not at the service.
pub(super) type Rows = HashMap<String, Option<Value>>;

impl Tick<'_> {
    /// Looks at everything of a mission that is due or was heard of, and keeps what was seen.
    pub(super) fn look(
        &mut self,
        slug: &str,
        known: &Known,
        heard: &Words,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        self.find_doubtful(slug, known, report)?;
        let has_ended = self.look_at_events(slug, known, heard, report)?;
        let is_awaited = |attempt: &Attempt| matches!(attempt.insights, Insights::Awaited(_));
        let mut attempts = known.targets.iter().flat_map(|target| &target.attempts);
        if has_ended || attempts.any(is_awaited) {
            self.look_at_conversations(slug, heard, report)?;
        }
        Ok(())
    }

    /// Looks for retries whose answer was lost.
    fn find_doubtful(
        &mut self,
        slug: &str,
        known: &Known,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let now = self.now();
        let is_due = |target: &&Target| {
            let next = target.in_doubt().and_then(|doubt| doubt.next_look(now));
            next.is_some_and(|next| next <= now)
        };
        let due: Vec<&Target> = known.targets.iter().filter(is_due).collect();
        if due.is_empty() {
            return Ok(());
        }
        let intents = self.context.intents().of_tool(TOOL)?;
        for target in due {
            let line = Again { of: target.id.clone(), attempt: target.attempts.len() }.line();
            let intent = intents.iter().find(|intent| intent.line == line);
            let Some(intent) = intent else {
                self.looked_for(slug, &target.id)?;
                continue;
            };
            let order: Order = serde_json::from_value(intent.request.clone())?;
            let tried = match &intent.result {
                Some(row) => Tried::Made(ScheduledRow::new(ServiceRow::new(row.clone()))),
                None => schedule::find(self.context, &self.api, intent)?,
            };
            match tried {
                Tried::Made(event) => {
                    schedule::keep(self.context, &self.api, &order, &event)?;
                }
                Tried::InDoubt(why) => {
                    self.looked_for(slug, &target.id)?;
                    report.in_doubt(intent, &why);
                }
            }
        }
        Ok(())
    }

    pub(super) fn looked_for(&self, slug: &str, target: &str) -> anyhow::Result<()> {
        let now = self.now();
        self.context.file.change_mission(slug, |mission| {
            mission.change_ledger(slug, |ledger| ledger.looked_for(target, now))
        })
    }

    /// Looks at the events; true if one of them was seen to have ended.
    fn look_at_events(
        &mut self,
        slug: &str,
        known: &Known,
        heard: &Words,
        report: &mut Report,
    ) -> anyhow::Result<bool> {
        let now = self.now();
        let attempts = known
            .targets
            .iter()
            .flat_map(|target| target.attempts.iter().map(|attempt| (&*target.assistant, attempt)));
        let open: Vec<_> = attempts.filter(|(_, attempt)| attempt.end.is_none()).collect();
        let mut assistants: Vec<&str> = Vec::new();
        let mut due: HashSet<&str> = HashSet::new();
        for (assistant, attempt) in &open {
            let is_due = attempt.next_look().is_some_and(|next| next <= now);
            if is_due || heard.contains_key(&attempt.event) {
                due.insert(&attempt.event);
                if !assistants.contains(assistant) {
                    assistants.push(assistant);
                }
            }
        }
        for assistant in &assistants {
            self.load(assistant)?;
        }
        for (assistant, attempt) in &open {
            let id = &attempt.event;
            // A list that does not show it is no proof that it is gone.
            if due.contains(&**id) && !self.lists[*assistant].contains_key(id) {
                let row = self.row(assistant, id)?;
                self.lists.get_mut(*assistant).expect("it was loaded").insert(id.clone(), row);
            }
        }
        let seen: HashMap<&str, Option<&Value>> = open
            .iter()
            .filter_map(|(assistant, attempt)| {
                let row = self.lists.get(*assistant)?.get(&attempt.event)?;
                Some((&*attempt.event, row.as_ref()))
            })
            .collect();
        if seen.is_empty() {
            return Ok(false);
        }
        report.looked += seen.len();
        // The lists have told what time it is there, should our clock be wrong.
        let now = self.now();
        let ended = self.context.file.change_mission(slug, |mission| {
            let mut ended = Vec::new();
            for (_, attempt) in &open {
                let Some(row) = seen.get(&*attempt.event) else { continue };
                let Some(looked) = mission.look(attempt, *row, heard.get(&attempt.event), now)?
                else {
                    continue;
                };
                if looked.end.is_some()
                    && let Some(event) = mission.view().event(&attempt.event)
                {
                    ended.push((attempt.event.clone(), event));
                }
            }
            if !ended.is_empty() {
                // Whatever follows from it is found necessary again after a kill.
                mission.set_tick_due(Some(now));
            }
            Ok(ended)
        })?;
        for (id, event) in &ended {
            let row = seen.get(id.as_str()).copied().flatten();
            if event.channel == Channel::Sms && row.is_some_and(carrier::says_opted_out) {
                schedule::heed_opt_out(self.context, &self.api, &event.to);
            }
        }
        report.ended(&ended);
        Ok(!ended.is_empty())
    }

    /// Asks for the list of an assistant, once in a tick.
    fn load(&mut self, assistant: &str) -> anyhow::Result<()> {
        if self.lists.contains_key(assistant) {
            return Ok(());
        }
        let rows = match service::scheduled_events::list(&self.api, assistant, Pages::All(None)) {
            Ok(list) => list.into_rows(),
            Err(err) if service::is_not_found(&err) => Vec::new(),
            Err(err) => return Err(err),
        };
        let by_id = rows
            .into_iter()
            .map(ScheduledRow::new)
            .filter_map(|row| row.id().map(|id| (id, Some(essence(row.into_row().into_value())))));
        self.lists.insert(assistant.to_owned(), by_id.collect());
        Ok(())
    }

    /// One event by its id; `None` if the service says that there is none.
    fn row(&self, assistant: &str, id: &str) -> anyhow::Result<Option<Value>> {
        match service::scheduled_events::get(&self.api, assistant, id) {
            Ok(row) => Ok(Some(row.into_row().into_value())),
            Err(err) if service::is_not_found(&err) => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// Asks for insights that are due.
    fn look_at_conversations(
        &mut self,
        slug: &str,
        heard: &Words,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let missions = self.context.file.read()?;
        let mut got: HashMap<String, (Insights, bool)> = HashMap::new();
        for (id, event) in missions.known(slug)?.events()? {
            let now = self.now();
            let next = event.attempt(id).next_insights();
            let is_heard = heard.contains_key(id) && matches!(event.insights, Insights::Awaited(_));
            if !is_heard && next.is_none_or(|next| next > now) {
                continue;
            }
            let said = match &event.conversation_id {
                Some(conversation) => self.insights(conversation)?,
                None => None,
            };
            let seen = said.map_or((Insights::Awaited(Some(now)), false), |(said, maybe)| {
                (Insights::Got(said), maybe && event.channel == Channel::Call)
            });
            got.insert(id.to_owned(), seen);
        }
        if got.is_empty() {
            return Ok(());
        }
        report.looked += got.len();
        let now = self.now();
        self.context.file.change_mission(slug, |mission| {
            for (id, mut event) in owned(mission.view().events()?) {
                let Some(seen) = got.remove(&id) else { continue };
                (event.insights, event.maybe_voicemail) = seen;
                mission.set_event(&id, &event)?;
            }
            mission.set_tick_due(Some(now));
            Ok(())
        })
    }

    /// What was said in a conversation, in one line, once the service has concluded it, and whether that speaks of a
    /// voicemail.
    fn insights(&self, conversation: &str) -> anyhow::Result<Option<(String, bool)>> {
        let found = match service::insights::get(&self.api, conversation) {
            Ok(answer) => service::insights::read(answer.value()),
            Err(err) if service::is_not_found(&err) => return Ok(None),
            Err(err) => return Err(err),
        };
        let text = |result: &Value| match result {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let said: Vec<String> = found.results.iter().map(text).collect();
        let said = || words::bounded(&said.join("; "), LONGEST);
        Ok(found.is_complete.then(|| (said(), found.mentions_voicemail())))
    }
}

/// Records that outlive the mission they were read from, so that it can be changed.
fn owned(events: Vec<(&str, Tracked)>) -> Vec<(String, Tracked)> {
    events.into_iter().map(|(id, event)| (id.to_owned(), event)).collect()
}
