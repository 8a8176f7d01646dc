//! What a gateway lets a client do over HTTP, and whether it knows the keys that say so.

use super::{GatewayConfig, Product};
use serde_json::Value;

/// The tool that carries a request to the agent; denied over HTTP unless `gateway.tools.allow` names it.
pub const TOOL: &str = "sessions_send";
/// Where that list stands.
pub const TOOLS_ALLOW: [&str; 3] = ["gateway", "tools", "allow"];
/// Where the chat endpoint is switched on.
pub const CHAT_ENABLED: [&str; 5] = ["gateway", "http", "endpoints", "chatCompletions", "enabled"];

/// The first version with `gateway.tools` (facts/gateway.md 0). For an older one the key is unknown, and
/// an unknown key makes its whole configuration invalid.
const FIRST_WITH_TOOLS: [u32; 3] = [2026, 2, 13];

impl GatewayConfig {
    /// Whether `gateway.tools.allow` names `sessions_send`.
    pub fn allows_tool(&self) -> bool {
        self.names_tool(&TOOLS_ALLOW)
    }

    /// Whether `gateway.tools.deny` takes `sessions_send` away again.
    pub fn denies_tool(&self) -> bool {
        self.names_tool(&["gateway", "tools", "deny"])
    }

    /// Whether `sessions_send` stands in the top-level `tools.allow`, where it leaves the agent with that one
    /// tool: a mistake that the reference's page led people into.
    pub fn confines_agent(&self) -> bool {
        self.names_tool(&["tools", "allow"])
    }

    /// Whether `/v1/chat/completions` is switched on.
    pub fn chat_enabled(&self) -> bool {
        self.get(&CHAT_ENABLED).and_then(Value::as_bool) == Some(true)
    }

    /// Whether the gateway of this configuration knows `gateway.tools`; the reason if it does not.
    /// Judged by the version that last wrote the file, else by the file's name: a running gateway knows better.
    pub fn knows_tools(&self) -> Result<(), String> {
        if self.get(&["gateway", "tools"]).is_some() {
            return Ok(());
        }
        let text = self.get(&["meta", "lastTouchedVersion"]).and_then(Value::as_str);
        let version = text.and_then(version);
        match (version, self.product) {
            (Some(version), _) if version >= FIRST_WITH_TOOLS => Ok(()),
            (Some([year, month, day]), product) => Err(format!(
                "{product} {year}.{month}.{day} does not know `gateway.tools` (it came with 2026.2.13): adding it would make its configuration invalid"
            )),
            (None, Product::OpenClaw) => Ok(()),
            (None, Product::Clawdbot) => Err(
                "Clawdbot before 2026.2.13 does not know `gateway.tools`: adding it would make its configuration invalid".to_owned(),
            ),
        }
    }

    fn names_tool(&self, path: &[&str]) -> bool {
        let list = self.get(path).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|tool| tool.as_str() == Some(TOOL)))
    }
}

/// `2026.1.24-3` as numbers that can be compared.
fn version(text: &str) -> Option<[u32; 3]> {
    let mut parts = text.trim().trim_start_matches('v').splitn(3, '.');
    let mut part = || {
        let part = parts.next()?;
        let digits = part.split(|letter: char| !letter.is_ascii_digit()).next()?;
        digits.parse().ok()
    };
    Some([part()?, part()?, part()?])
}
