//! In which session of the gateway a turn runs where the gate holds what is done: the owner's on the phone in one of its own, a
//! stranger's in another, where nothing is done at all, and what is only told in the main one.

use std::sync::Arc;
use std::time::Instant;

use state::gateway::SessionKey;

use crate::calls::Speaker;
use crate::shared::context::ClientContext;
use crate::shared::phone_session::SessionTurn;
use crate::shared::request::{AgentRequest, Origin};
use crate::shared::rung::Rung;
use crate::workers::line_turn::fork;
use crate::workers::speaker;

/// The name of the phone's session. The gate holds what is done there, and in those that begin with it.
const PHONE: &str = "phone";
/// The name with which a stranger's session begins. The gate blocks what is done there.
const STRANGER: &str = "clawdtalk-stranger";

/// The session of one turn by the gateway line.
pub(crate) enum LineSession<'a> {
    /// The phone's, which is this turn's until it ends.
    Phone {
        /// Its key.
        key: SessionKey,
        /// The hold on it.
        turn: SessionTurn<'a>,
        /// Whether the main conversation came along.
        has_main: bool,
    },
    /// A stranger's own.
    Stranger(SessionKey),
    /// The main one, for what is told and not asked.
    Record(SessionKey),
}

impl<'a> LineSession<'a> {
    /// The session for a turn; `None` for a turn by HTTP. `is_held` says that the turn may only run where the gate holds what is
    /// done. The phone's is made anew at the beginning of a call, so that the main conversation comes along.
    pub(crate) fn take(
        context: &'a ClientContext,
        request: &AgentRequest,
        speaker: Speaker,
        is_held: bool,
    ) -> Option<Self> {
        if !is_held && context.rung() != Rung::Gate {
            return None;
        }
        let agent_id = context.gateway.endpoint().agent_id();
        let stranger = |whose: &str| {
            let plain: String =
                whose.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
            Self::Stranger(SessionKey::named(agent_id, &format!("{STRANGER}-{plain}")))
        };
        Some(match (&request.origin, speaker) {
            (Origin::Internal, _) => Self::Record(SessionKey::main(agent_id)),
            (Origin::Text { from, .. }, _) => stranger(from.as_str()),
            (Origin::Call { call_id, .. }, Speaker::Stranger) => {
                let call_id = call_id.as_deref().unwrap_or("unknown");
                match speaker::dialled_number(context, call_id) {
                    Some(number) => stranger(number.as_str()),
                    None => stranger(call_id),
                }
            }
            (Origin::Call { .. } | Origin::Walkie { .. }, _) => phone(context, request, agent_id),
        })
    }

    /// Its key.
    pub(crate) fn key(&self) -> &SessionKey {
        match self {
            Self::Phone { key, .. } | Self::Stranger(key) | Self::Record(key) => key,
        }
    }

    /// Whether the main conversation is in it, where it is the phone's.
    pub(crate) fn has_main(&self) -> bool {
        matches!(self, Self::Phone { has_main: true, .. })
    }

    /// Whether the turn breaks in on another one.
    pub(crate) fn interrupts(&self) -> bool {
        matches!(self, Self::Phone { turn: SessionTurn { interrupts: true, .. }, .. })
    }
}

fn phone<'a>(
    context: &'a ClientContext,
    request: &AgentRequest,
    agent_id: &str,
) -> LineSession<'a> {
    let until = Instant::now() + context.periods.queue;
    let turn = context.phone_session.take(&Arc::new(request.clone()), until);
    let key = SessionKey::named(agent_id, PHONE);
    let is_new = match request.origin.call_id() {
        Some(call_id) => !context.calls.get(call_id).forked,
        None => context.phone_session.is_stale(),
    };
    if is_new && !turn.interrupts {
        let has_main = fork(&context.line(), &key, &SessionKey::main(agent_id));
        context.phone_session.set_forked(has_main);
        if let Some(call_id) = request.origin.call_id() {
            context.update_call(call_id, |call| call.forked = true);
        }
        if !has_main {
            let key = &request.key;
            context.log.line(format_args!("{key}: the main conversation could not be forked"));
        }
    }
    LineSession::Phone { key, turn, has_main: context.phone_session.has_main() }
}
