//! What is answered to a request, and how the outcome of a turn becomes that.

use state::gateway::TurnOutcome;

use crate::prompts::caller_phrases;
use crate::speech;

/// The text of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AnswerText {
    /// The agent's words, or why a request was refused.
    Reply(String),
    /// Why there is no reply, in a phrase of our own.
    Error(&'static str),
}

impl AnswerText {
    /// The answer to a turn with this outcome: only a reply counts as one, and nothing claims that something was done.
    /// Whether a reply can still be spoken later makes a difference where the turn is still running.
    pub(crate) fn for_outcome(outcome: &TurnOutcome, can_follow_up: bool) -> Self {
        Self::Error(match outcome {
            TurnOutcome::Reply(reply) => {
                let text = speech::speakable(reply);
                if !text.is_empty() {
                    return Self::Reply(text);
                }
                caller_phrases::NO_WORDS
            }
            TurnOutcome::NoReply => caller_phrases::NO_WORDS,
            TurnOutcome::Accepted { .. } => return Self::still_running(can_follow_up),
            TurnOutcome::Unanswered { .. } => caller_phrases::UNREADABLE,
            TurnOutcome::Failed { .. } => caller_phrases::TURN_FAILED,
            TurnOutcome::Refused { .. } | TurnOutcome::WrongVariant { .. } => {
                caller_phrases::SESSION_REFUSED
            }
            TurnOutcome::ToolNotAllowed | TurnOutcome::ChatDisabled => caller_phrases::NOT_ALLOWED,
            TurnOutcome::BadToken => caller_phrases::TOKEN_REFUSED,
            TurnOutcome::Busy { .. } => caller_phrases::GATEWAY_RESTARTING,
            TurnOutcome::Unconfirmed { .. } => caller_phrases::ANSWER_LOST,
            TurnOutcome::Unreachable { .. } => caller_phrases::UNREACHABLE,
        })
    }

    /// The answer when the wait is over and the turn is not.
    pub(crate) fn still_running(can_follow_up: bool) -> Self {
        Self::Error(if can_follow_up {
            caller_phrases::STILL_RUNNING
        } else {
            caller_phrases::NO_ANSWER_YET
        })
    }

    /// Its words.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Reply(text) => text,
            Self::Error(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AnswerText;
    use crate::prompts::caller_phrases;
    use state::gateway::TurnOutcome;

    #[test]
    fn only_a_reply_is_answered_as_one() {
        let reply = |text: &str| AnswerText::for_outcome(&TurnOutcome::Reply(text.into()), true);
        assert_eq!(reply("**Two** meetings."), AnswerText::Reply("Two meetings.".into()));
        assert_eq!(reply("🎉"), AnswerText::Error(caller_phrases::NO_WORDS));
        let words = || "x".to_owned();
        for outcome in [
            TurnOutcome::Accepted { run_id: None },
            TurnOutcome::NoReply,
            TurnOutcome::Unanswered { run_id: None },
            TurnOutcome::Failed { words: words() },
            TurnOutcome::Refused { words: words() },
            TurnOutcome::ToolNotAllowed,
            TurnOutcome::BadToken,
            TurnOutcome::Busy { retry_after: None },
            TurnOutcome::Unconfirmed { why: words() },
            TurnOutcome::Unreachable { why: words(), fix: None },
        ] {
            let answer = AnswerText::for_outcome(&outcome, true);
            assert!(matches!(answer, AnswerText::Error(_)), "{outcome:?}");
        }
    }

    #[test]
    fn where_nothing_can_follow_no_late_reply_is_promised() {
        let running = TurnOutcome::Accepted { run_id: Some("r".into()) };
        let answer = |can_follow_up| AnswerText::for_outcome(&running, can_follow_up);
        assert_eq!(answer(false), AnswerText::Error(caller_phrases::NO_ANSWER_YET));
        assert_eq!(answer(true), AnswerText::Error(caller_phrases::STILL_RUNNING));
    }
}
