//! What a gateway lets a client do over HTTP, and whether its version knows the keys that allow it.

use super::locate::Product;
use super::values::Values;
use serde_json::Value;

/// The tool that carries a request to the agent; denied over HTTP unless `gateway.tools.allow` names it.
pub const SESSIONS_SEND: &str = "sessions_send";
/// The path of that list.
pub const TOOLS_ALLOW: [&str; 3] = ["gateway", "tools", "allow"];
/// The path of the value that switches the chat endpoint on.
pub const CHAT_ENABLED: [&str; 5] = ["gateway", "http", "endpoints", "chatCompletions", "enabled"];

/// The first version with `gateway.tools`. To an earlier one the key is unknown, which makes its whole configuration
/// invalid.
const FIRST_WITH_TOOLS: [u32; 3] = [2026, 2, 13];

/// Whether the gateway knows `gateway.tools`, see [`super::GatewayConfig::knows_tools`].
pub(super) fn knows_tools(values: &Values, product: Product) -> Result<(), String> {
    if values.get(&["gateway", "tools"]).is_some() {
        return Ok(());
    }
    let text = values.text(&["meta", "lastTouchedVersion"]);
    let version = text.and_then(version);
    match (version, product) {
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

/// What `gateway.bind` says, where other machines can reach the gateway by that: `lan`, `tailnet`, `auto` or `custom`.
pub(super) fn open_bind(values: &Values) -> Option<&str> {
    values.text(&["gateway", "bind"]).filter(|bind| !matches!(*bind, "loopback" | ""))
}

/// Whether a running gateway takes up changes of its configuration by itself, which `gateway.reload.mode` can switch off.
pub(super) fn reloads(values: &Values) -> bool {
    values.text(&["gateway", "reload", "mode"]) != Some("off")
}

/// Whether the list at `path` names `sessions_send`.
pub(super) fn names_sessions_send(values: &Values, path: &[&str]) -> bool {
    let list = values.get(path).and_then(Value::as_array);
    list.is_some_and(|list| list.iter().any(|tool| tool.as_str() == Some(SESSIONS_SEND)))
}

/// A version such as `2026.1.24-3` as numbers that can be compared.
fn version(text: &str) -> Option<[u32; 3]> {
    let mut parts = text.trim().trim_start_matches('v').splitn(3, '.');
    let mut part = || {
        let part = parts.next()?;
        let digits = part.split(|letter: char| !letter.is_ascii_digit()).next()?;
        digits.parse().ok()
    };
    Some([part()?, part()?, part()?])
}
