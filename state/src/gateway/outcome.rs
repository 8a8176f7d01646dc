//! What became of a turn: told apart as far as the gateway's answer allows, and no further.

use std::fmt;
use std::time::Duration;

/// The end of an attempt to have a turn. Only [`Outcome::Reply`] is an answer; nothing else may be told
/// to the caller as if the work was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The agent answered.
    Reply(String),
    /// The turn is running or queued; its reply can be looked for by the id ([`super::Client::history`]).
    Accepted {
        /// The run, if the gateway named it.
        run_id: Option<String>,
    },
    /// The turn ended and the agent had nothing to say: `no_reply`, a control word, a tool call as text.
    NoReply,
    /// The turn ended without a reply and without a reason: what came of it is not known (the old
    /// gateway answers a failed model so, facts/gateway.md 4d).
    Unanswered {
        /// The run, if the gateway named it.
        run_id: Option<String>,
    },
    /// The turn was begun and failed.
    Failed {
        /// The gateway's words.
        words: String,
    },
    /// The gateway refused before any turn.
    Refused {
        /// The gateway's words.
        words: String,
    },
    /// The gateway refused this form of the call before any turn; the other form may work. After both
    /// were refused [`super::Client::turn`] gives [`Outcome::Refused`].
    WrongForm {
        /// The gateway's words.
        words: String,
    },
    /// `sessions_send` is not allowed over HTTP (404).
    NotAllowed,
    /// The chat endpoint is switched off (404).
    ChatOff,
    /// The gateway refused the token (401).
    BadToken,
    /// The gateway takes no turns now (429, 503); none was begun.
    Busy {
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// It was sent, and no answer came or none that tells: the turn may be running. Never sent again.
    MayBeRunning {
        /// What happened to the answer.
        why: String,
    },
    /// It never left: the gateway is down or elsewhere.
    Unreachable {
        /// What was in the way.
        why: String,
    },
}

impl Outcome {
    /// Whether the gateway took the message as a turn: the form it was sent in works there.
    pub(super) fn shows_a_turn(&self) -> bool {
        match self {
            Self::Reply(_)
            | Self::Accepted { .. }
            | Self::NoReply
            | Self::Unanswered { .. }
            | Self::Failed { .. } => true,
            Self::Refused { .. }
            | Self::WrongForm { .. }
            | Self::NotAllowed
            | Self::ChatOff
            | Self::BadToken
            | Self::Busy { .. }
            | Self::MayBeRunning { .. }
            | Self::Unreachable { .. } => false,
        }
    }

    /// What the owner can do about it, as a command or a line of configuration.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotAllowed => {
                "allow it in the gateway's config: gateway.tools.allow: [\"sessions_send\"] (`setup` does it)"
            }
            Self::ChatOff => {
                "switch it on in the gateway's config: gateway.http.endpoints.chatCompletions.enabled: true, \
                 or set `gateway_api` to \"auto\""
            }
            Self::BadToken => "run `setup` to take the gateway's token anew",
            Self::Unreachable { .. } => "start the gateway, or run `setup` if it has moved",
            Self::Busy { .. } => "try again in a minute",
            _ => return None,
        })
    }
}

impl fmt::Display for Outcome {
    /// One line for a log, without the words of people: a reply is told by its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply(reply) => write!(f, "replied, {} characters", reply.chars().count()),
            Self::Accepted { .. } => f.write_str("still running"),
            Self::NoReply => f.write_str("ended with nothing to say"),
            Self::Unanswered { .. } => f.write_str("ended without a reply"),
            Self::Failed { words } => write!(f, "the turn failed: {words}"),
            Self::Refused { words } | Self::WrongForm { words } => {
                write!(f, "the gateway refused: {words}")
            }
            Self::NotAllowed => f.write_str("the gateway does not allow sessions_send over HTTP"),
            Self::ChatOff => f.write_str("the gateway's chat endpoint is off"),
            Self::BadToken => f.write_str("the gateway refused the token"),
            Self::Busy { .. } => f.write_str("the gateway takes no turns now"),
            Self::MayBeRunning { why } => write!(f, "sent, but may be running unheard: {why}"),
            Self::Unreachable { why } => write!(f, "the gateway cannot be reached: {why}"),
        }
    }
}
