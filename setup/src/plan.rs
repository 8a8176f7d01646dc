//! What is written where: settled before anything is written, from what is wanted and what is there.

use crate::edits::Change;
use crate::surroundings::Surroundings;
use crate::wishes::Wishes;
use serde_json::{Map, Value, json};
use state::config;
use state::gateway::{Allowed, Probe};
use state::gateway_config::{Auth, CHAT_ENABLED, GatewayConfig, Place, TOOL, TOOLS_ALLOW};

/// A key of `skill-config.json` and its new value; `None` takes it out.
pub type Setting = (&'static str, Option<Value>);

/// A change of the gateway's configuration: where, what, and its name there.
#[derive(Debug)]
pub struct Wanted {
    /// The file and the path in it.
    pub place: Place,
    /// What is done.
    pub change: Change,
}

/// The whole plan.
#[derive(Debug, Default)]
pub struct Plan {
    /// For `skill-config.json`.
    pub settings: Vec<Setting>,
    /// For the gateway's configuration.
    pub edits: Vec<Wanted>,
    /// What is left alone, and why.
    pub left_alone: Vec<String>,
}

/// What could be done about `sessions_send`.
#[derive(Debug, PartialEq, Eq)]
pub enum Permission {
    /// It is allowed already.
    Given,
    /// It can be allowed.
    CanBeGiven,
    /// It must be left alone, for this reason.
    Beyond(String),
}

/// What can be done about `sessions_send`: the running gateway knows best, else its configuration tells.
pub fn permission(own: &GatewayConfig, probe: Option<&Probe>) -> Permission {
    let path = own.path().display();
    match probe.map(|probe| &probe.sessions_send) {
        Some(Allowed::Yes) => Permission::Given,
        _ if own.denies_tool() => Permission::Beyond(format!(
            "`gateway.tools.deny` in `{path}` names {TOOL}: take it out there by hand"
        )),
        _ if own.allows_tool() => Permission::Given,
        // Only a gateway that has such a list refuses by it.
        Some(Allowed::No) => Permission::CanBeGiven,
        _ => own.knows_tools().map_or_else(Permission::Beyond, |()| Permission::CanBeGiven),
    }
}

impl Plan {
    /// The plan for these wishes. `own` is the gateway's configuration, unless it is to be left alone.
    pub fn new(
        wishes: &Wishes,
        present: &Map<String, Value>,
        given: &Given,
        surroundings: &Surroundings,
        probe: Option<&Probe>,
    ) -> Self {
        let mut plan = Self::default();
        let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        for (key, value) in [
            ("api_key", text(&wishes.api_key)),
            ("server", text(&wishes.server)),
            ("owner_name", text(&wishes.owner_name)),
            ("agent_name", text(&wishes.agent_name)),
            ("greeting", text(&wishes.greeting)),
        ] {
            if value.is_some() {
                plan.settings.push((key, value));
            }
        }
        if given.no_gateway {
            return plan;
        }
        plan.gateway(present, given, surroundings.own.as_ref());
        if surroundings.own.is_some() || given.agent_id {
            plan.settings.push(("agent_id", Some(json!(wishes.agent_id))));
        }
        if let Some(own) = &surroundings.own {
            plan.permissions(wishes, own, probe);
        }
        plan
    }

    /// Where the gateway is and how to prove oneself: a reference to its own configuration, so that neither
    /// port nor token goes stale (defect S8). What points elsewhere stays.
    fn gateway(
        &mut self,
        present: &Map<String, Value>,
        given: &Given,
        own: Option<&GatewayConfig>,
    ) {
        if let Some(url) = &given.gateway_url {
            self.settings.push(("gateway_url", Some(json!(url))));
        }
        if let Some(token) = &given.gateway_token {
            self.settings.push(("gateway_token", Some(json!(token))));
        }
        let Some(own) = own else { return };
        let url = match own.url() {
            Ok(url) => url,
            Err(why) => {
                self.left_alone
                    .push(format!("`{}`: {why}; give --gateway-url", own.path().display()));
                return;
            }
        };
        let text = |key: &str| {
            present.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
        };
        let pointed = given.gateway_url.as_deref().or_else(|| text("gateway_url"));
        if let Some(pointed) = pointed.filter(|pointed| !is_same(pointed, &url)) {
            self.left_alone.push(format!(
                "`gateway_url` is {}, while `{}` says {url}: the former stays",
                config::shown(pointed),
                own.path().display()
            ));
            return;
        }
        let Some(path) = own.path().to_str() else {
            self.left_alone.push(format!(
                "`{}` is no UTF-8, and cannot be named in skill-config.json; give --gateway-url",
                own.path().display()
            ));
            return;
        };
        self.settings.push(("gateway_config", Some(json!(path))));
        // What was copied once would win over the reference and go stale. A variable's name is no copy.
        let is_copy = |key: &str| text(key).is_some_and(|text| !text.contains("${"));
        if given.gateway_url.is_none() && is_copy("gateway_url") {
            self.settings.push(("gateway_url", None));
        }
        let is_had = matches!(own.auth(), Auth::Bearer(_) | Auth::Open);
        if given.gateway_token.is_none() && is_copy("gateway_token") && is_had {
            self.settings.push(("gateway_token", None));
        }
        if let Auth::OutOfReach { why, fix } = own.auth()
            && given.gateway_token.is_none()
            && text("gateway_token").is_none()
        {
            self.left_alone.push(format!("the gateway's token: {why}; {fix}"));
        }
    }

    fn permissions(&mut self, wishes: &Wishes, own: &GatewayConfig, probe: Option<&Probe>) {
        let want = |path: &[&str], change| Wanted { place: own.owner(path), change };
        match permission(own, probe) {
            Permission::Given => {}
            Permission::CanBeGiven if wishes.allow_tool => {
                self.edits.push(want(&TOOLS_ALLOW, Change::Item(json!(TOOL))));
            }
            Permission::CanBeGiven => {
                self.left_alone.push(format!(
                    "{TOOL} is not allowed, and was not to be: `setup --yes` allows it"
                ));
            }
            Permission::Beyond(why) => self.left_alone.push(why),
        }
        if wishes.chat && !own.chat_enabled() {
            let is_refused = probe.is_some_and(|probe| probe.sessions_send == Allowed::No);
            match own.knows_tools() {
                Err(why) if !is_refused => self.left_alone.push(why),
                _ => self.edits.push(want(&CHAT_ENABLED, Change::Value(json!(true)))),
            }
        }
    }
}

/// What the options say about the gateway.
#[derive(Debug, Default)]
pub struct Given {
    /// It is to be left alone.
    pub no_gateway: bool,
    /// Its address.
    pub gateway_url: Option<String>,
    /// A reference to its token.
    pub gateway_token: Option<String>,
    /// Whether an agent was asked for.
    pub agent_id: bool,
}

/// Whether two addresses name the same gateway of this machine, however its loopback address is written.
fn is_same(one: &str, other: &str) -> bool {
    let port = |url: &str| url.trim().trim_end_matches('/').rsplit(':').next().map(str::to_owned);
    let scheme = |url: &str| url.trim().split("://").next().map(str::to_owned);
    let here = |url: &str| config::is_loopback(url);
    here(one) && here(other) && port(one) == port(other) && scheme(one) == scheme(other)
}
