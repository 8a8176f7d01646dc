//! The kinds of turns: who speaks, how long the gateway waits, and how long a message may be.

use super::SessionKey;

/// The longest message, in characters: far below the gateway's limit of 2 MiB, and below what makes the agent compact its
/// memory.
const MAX_CHARS: usize = 16_000;

/// What a turn is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnKind {
    /// The owner speaks on a call.
    OwnerVoice,
    /// Somebody else speaks on a call.
    StrangerVoice,
    /// The owner speaks by push-to-talk, perhaps to another session of the same agent.
    Walkie(Option<SessionKey>),
    /// Somebody sent a text: always a stranger, since the sender of a text can be forged.
    Sms,
    /// The agent is notified of something; nobody waits for a reply.
    Notification,
}

impl TurnKind {
    /// How long the gateway is asked to wait for the end of the turn, in seconds.
    pub(crate) fn wait_seconds(&self) -> u32 {
        match self {
            Self::OwnerVoice | Self::StrangerVoice | Self::Walkie(_) => 90,
            Self::Sms => 60,
            Self::Notification => 0,
        }
    }

    /// Whether the owner speaks: only then may the chat endpoint be used, where the message counts as the owner's.
    pub(crate) fn is_owners(&self) -> bool {
        matches!(self, Self::OwnerVoice | Self::Walkie(_))
    }

    /// The session that it is sent to.
    pub(super) fn session(&self, agent_id: &str) -> SessionKey {
        match self {
            Self::Walkie(Some(key)) => key.clone(),
            _ => SessionKey::main(agent_id),
        }
    }
}

/// The message; one that is too long is cut, with a note.
pub fn cut_to_limit(message: &str) -> String {
    match message.char_indices().nth(MAX_CHARS) {
        None => message.to_owned(),
        Some((end, _)) => {
            format!(
                "{}\n[cut here: the message was longer than {MAX_CHARS} characters]",
                &message[..end]
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_CHARS, cut_to_limit};

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        assert_eq!(cut_to_limit("short"), "short");
        assert_eq!(cut_to_limit(&"é".repeat(MAX_CHARS)), "é".repeat(MAX_CHARS));
        let cut = cut_to_limit(&"é".repeat(MAX_CHARS + 1));
        assert!(cut.starts_with(&"é".repeat(MAX_CHARS)) && cut.ends_with("characters]"), "{cut}");
    }
}
