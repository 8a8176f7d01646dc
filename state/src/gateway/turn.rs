//! A turn that is asked of the agent: whose it is, how long the gateway waits, and what fits into one.

use super::SessionKey;

/// The longest message, in characters. It keeps far from the gateway's 2 MiB, beyond which it answers
/// 413, and from what drives the agent into compacting its memory (facts/gateway.md 4i).
const LONGEST: usize = 16_000;

/// What a turn is for (spec 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The owner speaks on a call.
    OwnerVoice,
    /// Somebody else speaks on a call.
    StrangerVoice,
    /// The owner speaks by push-to-talk, perhaps to another session of the same agent.
    Walkie(Option<SessionKey>),
    /// A text came in: always a stranger's, since senders can be forged.
    Sms,
    /// Something is reported; nobody waits for an answer.
    Report,
}

impl Turn {
    /// How long the gateway is asked to wait for the turn's end, in seconds.
    pub(crate) fn wait_seconds(&self) -> u32 {
        match self {
            Self::OwnerVoice | Self::StrangerVoice | Self::Walkie(_) => 90,
            Self::Sms => 60,
            Self::Report => 0,
        }
    }

    /// Whether the owner asks: only then may it go in as the owner's own words, by the chat endpoint.
    pub(crate) fn is_owners(&self) -> bool {
        matches!(self, Self::OwnerVoice | Self::Walkie(_))
    }

    /// The session that is asked.
    pub(super) fn session(&self, agent_id: &str) -> SessionKey {
        match self {
            Self::Walkie(Some(key)) => key.clone(),
            _ => SessionKey::main(agent_id),
        }
    }
}

/// The message, cut with a note if it is too long.
pub(super) fn fitting(message: &str) -> String {
    match message.char_indices().nth(LONGEST) {
        None => message.to_owned(),
        Some((end, _)) => {
            format!(
                "{}\n[cut here: the message was longer than {LONGEST} characters]",
                &message[..end]
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, fitting};

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        assert_eq!(fitting("short"), "short");
        assert_eq!(fitting(&"é".repeat(LONGEST)), "é".repeat(LONGEST));
        let cut = fitting(&"é".repeat(LONGEST + 1));
        assert!(cut.starts_with(&"é".repeat(LONGEST)) && cut.ends_with("characters]"), "{cut}");
    }
}
