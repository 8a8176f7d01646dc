//! The check `exposure`: who can reach a gateway that lets `sessions_send` be used over HTTP. Whoever has its token can have
//! the agent do things then.

use super::finding::{Finding, Found};
use super::fix::Fix;
use super::gateway_config::gateway_config;
use super::installation::Installation;

pub(super) fn check(installation: &Installation) -> Vec<Found> {
    let gateway = match installation.require(|config| Ok(gateway_config(config))) {
        Ok(gateway) => gateway,
        Err(blocked) => return vec![blocked],
    };
    let Some(gateway) = gateway else {
        return vec![Finding::pass("the gateway's configuration is not known here").into()];
    };
    let finding = match gateway.open_bind().filter(|_| gateway.allows_sessions_send()) {
        None => Finding::pass("only this machine can use sessions_send"),
        Some(bind) => Finding::warn(
            format!(
                "other machines can reach the gateway (`gateway.bind` is `{}`), and with its token use sessions_send; \
                 `loopback` closes that",
                state::sanitize::line_up_to(bind, 40)
            ),
            Fix::EditFile(gateway.location(&["gateway", "bind"]).file),
        ),
    };
    vec![finding.into()]
}
