//! The decision about a mission as the command line that carries it out: `missions next SLUG` prints it.

use serde_json::{Value, json};
use state::shell;

use super::action::MissionDecision;
use crate::service::RunRef;

/// What a mission is called: here, and at the service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MissionIds<'a> {
    /// The mission's slug.
    pub(crate) slug: &'a str,
    /// Its run at the service.
    pub(crate) run: RunRef<'a>,
}

/// The command line; `None` if there is nothing to be done by hand. `has_cron`: whether cron runs ticks for the mission.
pub(crate) fn command_line(
    decision: &MissionDecision,
    ids: MissionIds,
    has_cron: bool,
) -> Option<String> {
    let MissionIds { slug, run: RunRef { mission, run } } = ids;
    let words: Vec<&str> = match decision {
        MissionDecision::Complete { summary } => vec!["complete", slug, summary],
        MissionDecision::Fail { reason, .. } => vec!["fail", slug, reason],
        // Only whoever does the work of a step without calls and texts knows when it is done; and where nothing was done
        // nothing has succeeded.
        MissionDecision::Continue { step: Some(_), started: true, .. }
        | MissionDecision::Continue { step: None, has_events: false, .. } => return None,
        MissionDecision::Continue { step: Some(step), .. } => {
            vec!["update-step", mission, run, step, "in_progress"]
        }
        MissionDecision::Continue { step: None, .. } => vec!["complete", slug],
        MissionDecision::Retry { .. } => vec!["tick", slug],
        MissionDecision::Wait { .. } if !has_cron => vec!["cron", "add", slug],
        MissionDecision::Wait { .. } | MissionDecision::Over(_) => return None,
    };
    let words: Vec<String> = words.into_iter().map(shell::quote).collect();
    Some(format!("missions {}", words.join(" ")))
}

/// The decision as JSON.
pub(crate) fn decision_json(decision: &MissionDecision, ids: MissionIds, has_cron: bool) -> Value {
    let mut json = match decision {
        MissionDecision::Complete { summary } => {
            json!({ "decision": "complete", "summary": summary })
        }
        MissionDecision::Continue { step, started, work, .. } => {
            json!({ "decision": "continue", "step": step, "begun": started, "work": work })
        }
        MissionDecision::Retry { target, at } => {
            json!({ "decision": "retry", "event_id": target, "at": at.to_string() })
        }
        MissionDecision::Fail { step, reason } => {
            json!({ "decision": "fail", "step": step, "reason": reason })
        }
        MissionDecision::Wait { until } => {
            json!({ "decision": "wait", "until": until.to_string() })
        }
        MissionDecision::Over(status) => json!({ "decision": "over", "status": status.word() }),
    };
    json["slug"] = ids.slug.into();
    json["command"] = command_line(decision, ids, has_cron).into();
    json
}

#[cfg(test)]
mod tests {
    use super::{MissionIds, command_line, decision_json};
    use crate::lifecycle::action::MissionDecision;
    use crate::lifecycle::end::RunEnd;
    use crate::service::RunRef;

    const IDS: MissionIds = MissionIds { slug: "a-b", run: RunRef { mission: "mis", run: "run" } };

    #[track_caller]
    fn case(decision: &MissionDecision, wanted: &str) {
        let found = command_line(decision, IDS, false).unwrap_or_default();
        assert_eq!(found, wanted);
        let json = decision_json(decision, IDS, false);
        assert_eq!(json["command"].as_str().unwrap_or_default(), wanted);
    }

    #[test]
    fn each_decision_is_a_command_line() {
        let summary = "it's done".to_owned();
        case(&MissionDecision::Complete { summary }, r"missions complete a-b 'it'\''s done'");
        let (step, reason) = ("s".to_owned(), "no answer".to_owned());
        case(&MissionDecision::Fail { step, reason }, "missions fail a-b 'no answer'");
        let next = |step: Option<&str>, started, has_events| MissionDecision::Continue {
            step: step.map(str::to_owned),
            started,
            work: step.map(|_| "Find them".to_owned()),
            has_events,
        };
        case(&next(Some("s"), false, true), "missions update-step mis run s in_progress");
        case(&next(Some("s"), true, true), "");
        assert_eq!(decision_json(&next(Some("s"), true, true), IDS, false)["work"], "Find them");
        case(&next(None, false, false), "");
        case(&next(None, false, true), "missions complete a-b");
        let until = "2027-12-01T15:00:00Z".parse().unwrap();
        let wait = MissionDecision::Wait { until };
        case(&wait, "missions cron add a-b");
        assert_eq!(command_line(&wait, IDS, true), None);
        case(&MissionDecision::Retry { target: "e".to_owned(), at: until }, "missions tick a-b");
        case(&MissionDecision::Over(RunEnd::Succeeded), "");
    }
}
