//! The checks `gateway`, `token`, `sessions_send` and `agent`, by a probe that starts no turn.

use super::finding::Finding;
use super::installation::{Installation, REQUEST_TIMEOUT};
use state::config::Config;
use state::gateway::{GatewayClient, SessionsSendAccess};
use state::gateway_config::{Auth, ConfigFile, GatewayConfig, GatewayEnv, Product};
use state::sanitize;

/// Longest id of an agent that is printed, in characters.
const LONGEST_ID: usize = 40;

pub(super) fn check(installation: &Installation) -> Vec<Finding> {
    let required = installation.require(|config| {
        Ok((state::gateway::GatewayEndpoint::from_config(config)?, gateway_config(config)))
    });
    let (target, gateway_config) = match required {
        Ok(needed) => needed,
        Err(blocked) => return vec![blocked.clone(), blocked.clone(), blocked.clone(), blocked],
    };
    let command = match gateway_config.as_ref().map(GatewayConfig::product) {
        Some(Product::Clawdbot) => "clawdbot",
        _ => "openclaw",
    };
    let (base, agent_id) = (target.base().to_owned(), target.agent_id().to_owned());
    let probe = GatewayClient::new(target).probe(REQUEST_TIMEOUT);
    if let Err(why) = &probe.reachable {
        let gateway = Finding::fail(format!("{base}: {why}"), format!("{command} gateway restart"));
        let blocked = gateway.blocks("not asked: the gateway cannot be reached");
        return vec![gateway, blocked.clone(), blocked.clone(), blocked];
    }
    let version =
        probe.version.as_ref().map_or_else(String::new, |version| format!(", version {version}"));
    let gateway = Finding::pass(format!("{base} answers{version}"));
    let (token, allowed) = match &probe.sessions_send {
        SessionsSendAccess::Yes => (Finding::pass("accepted"), Finding::pass("allowed over HTTP")),
        SessionsSendAccess::No => {
            let detail = "the gateway does not let sessions_send be used over HTTP";
            (Finding::pass("accepted"), Finding::fail(detail, "setup --yes"))
        }
        SessionsSendAccess::BadToken => {
            let token = refused_token(gateway_config.as_ref(), command);
            let blocked = token.blocks("not asked: see `token`");
            (token, blocked)
        }
        SessionsSendAccess::Unknown(why) => {
            let failure = || {
                Finding::fail(
                    format!("could not be found out: {why}"),
                    format!("{command} gateway status"),
                )
            };
            (failure(), failure())
        }
    };
    let agent = match probe.knows(&agent_id) {
        Some(true) => Finding::pass(format!("`{agent_id}` is one of the gateway's")),
        Some(false) => {
            let ids = probe.agents.unwrap_or_default();
            let ids: Vec<_> = ids.iter().map(|id| sanitize::line_up_to(id, LONGEST_ID)).collect();
            let ids = sanitize::line(&ids.join(", "));
            let detail = format!("the gateway has no agent `{agent_id}`; it has: {ids}");
            Finding::fail(detail, "setup --agent-id ID")
        }
        None if probe.sessions_send == SessionsSendAccess::BadToken => allowed.clone(),
        None => Finding::warn(
            format!("the gateway does not say whether it has an agent `{agent_id}`"),
            "setup --agent-id ID",
        ),
    };
    vec![gateway, token, allowed, agent]
}

/// Why the token was refused, as far as the gateway's own configuration shows it.
fn refused_token(gateway_config: Option<&GatewayConfig>, command: &str) -> Finding {
    match gateway_config.map(GatewayConfig::auth) {
        Some(Auth::OutOfReach { why, fix }) => Finding::fail(why, fix),
        Some(Auth::Absent) => Finding::fail(
            "the gateway makes up a token at each start, since its configuration has none",
            format!(
                "{command} config set gateway.auth.token \"$(head -c 24 /dev/urandom | base64)\""
            ),
        ),
        _ => Finding::fail("the gateway refused the token", "setup"),
    }
}

/// The gateway's own configuration, if the skill's refers to it and it can be read.
pub(super) fn gateway_config(config: &Config) -> Option<GatewayConfig> {
    let path = config.gateway_config().ok().flatten()?;
    GatewayConfig::read(&ConfigFile::at(&path), &GatewayEnv::of_process()?).ok()
}
