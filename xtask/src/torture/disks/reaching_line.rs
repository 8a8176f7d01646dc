//! One command line that reaches somebody: tried as somebody does who wants it done, on a disk that fails.

use std::thread;
use std::time::{Duration, Instant};

use harness::Output;
use serde_json::Value;
use state::paths;

use crate::torture::commands::stage::CommandStage;

/// How often a line is tried on the bad disk before it is tried on a good one.
const LIVES: usize = 5;
/// Lists show what was sent after 30 ms; a machine under load may take longer to look.
const LISTED: Duration = Duration::from_secs(5);

/// A line, and how its effect is found again.
pub(super) struct ReachingLine<'a> {
    pub(super) program: &'a str,
    pub(super) args: Vec<&'a str>,
    /// What the service has of it.
    pub(super) arrived: &'a dyn Fn(&CommandStage) -> usize,
    /// What its intent has, and no other has all of.
    pub(super) marks: Vec<&'a str>,
    /// Whether the service's list settles a doubt.
    pub(super) is_listed: bool,
    /// Whether the same line is the same thing also when it is known to be done.
    pub(super) is_same: bool,
}

impl ReachingLine<'_> {
    /// Brings it about. Whether it was.
    pub(super) fn send(&self, stage: &mut CommandStage) -> bool {
        for _ in 0..LIVES {
            let Some(end) = stage.run_disturbed(self.program, &self.args) else { continue };
            if let Some(is_done) = self.judge(stage, &end) {
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

    /// What a command said is so. `None` if nothing was done.
    fn judge(&self, stage: &mut CommandStage, end: &Output) -> Option<bool> {
        let arrived = (self.arrived)(stage);
        if arrived > 1 {
            stage.tally.double(&format!("{} left {arrived} times: {end}", self.told()));
        }
        match end.code() {
            0 => {
                stage.tally.acknowledged += 1;
                if arrived == 0 {
                    self.lose(stage, "said that it is done", end);
                }
                let is_open = self.is_open(stage);
                if is_open && !end.err().contains("warning: ") {
                    self.lose(stage, "does not say that it could not be kept", end);
                }
                if is_open || self.is_same {
                    self.again(stage);
                }
                Some(true)
            }
            8 => {
                stage.tally.unconfirmed += 1;
                if arrived == 0 {
                    stage.tally.fault(format!("{}, which never left: {end}", self.told()));
                }
                self.again(stage);
                Some(arrived > 0)
            }
            4 | 5 if arrived == 0 => None,
            code => {
                stage.tally.fault(format!("{}, {arrived} sent, ended {code}: {end}", self.told()));
                (arrived > 0).then_some(true)
            }
        }
    }

    /// The same line once more, on a good disk: nothing more leaves, and what is listed is found.
    fn again(&self, stage: &mut CommandStage) {
        let until = Instant::now() + LISTED;
        loop {
            let end = stage.run(self.program, &self.args);
            if (self.arrived)(stage) > 1 {
                return stage.tally.double(&format!("{} was repeated: {end}", self.told()));
            }
            match end.code() {
                0 => return,
                8 if !self.is_listed => return,
                8 if Instant::now() < until => thread::sleep(Duration::from_millis(20)), // lists lag
                _ => return self.lose(stage, "does not find what was sent", &end),
            }
        }
    }

    /// Whether it is not kept here that the line was carried out.
    fn is_open(&self, stage: &CommandStage) -> bool {
        let stored = CommandStage::json(&paths::intents(&stage.sandbox.skill()));
        let mut stored = stored["intents"].as_array().into_iter().flatten();
        let is_ours = |intent: &&Value| {
            let request = intent["request"].to_string();
            self.marks.iter().all(|mark| request.contains(mark))
        };
        stored.find(is_ours).is_none_or(|intent| intent["result"].is_null())
    }

    fn lose(&self, stage: &mut CommandStage, what: &str, end: &Output) {
        stage.tally.lose(&format!("{} {what}: {end}", self.told()));
    }

    fn told(&self) -> String {
        format!("{} {:?}", self.program, self.args)
    }
}
