//! Which conversation of the agent a request goes to. A key from the wire is used only if it is this agent's.

use std::fmt;

/// The longest key that is accepted, in bytes.
const LONGEST: usize = 200;

/// A session key of the configured agent: `agent:<id>:…` (facts/gateway.md 4g).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionKey(String);

impl SessionKey {
    /// A key that somebody else named, if it belongs to the agent `agent_id` and is made of plain
    /// characters. `None` for every other: `agent:bank:main` is nobody's to open from here.
    pub fn of_agent(agent_id: &str, key: &str) -> Option<Self> {
        let rest = key.strip_prefix("agent:")?.strip_prefix(agent_id)?.strip_prefix(':')?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:+@".contains(c);
        (key.len() <= LONGEST && !rest.is_empty() && rest.chars().all(is_plain))
            .then(|| Self(key.to_owned()))
    }

    /// The agent's main session.
    pub(super) fn main(agent_id: &str) -> Self {
        Self(format!("agent:{agent_id}:main"))
    }

    /// The caller that today's gateway wants beside the session that is called: another one, of the kind
    /// "direct", which is answered without five turns of the agent talking to itself (facts/gateway.md 0).
    pub(super) fn caller(agent_id: &str) -> Self {
        Self(format!("agent:{agent_id}:direct:clawdtalk"))
    }

    /// The key as it goes on the wire.
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
            assert_eq!(SessionKey::of_agent("main", key).unwrap().as_str(), key);
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
            assert_eq!(SessionKey::of_agent("main", key), None, "{key}");
        }
    }
}
