//! One command line that reaches somebody: tried as somebody does who wants it done, on a disk that fails.

use std::thread;
use std::time::{Duration, Instant};

use harness::Output;
use serde_json::Value;
use state::paths;

use crate::torture::commands::stage::CommandStage;

/// How often a line is tried on the bad disk before it is tried on a good one.
const LIVES: usize = 5;
/// Lists show what was sent after 30 ms; a machine under load may take longer.
const LISTED: Duration = Duration::from_secs(5);

/// A line, and how its effect is found again.
pub(super) struct ReachingLine<'a> {
    pub(super) program: &'a str,
    pub(super) args: Vec<&'a str>,
    /// What the service has of it.
    pub(super) arrived: &'a dyn Fn(&CommandStage) -> usize,
    /// What its intent has, and no other has all of.
    pub(super) marks: Vec<&'a str>,
    /// Whether the service's list confirms what is unconfirmed.
    pub(super) is_listed: bool,
    /// Whether the same line is the same thing also once it is confirmed as done.
    pub(super) is_same: bool,
}

impl ReachingLine<'_> {
    /// Brings it about. Whether it was.
    pub(super) fn send(&self, stage: &mut CommandStage) -> bool {
        for _ in 0..LIVES {
            let Some(end) = stage.run_disturbed(self.program, &self.args) else { continue };
            if let Some(is_done) = self.check_end(stage, &end) {
                return is_done;
            }
        }
        // Nothing was done: on a good disk the same line does it, once.
        let end = stage.run(self.program, &self.args);
        if end.code() != 0 || (self.arrived)(stage) != 1 {
            self.lose(stage, "did not send it after the disk was mended", &end);
            return false;
        }
        stage.tally.acknowledged += 1;
        true
    }

    /// Checks what a command reported. `None` if nothing was done.
    fn check_end(&self, stage: &mut CommandStage, end: &Output) -> Option<bool> {
        let arrived = (self.arrived)(stage);
        if arrived > 1 {
            stage.tally.double(&format!("{} left {arrived} times: {end}", self.name()));
        }
        match end.code() {
            0 => {
                stage.tally.acknowledged += 1;
                if arrived == 0 {
                    self.lose(stage, "reported that it is done", end);
                }
                let is_unconfirmed = self.is_unconfirmed(stage);
                if is_unconfirmed && !end.err().contains("warning: ") {
                    self.lose(stage, "does not report that it could not be stored", end);
                }
                if is_unconfirmed || self.is_same {
                    self.repeat(stage);
                }
                Some(true)
            }
            8 => {
                stage.tally.unconfirmed += 1;
                if arrived == 0 {
                    stage.tally.fault(format!("{}, which never left: {end}", self.name()));
                }
                self.repeat(stage);
                Some(arrived > 0)
            }
            4 | 5 if arrived == 0 => None,
            code => {
                stage.tally.fault(format!("{}, {arrived} sent, ended {code}: {end}", self.name()));
                (arrived > 0).then_some(true)
            }
        }
    }

    /// The same line once more, on a good disk: nothing more leaves, and what is listed is found.
    fn repeat(&self, stage: &mut CommandStage) {
        let until = Instant::now() + LISTED;
        loop {
            let end = stage.run(self.program, &self.args);
            if (self.arrived)(stage) > 1 {
                return stage.tally.double(&format!("{} was repeated: {end}", self.name()));
            }
            match end.code() {
                0 => return,
                8 if !self.is_listed => return,
                8 if Instant::now() < until => thread::sleep(Duration::from_millis(20)), // lists lag
                _ => return self.lose(stage, "does not find what was sent", &end),
            }
        }
    }

    /// Whether the line is not stored as carried out.
    fn is_unconfirmed(&self, stage: &CommandStage) -> bool {
        let stored = CommandStage::json(&paths::intents(&stage.sandbox.skill()));
        let mut stored = stored["intents"].as_array().into_iter().flatten();
        let is_ours = |intent: &&Value| {
            let request = intent["request"].to_string();
            self.marks.iter().all(|mark| request.contains(mark))
        };
        stored.find(is_ours).is_none_or(|intent| intent["result"].is_null())
    }

    fn lose(&self, stage: &mut CommandStage, what: &str, end: &Output) {
        stage.tally.lose(&format!("{} {what}: {end}", self.name()));
    }

    fn name(&self) -> String {
        format!("{} {:?}", self.program, self.args)
    }
}
