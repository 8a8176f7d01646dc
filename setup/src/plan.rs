//! What is to be written where: decided before anything is written, from the owner's choices and what is there.

use crate::choices::Choices;
use crate::detect::Detected;
use crate::json5::EditKind;
use serde_json::{Map, Value, json};
use state::gateway::{Probe, SessionsSendAccess};
use state::gateway_config::{
    Auth, CHAT_ENABLED, GatewayConfig, SESSIONS_SEND, TOOLS_ALLOW, ValueLocation,
};
use state::url;

/// A key of `skill-config.json` and its new value; `None` takes it out.
pub type ConfigChange = (&'static str, Option<Value>);

/// A change of the gateway's configuration.
#[derive(Debug)]
pub struct PlannedEdit {
    /// The file and the path in it.
    pub place: ValueLocation,
    /// What is done.
    pub change: EditKind,
}

/// The whole plan.
#[derive(Debug, Default)]
pub struct SetupPlan {
    /// For `skill-config.json`.
    pub config: Vec<ConfigChange>,
    /// For the gateway's configuration.
    pub edits: Vec<PlannedEdit>,
    /// What is left alone, and why.
    pub left_alone: Vec<String>,
}

/// Whether the gateway lets `sessions_send` be used over HTTP.
#[derive(Debug, PartialEq, Eq)]
pub enum ToolPermission {
    /// It is allowed already.
    Allowed,
    /// An edit of `gateway.tools.allow` allows it.
    CanBeAllowed,
    /// No edit of setup's can allow it, for this reason.
    Blocked(String),
}

/// Whether `sessions_send` is allowed, by the running gateway's answer, else by its configuration.
pub fn tool_permission(gateway: &GatewayConfig, probe: Option<&Probe>) -> ToolPermission {
    let path = gateway.path().display();
    match probe.map(|probe| &probe.sessions_send) {
        Some(SessionsSendAccess::Yes) => ToolPermission::Allowed,
        _ if gateway.denies_sessions_send() => ToolPermission::Blocked(format!(
            "`gateway.tools.deny` in `{path}` names {SESSIONS_SEND}: take it out there by hand"
        )),
        _ if gateway.allows_sessions_send() => ToolPermission::Allowed,
        // Only a gateway that has such a list refuses by it.
        Some(SessionsSendAccess::No) => ToolPermission::CanBeAllowed,
        _ => gateway
            .knows_tools()
            .map_or_else(ToolPermission::Blocked, |()| ToolPermission::CanBeAllowed),
    }
}

impl SetupPlan {
    /// The plan for these choices, given the present configuration, the options about the gateway, and what was detected.
    pub fn new(
        choices: &Choices,
        config: &Map<String, Value>,
        flags: &GatewayFlags,
        detected: &Detected,
        probe: Option<&Probe>,
    ) -> Self {
        let mut plan = Self::default();
        let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        for (key, value) in [
            ("api_key", text(&choices.api_key)),
            ("server", text(&choices.server)),
            ("owner_name", text(&choices.owner_name)),
            ("agent_name", text(&choices.agent_name)),
            ("greeting", text(&choices.greeting)),
        ] {
            if value.is_some() {
                plan.config.push((key, value));
            }
        }
        if flags.no_gateway {
            return plan;
        }
        plan.locate_gateway(config, flags, detected);
        if detected.gateway.is_some() || flags.agent_id {
            plan.config.push(("agent_id", Some(json!(choices.agent_id))));
        }
        let has_key = flags.has_key || choices.api_key.is_some();
        match &detected.gateway {
            Some(gateway) if has_key => plan.edit_permissions(choices, gateway, probe),
            Some(gateway) => plan
                .left_alone
                .push(format!("without a key `{}` is left as it is", gateway.path().display())),
            None => {}
        }
        plan
    }

    /// The configuration as this plan would leave it.
    pub fn applied_to(&self, config: &Map<String, Value>) -> Map<String, Value> {
        let mut config = config.clone();
        for (key, value) in &self.config {
            set_or_remove(&mut config, key, value.clone());
        }
        config
    }

    /// How the skill finds the gateway and its token: by a reference to the gateway's own configuration, since a copied
    /// port or token goes stale when the owner changes it there. A `gateway_url` that leads elsewhere stays.
    fn locate_gateway(
        &mut self,
        config: &Map<String, Value>,
        flags: &GatewayFlags,
        detected: &Detected,
    ) {
        if let Some(url) = &flags.gateway_url {
            self.config.push(("gateway_url", Some(json!(url))));
        }
        if let Some(token) = &flags.gateway_token {
            self.config.push(("gateway_token", Some(json!(token))));
        }
        let Some(gateway) = &detected.gateway else { return };
        let url = match gateway.url() {
            Ok(url) => url,
            Err(why) => {
                self.left_alone
                    .push(format!("`{}`: {why}; give --gateway-url", gateway.path().display()));
                return;
            }
        };
        let text = |key: &str| {
            config.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
        };
        let set_url = flags.gateway_url.as_deref().or_else(|| text("gateway_url"));
        // An address of this machine that was copied once and where nothing is any more went stale; one that was given now, or
        // leads to another machine or to a gateway that answers, is meant.
        let is_stale = |set_url: &str| {
            flags.gateway_url.is_none()
                && !set_url.contains("${")
                && (is_same_port(set_url, &url)
                    || (url::is_loopback(set_url) && !detected.answers(set_url)))
        };
        if let Some(set_url) =
            set_url.filter(|set_url| !is_same_gateway(set_url, &url) && !is_stale(set_url))
        {
            self.left_alone.push(format!(
                "`gateway_url` is {}, while `{}` says {url}: the former stays",
                url::redact(set_url),
                gateway.path().display()
            ));
            return;
        }
        let Some(path) = gateway.path().to_str() else {
            self.left_alone.push(format!(
                "`{}` is not UTF-8, and cannot be named in skill-config.json; give --gateway-url",
                gateway.path().display()
            ));
            return;
        };
        self.config.push(("gateway_config", Some(json!(path))));
        // A copied value would win over the reference and go stale. A variable's name is no copy.
        let is_copy = |key: &str| text(key).is_some_and(|text| !text.contains("${"));
        if flags.gateway_url.is_none() && is_copy("gateway_url") {
            self.config.push(("gateway_url", None));
        }
        let is_readable = matches!(gateway.auth(), Auth::Bearer(_) | Auth::Open);
        if flags.gateway_token.is_none() && is_copy("gateway_token") && is_readable {
            self.config.push(("gateway_token", None));
        }
        if let Auth::OutOfReach { why, fix, file } = gateway.auth()
            && flags.gateway_token.is_none()
            && text("gateway_token").is_none()
        {
            let file = file.display();
            self.left_alone.push(format!("the gateway's token: {why}; in `{file}`: {fix}"));
        }
    }

    /// The edits that let requests in: `sessions_send`, and the chat endpoint if it was chosen.
    fn edit_permissions(
        &mut self,
        choices: &Choices,
        gateway: &GatewayConfig,
        probe: Option<&Probe>,
    ) {
        let edit = |path: &[&str], change| PlannedEdit { place: gateway.location(path), change };
        match tool_permission(gateway, probe) {
            ToolPermission::Allowed => {}
            ToolPermission::CanBeAllowed if choices.allow_tool => {
                self.edits.push(edit(&TOOLS_ALLOW, EditKind::Item(json!(SESSIONS_SEND))));
            }
            ToolPermission::CanBeAllowed => {
                self.left_alone.push(format!(
                    "{SESSIONS_SEND} is not allowed, and was not to be: `setup --yes` allows it"
                ));
            }
            ToolPermission::Blocked(why) => self.left_alone.push(why),
        }
        if choices.chat && !gateway.chat_enabled() {
            let is_refused =
                probe.is_some_and(|probe| probe.sessions_send == SessionsSendAccess::No);
            match gateway.knows_tools() {
                Err(why) if !is_refused => self.left_alone.push(why),
                _ => self.edits.push(edit(&CHAT_ENABLED, EditKind::Value(json!(true)))),
            }
        }
    }
}

/// What the options of the command line say about the gateway.
#[derive(Debug, Default)]
pub struct GatewayFlags {
    /// It is to be left alone.
    pub no_gateway: bool,
    /// Whether there is a key already. Without one nothing of the gateway is changed.
    pub has_key: bool,
    /// Its address.
    pub gateway_url: Option<String>,
    /// A reference to its token.
    pub gateway_token: Option<String>,
    /// Whether an agent was named.
    pub agent_id: bool,
}

/// Puts a value into the configuration, or takes the key out; what happened, in a word.
pub(crate) fn set_or_remove(
    config: &mut Map<String, Value>,
    key: &str,
    value: Option<Value>,
) -> &'static str {
    let Some(value) = value else {
        config.shift_remove(key);
        return "removed";
    };
    let old = config.insert(key.to_owned(), value);
    if old.is_some_and(|old| !old.is_null()) { "changed" } else { "set" }
}

/// Whether two addresses name the same gateway of this machine, however its loopback address is written.
fn is_same_gateway(one: &str, other: &str) -> bool {
    let scheme = |url: &str| url.trim().split("://").next().map(str::to_owned);
    is_same_port(one, other) && scheme(one) == scheme(other)
}

/// Whether two addresses name the same port of this machine, with TLS or without.
fn is_same_port(one: &str, other: &str) -> bool {
    let port = |url: &str| url.trim().trim_end_matches('/').rsplit(':').next().map(str::to_owned);
    let is_here = |url: &str| url::is_loopback(url);
    is_here(one) && is_here(other) && port(one) == port(other)
}
