//! What the agent's main conversation is told of a turn with a stranger, which ran apart from it.

use super::fence::FenceNonce;

/// A report, so that the owner can ask about it: who it was, what they said, and what they were answered.
pub(crate) fn stranger_record(nonce: &FenceNonce, who: &str, words: &str, answer: &str) -> String {
    format!(
        "[ClawdTalk] For the record only: {who}, and you answered in a session apart. Do nothing about it now; if it is for \
         your owner, tell them when they next talk to you.\n{}\n{}",
        nonce.quote("what they said", words),
        nonce.quote("what you answered", answer)
    )
}

#[cfg(test)]
mod tests {
    use super::stranger_record;
    use crate::prompts::fence::FenceNonce;

    #[test]
    fn both_sides_are_quoted() {
        let nonce = FenceNonce::random().unwrap();
        let record = stranger_record(&nonce, "a text came from +1", "Call me.", "I will tell.");
        assert!(record.starts_with("[ClawdTalk] For the record only: a text came from +1"));
        assert!(record.contains("\n| Call me.\n") && record.contains("\n| I will tell.\n"));
    }
}
