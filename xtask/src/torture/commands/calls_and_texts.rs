//! `call` and `sms send`: whatever is killed or lost, one line reaches nobody twice.

use std::thread;
use std::time::{Duration, Instant};

use harness::Output;
use serde_json::Value;
use state::paths;

use super::stage::CommandStage;

/// How often a line is tried whose command is killed each time.
const LIVES: usize = 6;
/// Lists show a text after 30 ms; a machine under load may take longer.
const LISTED: Duration = Duration::from_secs(5);

/// What is sent, and how it is found again.
struct SentLine {
    program: &'static str,
    args: Vec<String>,
    path: &'static str,
    /// The field of the request that tells this line from all others, and what it holds.
    mark: (&'static str, String),
}

/// A call to somebody, or to the owner's own phone.
pub(super) fn call(stage: &mut CommandStage, n: usize) {
    let (greeting, is_own) = (format!("Greeting {n}"), stage.rng.chance(40));
    let mut args = vec![greeting.clone(), "--purpose".to_owned(), "To ask".to_owned()];
    if !is_own {
        args.extend(["--to".to_owned(), format!("+1332{:07}", 2_000_000 + n)]);
    }
    let line = SentLine { program: "call", args, path: "/v1/calls", mark: ("greeting", greeting) };
    let Some(done) = line.send(stage) else { return };
    let id = document(&done)["call_id"].clone();
    let own = CommandStage::json(&paths::placed_calls(&stage.sandbox.skill()));
    let mut others = own["others"].as_array().into_iter().flatten();
    let is_known = if is_own {
        own["call_ids"].as_array().is_some_and(|ids| ids.contains(&id))
    } else {
        others.any(|other| other["call_id"] == id)
    };
    if !is_known {
        stage.tally.lose(&format!("the number that the call {id} dialled is not stored"));
    }
}

/// A text.
pub(super) fn text(stage: &mut CommandStage, n: usize) {
    let (text, to) = (format!("Text {n}"), format!("+1332{:07}", 2_000_000 + n));
    let args = vec!["send".to_owned(), to, text.clone()];
    let line =
        SentLine { program: "sms", args, path: "/v1/messages/send", mark: ("message", text) };
    line.send(stage);
}

fn document(output: &Output) -> Value {
    serde_json::from_str(output.out()).unwrap_or_default()
}

impl SentLine {
    /// Tries the line as somebody does who wants it done and does not know of the kills. The output of the command
    /// that printed that it is done.
    fn send(&self, stage: &mut CommandStage) -> Option<Output> {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        for _ in 0..LIVES {
            let before = self.arrived(stage);
            let end = stage.run_disturbed(self.program, &args);
            let arrived = self.arrived(stage);
            if arrived > 1 {
                stage.tally.double(&format!("{} {args:?} left {arrived} times", self.program));
            }
            let Some(end) = end else {
                if self.is_settled(stage) {
                    // Only what was printed is stored as done: whoever reads that does not run the line again.
                    self.is_said(stage);
                    return None;
                }
                continue;
            };
            match end.code() {
                0 => {
                    stage.tally.acknowledged += 1;
                    self.is_kept(stage);
                    return Some(end);
                }
                8 => {
                    stage.tally.unconfirmed += 1;
                    self.again(stage, &args);
                    return None;
                }
                4 | 5 if arrived == before => {}
                _ => stage.tally.fault(format!("{} {args:?}, {arrived} sent: {end}", self.program)),
            }
        }
        None
    }

    /// Requests of this line that reached the service.
    fn arrived(&self, stage: &CommandStage) -> usize {
        let (field, mark) = &self.mark;
        let seen = stage.service.seen_at("POST", self.path);
        seen.iter().filter(|seen| seen.body[*field] == *mark.as_str()).count()
    }

    /// Checks that what was reported as done was done, and is stored.
    fn is_kept(&self, stage: &mut CommandStage) {
        let mark = &self.mark.1;
        if self.arrived(stage) == 0 {
            stage.tally.lose(&format!("{} reported that `{mark}` was sent", self.program));
        }
        if !self.is_settled(stage) {
            stage.tally.lose(&format!("`{mark}` is not stored as sent"));
        }
    }

    /// The killed command had printed its document.
    fn is_said(&self, stage: &mut CommandStage) {
        if serde_json::from_str::<Value>(&stage.last_words).is_err() {
            let (program, mark) = (self.program, &self.mark.1);
            stage.tally.lose(&format!("{program} stored `{mark}` as sent and had not reported it"));
        }
    }

    /// Whether the line is stored as carried out.
    fn is_settled(&self, stage: &CommandStage) -> bool {
        let (field, mark) = &self.mark;
        let stored = CommandStage::json(&paths::intents(&stage.sandbox.skill()));
        let stored = stored["intents"].as_array().into_iter().flatten();
        let mut ours = stored.filter(|intent| intent["request"][*field] == *mark.as_str());
        ours.any(|intent| !intent["result"].is_null())
    }

    /// If unconfirmed, the same line once more, without a kill: a text that is listed was sent, and nothing is sent now.
    fn again(&self, stage: &mut CommandStage, args: &[&str]) {
        let (before, until) = (self.arrived(stage), Instant::now() + LISTED);
        loop {
            let end = stage.run(self.program, args);
            if self.arrived(stage) > before {
                stage.tally.double(&format!("{} {args:?} was repeated: {end}", self.program));
                return;
            }
            let settles = self.program == "sms" && self.happened(stage);
            match end.code() {
                8 if settles && Instant::now() < until => thread::sleep(Duration::from_millis(20)),
                0 if settles => return self.is_kept(stage),
                8 if !settles => return,
                _ => return stage.tally.fault(format!("unconfirmed, then {end}")),
            }
        }
    }

    /// Whether the text really left.
    fn happened(&self, stage: &CommandStage) -> bool {
        stage.service.texted().iter().any(|(_, text)| *text == self.mark.1)
    }
}
