//! What the decision tree says, as the command line that does it: `missions next SLUG` prints it.

use serde_json::{Value, json};
use state::words::for_shell;

use super::plan::Decision;

/// The names that a command line needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// The mission's slug.
    pub(crate) slug: &'a str,
    /// The service's id of the mission.
    pub(crate) mission: &'a str,
    /// The id of its run.
    pub(crate) run: &'a str,
    /// Whether a line of cron looks after the mission.
    pub(crate) has_cron: bool,
}

/// The command line; `None` if there is nothing to be done by hand.
pub(crate) fn command(decision: &Decision, names: Names) -> Option<String> {
    let Names { slug, mission, run, has_cron } = names;
    let words: Vec<&str> = match decision {
        Decision::Complete { summary } => vec!["complete", slug, summary],
        Decision::FailMission { reason, .. } => vec!["fail", slug, reason],
        Decision::Continue { step: Some(step), begun } => {
            let status = if *begun { "completed" } else { "in_progress" };
            vec!["update-step", mission, run, step, status]
        }
        Decision::Continue { step: None, .. } => vec!["complete", slug],
        Decision::Retry { .. } => vec!["tick", slug],
        Decision::Wait { .. } if !has_cron => vec!["cron", "add", slug],
        Decision::Wait { .. } | Decision::Over(_) => return None,
    };
    let words: Vec<String> = words.into_iter().map(for_shell).collect();
    Some(format!("missions {}", words.join(" ")))
}

/// The decision for programs.
pub(crate) fn document(decision: &Decision, names: Names) -> Value {
    let mut document = match decision {
        Decision::Complete { summary } => json!({ "decision": "complete", "summary": summary }),
        Decision::Continue { step, begun } => {
            json!({ "decision": "continue", "step": step, "begun": begun })
        }
        Decision::Retry { target, at } => {
            json!({ "decision": "retry", "event_id": target, "at": at.to_string() })
        }
        Decision::FailMission { step, reason } => {
            json!({ "decision": "fail", "step": step, "reason": reason })
        }
        Decision::Wait { until } => json!({ "decision": "wait", "until": until.to_string() }),
        Decision::Over(status) => json!({ "decision": "over", "status": status.word() }),
    };
    document["slug"] = names.slug.into();
    document["command"] = command(decision, names).into();
    document
}

#[cfg(test)]
mod tests {
    use super::{Names, command, document};
    use crate::lifecycle::ledger::RunEnd;
    use crate::lifecycle::plan::Decision;

    const NAMES: Names = Names { slug: "a-b", mission: "mis", run: "run", has_cron: false };

    #[track_caller]
    fn case(decision: &Decision, wanted: &str) {
        let found = command(decision, NAMES).unwrap_or_default();
        assert_eq!(found, wanted);
        assert_eq!(document(decision, NAMES)["command"].as_str().unwrap_or_default(), wanted);
    }

    #[test]
    fn each_decision_is_a_command_line() {
        let summary = "it's done".to_owned();
        case(&Decision::Complete { summary }, r"missions complete a-b 'it'\''s done'");
        let (step, reason) = ("s".to_owned(), "no answer".to_owned());
        case(&Decision::FailMission { step, reason }, "missions fail a-b 'no answer'");
        let next = |begun| Decision::Continue { step: Some("s".to_owned()), begun };
        case(&next(false), "missions update-step mis run s in_progress");
        case(&next(true), "missions update-step mis run s completed");
        let until = "2027-12-01T15:00:00Z".parse().unwrap();
        case(&Decision::Wait { until }, "missions cron add a-b");
        let watched = Names { has_cron: true, ..NAMES };
        assert_eq!(command(&Decision::Wait { until }, watched), None);
        case(&Decision::Retry { target: "e".to_owned(), at: until }, "missions tick a-b");
        case(&Decision::Over(RunEnd::Succeeded), "");
    }
}
