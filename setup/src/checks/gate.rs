//! The check `gate`, where one is wanted: whether the owner's turns are held at the deed, and if not, why.

use super::finding::{Finding, Found};
use super::fix::Fix;
use super::installation::Installation;
use crate::manifest::Manifest;
use crate::{client, gate_plugin};
use state::gate_policy::GatePolicy;
use state::sanitize;

/// Whether a gate is wanted here.
pub(super) fn is_wanted(installation: &Installation) -> bool {
    installation.require(GatePolicy::from_config).is_ok_and(|policy| policy.on)
}

pub(super) fn check(installation: &Installation) -> Vec<Found> {
    let folder =
        installation.require(|config| Manifest::of(config.values())).ok().and_then(|it| it.gate);
    let is_broken = folder.as_ref().filter(|folder| !gate_plugin::is_whole(folder));
    if let Some(folder) = is_broken {
        let detail = format!(
            "`{}` is not as setup wrote it; the gateway may not start with it",
            folder.display()
        );
        return vec![Finding::fail(detail, Fix::SetUpGate).into()];
    }
    let skill = &installation.skill;
    if !client::is_running(skill) {
        let finding = Finding::warn("not known: the client does not run", Fix::StartClient);
        return vec![finding.because("client")];
    }
    let status = client::status_file(skill);
    let gateway = &status["gateway"];
    if gateway["rung"] == "gate" {
        return vec![Finding::pass("what the agent is about to do is asked on the phone").into()];
    }
    let why = gateway["rung_problem"].as_str().unwrap_or("the client has not said why");
    let why = sanitize::line_up_to(why, 200);
    let detail = format!("the words of requests are judged instead: {why}");
    vec![Finding::warn(detail, Fix::SetUpGate).into()]
}
