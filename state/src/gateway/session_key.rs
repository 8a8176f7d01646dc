//! Session keys, which name a conversation of an agent. One that comes from outside is used only if it is of the
//! configured agent.

use std::fmt;

/// The longest key that is accepted, in bytes.
const MAX_LENGTH: usize = 200;

/// A session key of the configured agent: `agent:<id>:…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionKey(String);

impl SessionKey {
    /// A key that comes from outside, if it is of the agent `agent_id` and made of plain characters. `None` for every other:
    /// nobody may reach other agents from here.
    pub fn parse_for_agent(agent_id: &str, key: &str) -> Option<Self> {
        let rest = key.strip_prefix("agent:")?.strip_prefix(agent_id)?.strip_prefix(':')?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:+@".contains(c);
        (key.len() <= MAX_LENGTH && !rest.is_empty() && rest.chars().all(is_plain))
            .then(|| Self(key.to_owned()))
    }

    /// The agent's main session.
    pub fn main(agent_id: &str) -> Self {
        Self(format!("agent:{agent_id}:main"))
    }

    /// A session of the agent with a name of ours, made of plain characters.
    pub fn named(agent_id: &str, name: &str) -> Self {
        Self(format!("agent:{agent_id}:{name}"))
    }

    /// The caller's session that 2026.8.1 and later need: not the one that is called, and of the kind `direct`, since after
    /// a message from any other kind the agent has up to five more turns with itself.
    pub(super) fn caller(agent_id: &str) -> Self {
        Self(format!("agent:{agent_id}:direct:clawdtalk"))
    }

    /// The key as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::SessionKey;

    #[test]
    fn only_sessions_of_the_agent_are_accepted() {
        for key in ["agent:main:main", "agent:main:direct:+15550100", "agent:main:a.b_c-d@e"] {
            assert_eq!(SessionKey::parse_for_agent("main", key).unwrap().as_str(), key);
        }
        let long = format!("agent:main:{}", "x".repeat(200));
        for key in [
            "agent:bank:main",
            "agent:main2:main",
            "agent:main",
            "agent:main:",
            "main",
            "",
            "Agent:main:main",
            "agent:main:a b",
            "agent:main:a\r\nx: y",
            "agent:main:é",
            &long,
        ] {
            assert_eq!(SessionKey::parse_for_agent("main", key), None, "{key}");
        }
    }
}
