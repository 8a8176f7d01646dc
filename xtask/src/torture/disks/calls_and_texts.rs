//! `call` and `sms send` on a bad disk.

use super::reaching_line::ReachingLine;
use crate::torture::commands::stage::CommandStage;

/// Requests to this path whose field holds this.
fn arrived(stage: &CommandStage, path: &str, field: &str, mark: &str) -> usize {
    let seen = stage.service.seen_at("POST", path);
    seen.iter().filter(|seen| seen.body[field] == *mark).count()
}

/// A call to somebody, or to the owner's own phone.
pub(super) fn call(stage: &mut CommandStage, n: usize) {
    let (greeting, to) = (format!("Greeting {n}."), format!("+1332{:07}", 2_000_000 + n));
    let mut args = vec![&*greeting, "--purpose", "To ask"];
    if stage.rng.chance(60) {
        args.extend(["--to", &to]);
    }
    let arrived = |stage: &CommandStage| arrived(stage, "/v1/calls", "greeting", &greeting);
    let line = ReachingLine {
        program: "call",
        args,
        arrived: &arrived,
        marks: vec![&greeting],
        is_listed: false,
        is_same: false,
    };
    line.send(stage);
}

/// A text.
pub(super) fn text(stage: &mut CommandStage, n: usize) {
    let (text, to) = (format!("Text {n}."), format!("+1332{:07}", 2_000_000 + n));
    let arrived = |stage: &CommandStage| arrived(stage, "/v1/messages/send", "message", &text);
    let line = ReachingLine {
        program: "sms",
        args: vec!["send", &to, &text],
        arrived: &arrived,
        marks: vec![&text],
        is_listed: true,
        is_same: false,
    };
    line.send(stage);
}
