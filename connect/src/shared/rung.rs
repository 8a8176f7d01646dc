//! On which rung the owner's turns stand: how what they do is held, if at all.

use state::gate_policy::GatePolicy;

use crate::gateway_line::handle::{GatewayLine, LineState};
use crate::gateway_line::hello::GateStanding;

/// How the owner's turns reach the agent, and what holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rung {
    /// By the gateway line, and the gate holds each deed until the owner approved it.
    Gate,
    /// By HTTP; the words of a request are judged before it is passed on.
    Words,
}

impl Rung {
    /// The rung now.
    pub(crate) fn of(policy: &GatePolicy, line: &GatewayLine) -> Self {
        if policy.on && !policy.in_main && line.has_gate() { Self::Gate } else { Self::Words }
    }

    /// The rung in a word, why it is not the higher one, and the command that gets one there.
    pub(crate) fn explained(
        policy: &GatePolicy,
        state: &LineState,
    ) -> (&'static str, Option<String>) {
        let why = match state {
            _ if !policy.on => return ("words", None),
            _ if policy.in_main => {
                "`gateway_session` is main, where nothing can be held; run `setup --gate` to change it".to_owned()
            }
            LineState::Connected(hello) => match &hello.gate {
                GateStanding::Loaded => return ("gate", None),
                GateStanding::Missing => {
                    "the gateway has not loaded the gate; run `setup --gate`, then `openclaw plugins list` shows it".to_owned()
                }
                GateStanding::Refused(words) => {
                    format!("the gate does not answer this device ({words}); run `setup --gate`")
                }
            },
            LineState::Off => "there is no gateway line; run `connect restart`".to_owned(),
            LineState::Connecting => "the gateway line is being connected".to_owned(),
            LineState::Away(why) => format!("the gateway line is not connected: {why}"),
        };
        ("words", Some(why))
    }
}
