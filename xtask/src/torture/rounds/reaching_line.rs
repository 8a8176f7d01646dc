//! One command line that reaches somebody: tried as somebody does who wants it done and knows nothing of kills, lost
//! responses and failing disks. It reaches nobody twice, and what was reported as done was done and is stored.

use std::thread;
use std::time::{Duration, Instant};

use harness::{Output, ServiceTable};
use serde_json::Value;
use state::paths;

use super::operator;
use crate::torture::stage::Stage;

/// How often a line is tried, and one that somebody looks up where nobody knows what became of it.
const LIVES: usize = 6;
const MANY_LIVES: usize = 60;
/// Lists show what was sent after 30 ms; a machine under load may take longer.
const LISTED: Duration = Duration::from_secs(5);

/// A line, and how its effect is found again.
pub(super) struct ReachingLine<'a> {
    pub(super) program: &'a str,
    pub(super) args: Vec<&'a str>,
    pub(super) path: &'a str,
    /// What its request has, and no other has all of.
    pub(super) marks: Vec<&'a str>,
    /// The table whose list confirms what is unconfirmed.
    pub(super) listed: Option<ServiceTable>,
    /// Whether the same line is the same thing also once it is confirmed as done.
    pub(super) is_same: bool,
}

/// A call to somebody, or to the owner's own phone.
pub(in crate::torture) fn call(stage: &mut Stage, n: usize) {
    let (greeting, to) = (format!("Greeting {n}."), format!("+1332{:07}", 2_000_000 + n));
    let mut args = vec![&*greeting, "--purpose", "To ask"];
    let is_own = stage.rng.chance(40);
    if !is_own {
        args.extend(["--to", &to]);
    }
    let line = ReachingLine {
        program: "call",
        args,
        path: "/v1/calls",
        marks: vec![&greeting],
        listed: None,
        is_same: false,
    };
    let Some(done) = line.send(stage) else { return };
    let done: Value = serde_json::from_str(done.out()).unwrap_or_default();
    let own = Stage::json(&paths::placed_calls(&stage.sandbox.skill()));
    let mut others = own["others"].as_array().into_iter().flatten();
    let is_known = if is_own {
        own["call_ids"].as_array().is_some_and(|ids| ids.contains(&done["call_id"]))
    } else {
        others.any(|other| other["call_id"] == done["call_id"])
    };
    if !is_known && stage.disk.is_none() {
        stage.tally.lose(&format!("the number that the call {done} dialled is not stored"));
    }
}

/// A text.
pub(in crate::torture) fn text(stage: &mut Stage, n: usize) {
    let (text, to) = (format!("Text {n}."), format!("+1332{:07}", 2_000_000 + n));
    let line = ReachingLine {
        program: "sms",
        args: vec!["send", &to, &text],
        path: "/v1/messages/send",
        marks: vec![&text],
        listed: Some(ServiceTable::Messages),
        is_same: false,
    };
    line.send(stage);
}

/// What a try came to.
enum Try {
    Done(Output),
    /// Nothing was done, or nobody knows: the same line is tried again.
    Open,
    /// Nothing more comes of it.
    Over,
}

impl ReachingLine<'_> {
    /// Tries the line. The output of the command that reported that it is done.
    pub(super) fn send(&self, stage: &mut Stage) -> Option<Output> {
        for _ in 0..if self.is_same { MANY_LIVES } else { LIVES } {
            match self.try_once(stage) {
                Try::Done(end) => return Some(end),
                Try::Over => return None,
                Try::Open => {}
            }
        }
        if self.is_same {
            operator::resolve_all(stage);
        } else if stage.disk.is_none() {
            return None;
        }
        // Nothing was done: when all is well the same line does it, once.
        let end = stage.run(self.program, &self.args);
        if end.code() != 0 || self.arrived(stage) != 1 {
            self.lose(stage, "does not do it when all is well", &end);
            return None;
        }
        stage.tally.count("acknowledged");
        Some(end)
    }

    fn try_once(&self, stage: &mut Stage) -> Try {
        let before = self.arrived(stage);
        let end = stage.run_disturbed(self.program, &self.args);
        let arrived = self.arrived(stage);
        if arrived > 1 {
            stage.tally.double(&format!("{} left {arrived} times: {end:?}", self.name()));
        }
        let Some(end) = end else {
            if self.is_same || !self.is_settled(stage) {
                return Try::Open;
            }
            // Only what was printed is stored as done: whoever reads that does not run the line again.
            if serde_json::from_str::<Value>(&stage.last_words).is_err() {
                let lost = format!("{} is stored as done and was not reported", self.name());
                stage.tally.lose(&lost);
            }
            return Try::Over;
        };
        match end.code() {
            0 => {
                stage.tally.count("acknowledged");
                if arrived == 0 || (self.listed.is_some() && !self.happened(stage)) {
                    self.lose(stage, "reported that it is done", &end);
                }
                let is_settled = self.is_settled(stage);
                let is_warned = stage.disk.is_some() && end.err().contains("warning: ");
                if !is_settled && !is_warned {
                    self.lose(stage, "does not report that it could not be stored", &end);
                }
                if !is_settled || self.is_same {
                    self.repeat(stage);
                }
                Try::Done(end)
            }
            8 => {
                stage.tally.count("unconfirmed");
                if arrived == 0 && stage.disk.is_some() {
                    stage.tally.fault(format!("{}, which never left: {end}", self.name()));
                }
                self.repeat(stage);
                if !self.is_same {
                    return Try::Over;
                }
                // Somebody looks it up at the service, and says so.
                operator::resolve_all(stage);
                if self.happened(stage) { Try::Done(end) } else { Try::Open }
            }
            code if arrived == before && stage.is_undone(code) => Try::Open,
            code => {
                stage.tally.fault(format!("{}, {arrived} sent, ended {code}: {end}", self.name()));
                Try::Over
            }
        }
    }

    /// The same line once more, without a harm: nothing more leaves, and what is listed is found.
    fn repeat(&self, stage: &mut Stage) {
        // What the command before it sent may be recorded only now.
        let (before, until) = (self.arrived(stage).max(1), Instant::now() + LISTED);
        loop {
            let end = stage.run(self.program, &self.args);
            if self.arrived(stage) > before {
                return stage.tally.double(&format!("{} was repeated: {end}", self.name()));
            }
            let settles = self.listed.is_some() && self.happened(stage);
            match end.code() {
                0 if settles || self.listed.is_none() => return,
                8 if !settles => return,
                8 if Instant::now() < until => thread::sleep(Duration::from_millis(20)), // lists lag
                _ => return self.lose(stage, "does not find what was sent", &end),
            }
        }
    }

    /// Requests of this line that reached the service; those that a front refused did not. Where somebody says whether it
    /// came about, it is what came about.
    fn arrived(&self, stage: &Stage) -> usize {
        if let Some(table) = self.listed.filter(|_| self.is_same) {
            return stage.service.rows(table).iter().filter(|row| self.is_ours(row)).count();
        }
        let seen = stage.service.seen_at("POST", self.path);
        seen.iter().filter(|seen| !seen.refused && self.is_ours(&seen.body)).count()
    }

    /// Whether it really came about.
    fn happened(&self, stage: &Stage) -> bool {
        let rows = self.listed.map(|table| stage.service.rows(table));
        rows.into_iter().flatten().any(|row| self.is_ours(&row))
    }

    fn is_ours(&self, request: &Value) -> bool {
        let request = request.to_string();
        self.marks.iter().all(|mark| request.contains(mark))
    }

    /// Whether the line is stored as carried out.
    fn is_settled(&self, stage: &Stage) -> bool {
        let stored = Stage::json(&paths::intents(&stage.sandbox.skill()));
        let mut stored = stored["intents"].as_array().into_iter().flatten();
        stored.any(|intent| self.is_ours(&intent["request"]) && !intent["result"].is_null())
    }

    fn lose(&self, stage: &mut Stage, what: &str, end: &Output) {
        stage.tally.lose(&format!("{} {what}: {end}", self.name()));
    }

    fn name(&self) -> String {
        format!("{} {:?}", self.program, self.args)
    }
}
