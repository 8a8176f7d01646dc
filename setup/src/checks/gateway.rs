//! The checks `gateway`, `token`, `sessions_send` and `agent`, by a probe that starts no turn.

use super::finding::{Finding, Found};
use super::fix::{Fix, GatewayCommand};
use super::gateway_config::gateway_config;
use super::installation::{Installation, REQUEST_TIMEOUT};
use crate::client;
use crate::system::is_there;
use state::config::Config;
use state::gateway::{GatewayClient, GatewayEndpoint, Probe, SessionsSendAccess};
use state::gateway_config::{Auth, ConfigFile, GatewayConfig, GatewayEnv, Product, find};
use state::{paths, sanitize, url};
use std::path::Path;

/// Longest id of an agent that is printed, in characters.
const LONGEST_ID: usize = 40;

/// What is known about the gateway before it is asked.
struct Gateway<'a> {
    config: &'a Config,
    base: String,
    agent_id: String,
    /// Its own configuration, if the skill's refers to it and it can be read.
    own: Option<GatewayConfig>,
    command: GatewayCommand,
}

pub(super) fn check(installation: &Installation) -> Vec<Found> {
    let endpoint = match installation.require(GatewayEndpoint::from_config) {
        Ok(endpoint) => endpoint,
        Err(blocked) => return vec![blocked.clone(), blocked.clone(), blocked.clone(), blocked],
    };
    let Ok(config) = &installation.config else { return Vec::new() };
    let own = gateway_config(config);
    let (base, agent_id) = (endpoint.base().to_owned(), endpoint.agent_id().to_owned());
    let command = command_of(own.as_ref());
    let gateway = Gateway { config, base, agent_id, own, command };
    let probe = GatewayClient::new(endpoint).probe(REQUEST_TIMEOUT);
    if probe.reachable.is_err() {
        let finding = gateway.unreachable(&probe, &installation.skill);
        let blocked = finding.blocks("gateway", "not asked: the gateway cannot be reached");
        return vec![finding.into(), blocked.clone(), blocked.clone(), blocked];
    }
    let version =
        probe.version.as_ref().map_or_else(String::new, |version| format!(", version {version}"));
    let reached = Finding::pass(format!("{} answers{version}", gateway.base));
    let (token, allowed) = gateway.permission(&probe);
    let agent = match &token {
        Finding::Pass(_) => gateway.agent(&probe).into(),
        token => token.blocks("token", "not asked: see `token`"),
    };
    vec![reached.into(), token.into(), allowed, agent]
}

/// The gateway's own command, for the profile whose configuration this is.
fn command_of(own: Option<&GatewayConfig>) -> GatewayCommand {
    let program = match own.map(GatewayConfig::product) {
        Some(Product::Clawdbot) => "clawdbot",
        _ => "openclaw",
    };
    let profile = own.and_then(|own| ConfigFile::at(own.path()).profile());
    GatewayCommand { program, profile }
}

impl Gateway<'_> {
    fn unreachable(&self, probe: &Probe, skill: &Path) -> Finding {
        let Err(why) = &probe.reachable else { return Finding::pass("reached") };
        let detail = format!("{}: {why}", self.base);
        if let Some(hint) = why.hint() {
            // Its certificate is not trusted, or a proxy is in the way.
            let fix = Fix::EditFile(paths::config(skill));
            return Finding::fail(format!("{detail}; {hint}"), fix);
        }
        if let Some(found) = self.elsewhere(skill) {
            let detail = format!("{detail}; the configuration nearest to the skill says {found}");
            return Finding::fail(detail, Fix::Setup);
        }
        let moved = client::status_file(skill);
        let in_use = moved.pointer("/gateway/url").and_then(serde_json::Value::as_str);
        let in_use =
            in_use.filter(|url| client::is_running(skill) && *url != url::redact(&self.base));
        let detail = match in_use {
            Some(url) => format!(
                "{detail}; the client reached it at {} before: its address was changed and the gateway has not taken that up{}",
                sanitize::line_up_to(url, 100),
                self.reload_off()
            ),
            None => format!("{detail}{}", self.reload_off()),
        };
        Finding::fail(detail, Fix::restart_gateway(&self.command, &self.base))
    }

    /// Where the configuration that setup would find puts the gateway, if the skill's own has none, or an address of this
    /// machine that leads somewhere else.
    fn elsewhere(&self, skill: &Path) -> Option<String> {
        let is_written = self.config.literal_text("gateway_url").ok().flatten().is_some();
        let is_followed = self.own.is_some() && !is_written;
        if is_followed || Config::has_gateway_variable() || !url::is_loopback(&self.base) {
            return None;
        }
        let env = GatewayEnv::of_process()?;
        let found = GatewayConfig::read(find(&env, Some(skill)).first()?, &env).ok()?.url().ok()?;
        (found != self.base).then_some(found)
    }

    fn reload_off(&self) -> &'static str {
        let is_off = self.own.as_ref().is_some_and(|own| !own.reloads());
        if is_off { " (`gateway.reload.mode` is `off`)" } else { "" }
    }

    fn permission(&self, probe: &Probe) -> (Finding, Found) {
        match &probe.sessions_send {
            SessionsSendAccess::Yes => {
                (Finding::pass("accepted"), Finding::pass("allowed over HTTP").into())
            }
            SessionsSendAccess::No => (Finding::pass("accepted"), self.not_allowed().into()),
            SessionsSendAccess::BadToken => {
                let token = self.refused_token();
                let blocked = token.blocks("token", "not asked: see `token`");
                (token, blocked)
            }
            SessionsSendAccess::Unknown(why) => {
                let detail = format!("could not be found out: {why}");
                let failure = Finding::fail(detail, Fix::show_gateway(&self.command));
                (failure.clone(), failure.because("token"))
            }
        }
    }

    /// Why `sessions_send` is not allowed, as far as the gateway's own configuration shows it.
    fn not_allowed(&self) -> Finding {
        let detail = "the gateway does not let sessions_send be used over HTTP";
        let Some(own) = &self.own else {
            let can_find = GatewayEnv::of_process()
                .is_some_and(|env| !find(&env, Some(self.config.skill_dir())).is_empty());
            let is_here = url::is_loopback(&self.base) && can_find;
            return Finding::fail(
                detail,
                if is_here { Fix::AllowTool } else { Fix::AllowToolElsewhere },
            );
        };
        if own.denies_sessions_send() {
            let detail =
                format!("{detail}: `gateway.tools.deny` in `{}` names it", own.path().display());
            return Finding::fail(
                detail,
                Fix::EditFile(own.location(&["gateway", "tools", "deny"]).file),
            );
        }
        if own.allows_sessions_send() {
            let detail = format!(
                "{detail}, though `{}` allows it: it has not taken up its configuration{}",
                own.path().display(),
                self.reload_off()
            );
            return Finding::fail(detail, Fix::restart_gateway(&self.command, &self.base));
        }
        Finding::fail(detail, Fix::AllowTool)
    }

    /// Why the token was refused, as far as the gateway's own configuration shows it.
    fn refused_token(&self) -> Finding {
        let has_own_copy = self.config.literal_text("gateway_token").ok().flatten();
        match self.own.as_ref().map(|own| (own, own.auth())) {
            Some((_, Auth::OutOfReach { why, fix, file })) => {
                Finding::fail(format!("{why}; {fix}"), Fix::EditFile(file))
            }
            Some((own, Auth::Absent)) => {
                let detail =
                    "the gateway makes up a token at each start, since its configuration has none";
                let can_set = is_there(self.command.program);
                let by_hand = || Fix::EditFile(own.location(&["gateway", "auth"]).file);
                let fix =
                    if can_set { Fix::SetGatewayToken(self.command.clone()) } else { by_hand() };
                Finding::fail(detail, fix)
            }
            Some((own, Auth::Bearer(_))) if has_own_copy.is_none() => Finding::fail(
                format!(
                    "the gateway refused the token of its own configuration `{}`: it has not taken up a change of it{}",
                    own.path().display(),
                    self.reload_off()
                ),
                Fix::restart_gateway(&self.command, &self.base),
            ),
            _ => Finding::fail("the gateway refused the token", self.token_fix(has_own_copy)),
        }
    }

    /// A copied token gives way to the gateway's own by setup; a variable's is its owner's to change.
    fn token_fix(&self, copy: Option<String>) -> Fix {
        if copy.is_some_and(|copy| copy.contains("${")) {
            Fix::EditFile(paths::dotenv(self.config.skill_dir()))
        } else {
            Fix::Setup
        }
    }

    fn agent(&self, probe: &Probe) -> Finding {
        let agent_id = &self.agent_id;
        match probe.knows(agent_id) {
            Some(true) => Finding::pass(format!("`{agent_id}` is one of the gateway's")),
            None => Finding::warn(
                format!("the gateway does not say whether it has an agent `{agent_id}`"),
                Fix::show_gateway(&self.command),
            ),
            Some(false) => {
                let ids = probe.agents.as_deref().unwrap_or_default();
                let shown: Vec<_> =
                    ids.iter().map(|id| sanitize::line_up_to(id, LONGEST_ID)).collect();
                let detail = format!(
                    "the gateway has no agent `{agent_id}`; it has: {}",
                    sanitize::line(&shown.join(", "))
                );
                let is_plain =
                    |id: &&String| id.len() <= LONGEST_ID && !id.contains(char::is_control);
                let first = ids.iter().find(is_plain).cloned();
                Finding::fail(
                    detail,
                    first.map_or_else(|| Fix::show_gateway(&self.command), Fix::ChooseAgent),
                )
            }
        }
    }
}
