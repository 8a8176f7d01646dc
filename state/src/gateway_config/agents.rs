//! The agents of a gateway: their ids, the default one, their names and workspaces.

use super::locate::Product;
use super::values::Values;
use serde_json::Value;
use std::path::PathBuf;

/// The agent that requests go to if none is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultAgent {
    /// The one with this id.
    Agent(String),
    /// There are several, with these ids, and none is marked: the user has to choose.
    Ambiguous(Vec<String>),
}

/// The ids of the agents, see [`super::GatewayConfig::agents`].
pub(super) fn ids(values: &Values) -> Vec<String> {
    let mut ids: Vec<String> = match values.get(&["agents", "entries"]) {
        Some(Value::Object(entries)) if !entries.is_empty() => {
            entries.keys().map(|id| normal(id)).collect()
        }
        _ => listed(values)
            .iter()
            .filter_map(|agent| agent.get("id")?.as_str())
            .map(normal)
            .collect(),
    };
    ids.retain(|id| !id.is_empty());
    ids.dedup();
    ids
}

/// The default agent, see [`super::GatewayConfig::default_agent`].
pub(super) fn default_agent(values: &Values) -> DefaultAgent {
    let agents = ids(values);
    let named = values.text(&["agents", "defaults", "systemAgent", "agentId"]).map(normal);
    if let Some(named) = named.filter(|id| agents.contains(id)) {
        return DefaultAgent::Agent(named);
    }
    let is_default = |agent: &&Value| agent.get("default").and_then(Value::as_bool) == Some(true);
    let marked: Vec<_> = listed(values)
        .iter()
        .filter(is_default)
        .filter_map(|agent| agent.get("id")?.as_str())
        .collect();
    match (agents.as_slice(), marked.as_slice()) {
        ([], _) => DefaultAgent::Agent("main".to_owned()),
        ([sole], _) => DefaultAgent::Agent(sole.clone()),
        (_, [default]) => DefaultAgent::Agent(normal(default)),
        // Earlier gateways take the first of a list, today's refuse to start; two marks mean nothing.
        (several, _) => DefaultAgent::Ambiguous(several.to_vec()),
    }
}

/// The name of an agent, see [`super::GatewayConfig::agent_name`].
pub(super) fn name(values: &Values, id: &str) -> Option<String> {
    let name = agent(values, id)?.get("identity")?.get("name")?.as_str()?.trim();
    Some(name.to_owned()).filter(|name| !name.is_empty())
}

/// The folder of an agent, see [`super::GatewayConfig::workspace`].
pub(super) fn workspace(values: &Values, product: Product, id: &str) -> PathBuf {
    let text = |value: Option<&Value>| {
        let text = value.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        text.map(|text| values.expand(text))
    };
    if let Some(own) = text(agent(values, id).and_then(|agent| agent.get("workspace"))) {
        return own;
    }
    let is_alone = ids(values).len() < 2;
    if let Some(shared) = text(values.get(&["agents", "defaults", "workspace"])) {
        return if is_alone { shared } else { shared.join(id) };
    }
    if let Some(given) = values.variable("OPENCLAW_WORKSPACE_DIR").filter(|_| is_alone) {
        return values.expand(&given);
    }
    match product {
        Product::Clawdbot if is_alone => values.home().join("clawd"),
        _ if is_alone || id == "main" => values.state_dir.join("workspace"),
        _ => values.state_dir.join(format!("workspace-{id}")),
    }
}

/// The agent of an early setup script as it stands in the configuration, see [`super::GatewayConfig::early_voice_agent`].
pub(super) fn early_voice_agent(values: &Values) -> Option<&Value> {
    let agent = agent(values, "voice")?;
    let voice = agent.as_object()?;
    let is_as_made =
        voice.keys().all(|key| ["id", "name", "model", "workspace"].contains(&key.as_str()));
    let name = voice.get("name").and_then(Value::as_str).unwrap_or_default();
    (is_as_made && name.ends_with(" Voice") && voice.contains_key("model")).then_some(agent)
}

fn agent<'a>(values: &'a Values, id: &str) -> Option<&'a Value> {
    let is_it = |name: &str| normal(name) == id;
    match values.get(&["agents", "entries"]) {
        Some(Value::Object(entries)) if !entries.is_empty() => {
            entries.iter().find(|(name, _)| is_it(name)).map(|(_, agent)| agent)
        }
        _ => listed(values)
            .iter()
            .find(|agent| agent.get("id").and_then(Value::as_str).is_some_and(is_it)),
    }
}

fn listed(values: &Values) -> &[Value] {
    values.get(&["agents", "list"]).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn normal(id: &str) -> String {
    id.trim().to_lowercase()
}
