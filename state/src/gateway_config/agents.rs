//! Which agents a gateway has, which of them answers, and where it works (facts/gateway.md 6).

use super::{GatewayConfig, Product};
use serde_json::Value;
use std::path::PathBuf;

/// Which agent requests go to when nobody says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answering {
    /// This one.
    Agent(String),
    /// There are several and none is marked: the owner has to choose.
    Choose(Vec<String>),
}

impl GatewayConfig {
    /// The ids in the file's order, as the gateway writes them: in lower case. None without a roster.
    pub fn agents(&self) -> Vec<String> {
        let mut ids: Vec<String> = match self.get(&["agents", "entries"]) {
            Some(Value::Object(entries)) if !entries.is_empty() => {
                entries.keys().map(|id| normal(id)).collect()
            }
            _ => self
                .listed()
                .iter()
                .filter_map(|agent| agent.get("id")?.as_str())
                .map(normal)
                .collect(),
        };
        ids.retain(|id| !id.is_empty());
        ids.dedup();
        ids
    }

    /// The agent that answers: the owner named under `systemAgent`, the one marked as default in a list of
    /// old, the only one, or `main` where there is no roster.
    pub fn answering(&self) -> Answering {
        let agents = self.agents();
        let named = self
            .get(&["agents", "defaults", "systemAgent", "agentId"])
            .and_then(Value::as_str)
            .map(normal);
        if let Some(named) = named.filter(|id| agents.contains(id)) {
            return Answering::Agent(named);
        }
        let is_default =
            |agent: &&Value| agent.get("default").and_then(Value::as_bool) == Some(true);
        let marked: Vec<_> = self
            .listed()
            .iter()
            .filter(is_default)
            .filter_map(|agent| agent.get("id")?.as_str())
            .collect();
        match (agents.as_slice(), marked.as_slice()) {
            ([], _) => Answering::Agent("main".to_owned()),
            ([sole], _) => Answering::Agent(sole.clone()),
            (_, [default]) => Answering::Agent(normal(default)),
            // Gateways before the keyed map let the first of a list answer; two marks are nobody's rule.
            (several, _) => Answering::Choose(several.to_vec()),
        }
    }

    /// The name an agent goes by, if its entry has one.
    pub fn agent_name(&self, id: &str) -> Option<String> {
        let name = self.agent(id)?.get("identity")?.get("name")?.as_str()?.trim();
        Some(name.to_owned()).filter(|name| !name.is_empty())
    }

    /// The folder an agent works in, which holds USER.md and IDENTITY.md.
    pub fn workspace(&self, id: &str) -> PathBuf {
        let text = |value: Option<&Value>| {
            let text = value.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
            text.map(|text| self.around.expand(text))
        };
        if let Some(own) = text(self.agent(id).and_then(|agent| agent.get("workspace"))) {
            return own;
        }
        let is_alone = self.agents().len() < 2;
        if let Some(shared) = text(self.get(&["agents", "defaults", "workspace"])) {
            return if is_alone { shared } else { shared.join(id) };
        }
        if let Some(given) = self.lookup("OPENCLAW_WORKSPACE_DIR").filter(|_| is_alone) {
            return self.around.expand(&given);
        }
        match self.product {
            Product::Clawdbot if is_alone => self.around.home().join("clawd"),
            _ if is_alone || id == "main" => self.state_dir.join("workspace"),
            _ => self.state_dir.join(format!("workspace-{id}")),
        }
    }

    /// The agent that the reference's setup added up to its version 2.0.2, if it is still there as it was made:
    /// the item of `agents.list`, or `None` for an entry of `agents.entries` that the gateway made of it.
    pub fn early_voice_agent(&self) -> Option<Option<&Value>> {
        let voice = self.agent("voice")?.as_object()?;
        let is_as_made =
            voice.keys().all(|key| ["id", "name", "model", "workspace"].contains(&key.as_str()));
        let name = voice.get("name").and_then(Value::as_str).unwrap_or_default();
        if !is_as_made || !name.ends_with(" Voice") || !voice.contains_key("model") {
            return None;
        }
        Some(voice.get("id").and_then(|_| self.agent("voice")))
    }

    fn agent(&self, id: &str) -> Option<&Value> {
        let is_it = |name: &str| normal(name) == id;
        match self.get(&["agents", "entries"]) {
            Some(Value::Object(entries)) if !entries.is_empty() => {
                entries.iter().find(|(name, _)| is_it(name)).map(|(_, agent)| agent)
            }
            _ => self
                .listed()
                .iter()
                .find(|agent| agent.get("id").and_then(Value::as_str).is_some_and(is_it)),
        }
    }

    fn listed(&self) -> &[Value] {
        self.get(&["agents", "list"]).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

fn normal(id: &str) -> String {
    id.trim().to_lowercase()
}
