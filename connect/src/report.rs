//! What workers tell the socket's thread, and how a turn's outcome becomes words.

use serde_json::Value;
use state::gateway::Outcome;

use crate::prompts::phrases;
use crate::request::{Said, Way};
use crate::speech;
use crate::status::gateway_health::GatewayHealth;
use crate::transport::outbox::OwnLatency;

/// Something of a request.
#[derive(Debug)]
pub(crate) enum Report {
    /// The owner's approval is being asked for.
    Asking,
    /// It is on its way to the gateway.
    Running,
    /// Its work has ended.
    Ended(Ended),
    /// Its work broke.
    Panicked,
    /// In a simulation: what would have been done.
    Would(Value),
    /// A run ended after the wait for it, or is no longer looked for.
    Late(Option<Outcome>),
}

/// How the work for a request ended.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// What to say; `None` if that has been done or nobody waits.
    pub(crate) said: Option<Said>,
    /// The run whose reply is still to come.
    pub(crate) run_id: Option<String>,
    /// How long the request was held before it went to the gateway, and since when its answer is there.
    pub(crate) held: Option<OwnLatency>,
    /// What the turn showed of the gateway.
    pub(crate) contact: Option<GatewayHealth>,
}

impl Ended {
    /// Ended without a turn.
    pub(crate) fn saying(said: Said) -> Self {
        Self { said: Some(said), ..Self::default() }
    }
}

/// The words for an outcome: only a reply is told as one, and nothing claims that something was done.
pub(crate) fn said(outcome: &Outcome, way: &Way) -> Said {
    Said::Fault(match outcome {
        Outcome::Reply(reply) => {
            let words = speech::speakable(reply);
            if !words.is_empty() {
                return Said::Reply(words);
            }
            phrases::NO_WORDS
        }
        Outcome::NoReply => phrases::NO_WORDS,
        Outcome::Accepted { .. } => still_running(way),
        Outcome::Unanswered { .. } => phrases::UNREADABLE,
        Outcome::Failed { .. } => phrases::TURN_FAILED,
        Outcome::Refused { .. } | Outcome::WrongForm { .. } => phrases::SESSION_REFUSED,
        Outcome::NotAllowed | Outcome::ChatOff => phrases::NOT_ALLOWED,
        Outcome::BadToken => phrases::TOKEN_REFUSED,
        Outcome::Busy { .. } => phrases::GATEWAY_RESTARTING,
        Outcome::MayBeRunning { .. } => phrases::ANSWER_LOST,
        Outcome::Unreachable { .. } => phrases::UNREACHABLE,
    })
}

/// What is said when the wait is over and the turn is not: whether the reply can still be spoken differs.
pub(crate) fn still_running(way: &Way) -> &'static str {
    if way.call_id().is_some() { phrases::STILL_RUNNING } else { phrases::NO_ANSWER_YET }
}

#[cfg(test)]
mod tests {
    use super::said;
    use crate::prompts::phrases;
    use crate::request::{Said, Way};
    use state::gateway::Outcome;

    fn call() -> Way {
        Way::Call { request_id: "r1".into(), call_id: Some("c1".into()) }
    }

    #[test]
    fn only_a_reply_is_told_as_one() {
        let reply = |text: &str| said(&Outcome::Reply(text.into()), &call());
        assert_eq!(reply("**Two** meetings."), Said::Reply("Two meetings.".into()));
        assert_eq!(reply("🎉"), Said::Fault(phrases::NO_WORDS));
        let words = || "x".to_owned();
        for outcome in [
            Outcome::Accepted { run_id: None },
            Outcome::NoReply,
            Outcome::Unanswered { run_id: None },
            Outcome::Failed { words: words() },
            Outcome::Refused { words: words() },
            Outcome::NotAllowed,
            Outcome::BadToken,
            Outcome::Busy { retry_after: None },
            Outcome::MayBeRunning { why: words() },
            Outcome::Unreachable { why: words() },
        ] {
            assert!(matches!(said(&outcome, &call()), Said::Fault(_)), "{outcome:?}");
        }
    }

    #[test]
    fn push_to_talk_is_not_promised_a_late_reply() {
        let walkie = Way::Walkie { request_id: "w1".into(), session: None };
        let running = Outcome::Accepted { run_id: Some("r".into()) };
        assert_eq!(said(&running, &walkie), Said::Fault(phrases::NO_ANSWER_YET));
        assert_eq!(said(&running, &call()), Said::Fault(phrases::STILL_RUNNING));
    }
}
