//! What a turn shows of the gateway: whether it answers, whether it lets us send, and what is in the way.

use state::gateway::TurnOutcome;

/// What a turn showed of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GatewayHealth {
    /// Where it was.
    pub(crate) url: String,
    /// It answered.
    pub(crate) reachable: bool,
    /// It let us send; `None` if that did not show.
    pub(crate) sessions_send: Option<bool>,
    /// What is in the way and what helps, for the log and `status`.
    pub(crate) problem: Option<String>,
}

impl GatewayHealth {
    /// What the outcome of a turn at this address shows.
    pub(crate) fn of(outcome: &TurnOutcome, url: String) -> Self {
        let (reachable, sessions_send) = match outcome {
            TurnOutcome::Reply(_)
            | TurnOutcome::Accepted { .. }
            | TurnOutcome::NoReply
            | TurnOutcome::Unanswered { .. }
            | TurnOutcome::Failed { .. } => (true, Some(true)),
            TurnOutcome::ToolNotAllowed => (true, Some(false)),
            TurnOutcome::Refused { .. }
            | TurnOutcome::WrongVariant { .. }
            | TurnOutcome::ChatDisabled
            | TurnOutcome::BadToken
            | TurnOutcome::Busy { .. } => (true, None),
            TurnOutcome::Unconfirmed { .. } | TurnOutcome::Unreachable { .. } => (false, None),
        };
        let is_problem =
            sessions_send != Some(true) || matches!(outcome, TurnOutcome::Failed { .. });
        let problem = is_problem.then(|| match outcome.hint() {
            Some(hint) => format!("{outcome}; {hint}"),
            None => outcome.to_string(),
        });
        Self { url, reachable, sessions_send, problem }
    }
}

#[cfg(test)]
mod tests {
    use super::GatewayHealth;
    use state::gateway::TurnOutcome;

    #[test]
    fn a_missing_permission_names_the_line_to_change() {
        let of = |outcome: TurnOutcome| GatewayHealth::of(&outcome, String::new());
        let health = of(TurnOutcome::ToolNotAllowed);
        assert_eq!((health.reachable, health.sessions_send), (true, Some(false)));
        assert!(health.problem.is_some_and(|problem| problem.contains("gateway.tools.allow")));
        assert_eq!(of(TurnOutcome::NoReply).problem, None);
        let unreachable = |fix: Option<&str>| {
            let fix = fix.map(str::to_owned);
            of(TurnOutcome::Unreachable { why: "not accepted".to_owned(), fix }).problem
        };
        assert_eq!(unreachable(Some("set it")).unwrap().split("; ").last(), Some("set it"));
        assert!(unreachable(None).unwrap().contains("start the gateway"));
    }
}
