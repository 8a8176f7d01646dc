//! Who is told of the end of a step, and everything that is done at the end of a mission.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::ledger::{CRON, Ending, RunEnd};
use super::super::plan::{Act, Decision, Effect, Plan};
use super::super::target::Target;
use super::{Run, Tree, words};

/// How long the agent's session is tried. After that the cron line goes even if the gateway never came up.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_hours(1);

impl Tree<'_> {
    /// Ends the mission: that it ends so is kept first, and everything else follows from that.
    pub(super) fn end(
        mut self,
        status: RunEnd,
        step: Option<String>,
        summary: String,
        by_hand: bool,
    ) -> Plan {
        let ending = Ending { status, step, summary, at: self.facts.now, by_hand };
        self.effects.push(Effect { key: "mission/end".to_owned(), act: Act::End(ending.clone()) });
        self.wrap_up(&ending)
    }

    /// What is left to do for a mission that has ended.
    pub(super) fn finish(mut self, ending: &Ending) -> Plan {
        self.record_concluded();
        self.wrap_up(ending)
    }

    fn wrap_up(mut self, ending: &Ending) -> Plan {
        for target in self.facts.targets {
            let last = target.last();
            if last.end.is_none() && last.seen.is_none() && !self.ledger.leaves_scheduled() {
                self.withdraw(target);
            }
        }
        let targets: Vec<&Target> = self.facts.targets.iter().collect();
        let (status, summary) = (ending.status, ending.summary.clone());
        if !matches!(self.facts.run, Run::Ended(_)) {
            let payload = if targets.is_empty() { Value::Null } else { words::payload(&targets) };
            let summary = summary.clone();
            self.effect("mission/run", Act::UpdateRun { status, summary, payload });
        }
        self.effect("mission/result", Act::Remember("result".to_owned(), result(ending)));
        self.effect("mission/archive", Act::Archive(status));
        let since = self.facts.now.duration_since(ending.at);
        if !ending.by_hand && since < TOLD_WITHIN {
            let text = match &ending.step {
                Some(step) => {
                    format!("The mission has {}: step `{step}`: {summary}.", status.word())
                }
                None => format!("The mission has {}: {summary}.", status.word()),
            };
            self.effect("mission/tell", Act::Tell(text));
        }
        // What may be at the service without our knowing its id is withdrawn when it is found.
        let next_look = |target: &Target| target.in_doubt()?.next_look(self.facts.now);
        let wake = self.facts.targets.iter().filter_map(next_look).min();
        let wake = wake.filter(|_| !self.ledger.leaves_scheduled());
        if wake.is_none() {
            self.effect(CRON, Act::RemoveCron);
        }
        Plan { decision: Decision::Over(status), effects: self.effects, wake }
    }

    /// The end of a step is told once what was said in its calls is there, or will never be.
    pub(super) fn tell_steps(&mut self) {
        let known = self.ledger.steps.iter().map(|(id, end)| (id.clone(), end.clone()));
        let new = self.concluded.iter().map(|(step, end)| (step.id.clone(), end.clone()));
        for (id, end) in known.chain(new).collect::<Vec<_>>() {
            let is_last = self.verify == Some(&*id);
            let targets = self.facts.targets.iter();
            let targets = targets.filter(|one| is_last || one.step.as_ref() == Some(&id));
            let mut attempts = targets.flat_map(|target| &target.attempts);
            if attempts.all(|attempt| attempt.next_insights().is_none())
                && let Some(summary) = self.summary_of(&id, &end)
            {
                let text = format!("The step `{id}` is completed: {summary}.");
                self.effect(&format!("step/{id}/tell"), Act::Tell(text));
            }
        }
        let n_events: usize = self.facts.targets.iter().map(|target| target.attempts.len()).sum();
        let is_quiet = self.are_over(|_| true) && self.next_insights().is_none();
        if self.facts.steps.is_empty() && n_events > 0 && is_quiet {
            let targets: Vec<&Target> = self.facts.targets.iter().collect();
            let text = format!(
                "Everything that was scheduled has ended ({}), and the mission has no plan.",
                words::tally(&targets)
            );
            self.effect(&format!("events/{n_events}/tell"), Act::Tell(text));
        }
    }
}

/// The memory that the seed wants of a mission's end.
fn result(ending: &Ending) -> Value {
    let word = ending.status.word();
    match (ending.status, &ending.step) {
        (RunEnd::Succeeded, _) => json!({ "status": word, "summary": ending.summary }),
        (_, Some(step)) => {
            json!({ "status": word, "reason": ending.summary, "failed_step": step })
        }
        (_, None) => json!({ "status": word, "reason": ending.summary }),
    }
}
