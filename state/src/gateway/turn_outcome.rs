//! How a turn ended, as far as the gateway's answer tells.

use std::fmt;
use std::time::Duration;

use crate::http::NetError;

/// How an attempt to have a turn ended. Only [`TurnOutcome::Reply`] means that the agent answered; after nothing else may
/// the caller be told that the work is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnOutcome {
    /// The agent answered.
    Reply(String),
    /// The turn is running or queued; its reply can be found by the id ([`super::GatewayClient::finished_runs`]).
    Accepted {
        /// The run, if the gateway named it.
        run_id: Option<String>,
    },
    /// The turn ended and the agent had nothing to say: `no_reply`, a control word, a tool call as text.
    NoReply,
    /// The turn ended without a reply and without a reason. Whether it did its work is not known: Clawdbot answers a failed
    /// model so.
    Unanswered {
        /// The run, if the gateway named it.
        run_id: Option<String>,
    },
    /// The turn was started and failed.
    Failed {
        /// The gateway's words.
        words: String,
    },
    /// The gateway refused before any turn.
    Refused {
        /// The gateway's words.
        words: String,
    },
    /// The gateway refused this variant of the call before any turn; the other one may work. After both
    /// were refused [`super::GatewayClient::run_turn`] gives [`TurnOutcome::Refused`].
    WrongVariant {
        /// The gateway's words.
        words: String,
    },
    /// `sessions_send` is not allowed over HTTP (404).
    ToolNotAllowed,
    /// The chat endpoint is switched off (404).
    ChatDisabled,
    /// The gateway refused the token (401).
    BadToken,
    /// The gateway takes no turns now (429, 503); none was started.
    Busy {
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// It was sent, and there is no answer, or none that tells: the turn may be running. Never sent again.
    Unconfirmed {
        /// What happened to the answer.
        why: String,
    },
    /// It was not sent: the gateway is down, or not at that address.
    Unreachable {
        /// What prevented it.
        why: String,
        /// What helps against just that, such as a certificate that is not accepted.
        fix: Option<String>,
    },
}

impl TurnOutcome {
    /// Nothing was sent, for this reason.
    pub(super) fn unreachable(cause: &NetError) -> Self {
        Self::Unreachable { why: cause.to_string(), fix: cause.hint().map(str::to_owned) }
    }

    /// Whether the gateway took the message as a turn: the variant in which it was sent works there.
    pub(super) fn proves_a_turn(&self) -> bool {
        match self {
            Self::Reply(_)
            | Self::Accepted { .. }
            | Self::NoReply
            | Self::Unanswered { .. }
            | Self::Failed { .. } => true,
            Self::Refused { .. }
            | Self::WrongVariant { .. }
            | Self::ToolNotAllowed
            | Self::ChatDisabled
            | Self::BadToken
            | Self::Busy { .. }
            | Self::Unconfirmed { .. }
            | Self::Unreachable { .. } => false,
        }
    }

    /// Whether nothing was sent, or nothing was taken, because the gateway is down, starts or shuts down: the same message
    /// may be sent later, and is then a turn for the first time.
    pub fn is_gateway_down(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Busy { .. })
    }

    /// What the owner can do about it: a command, or a line of configuration.
    pub fn hint(&self) -> Option<&str> {
        Some(match self {
            Self::ToolNotAllowed => {
                "allow it in the gateway's config: gateway.tools.allow: [\"sessions_send\"] (`setup` does it)"
            }
            Self::ChatDisabled => {
                "switch it on in the gateway's config: gateway.http.endpoints.chatCompletions.enabled: true, \
                 or set `gateway_api` to \"auto\""
            }
            Self::BadToken => "run `setup` to take the gateway's token anew",
            Self::Unreachable { fix: Some(fix), .. } => fix,
            Self::Unreachable { fix: None, .. } => {
                "start the gateway, or run `setup` if it has moved"
            }
            Self::Busy { .. } => "try again in a minute",
            _ => return None,
        })
    }
}

impl fmt::Display for TurnOutcome {
    /// One line for a log. It has the length of a reply and not its words, which are private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply(reply) => write!(f, "replied, {} characters", reply.chars().count()),
            Self::Accepted { .. } => f.write_str("still running"),
            Self::NoReply => f.write_str("ended with nothing to say"),
            Self::Unanswered { .. } => f.write_str("ended without a reply"),
            Self::Failed { words } => write!(f, "the turn failed: {words}"),
            Self::Refused { words } | Self::WrongVariant { words } => {
                write!(f, "the gateway refused: {words}")
            }
            Self::ToolNotAllowed => {
                f.write_str("the gateway does not allow sessions_send over HTTP")
            }
            Self::ChatDisabled => f.write_str("the gateway's chat endpoint is off"),
            Self::BadToken => f.write_str("the gateway refused the token"),
            Self::Busy { .. } => f.write_str("the gateway takes no turns now"),
            Self::Unconfirmed { why } => write!(f, "sent, but unconfirmed: {why}"),
            Self::Unreachable { why, .. } => write!(f, "the gateway cannot be reached: {why}"),
        }
    }
}
