//! `setup --gate`: puts the gate into the gateway, once the owner's phone has shown that it can be asked.

use crate::apply::AppliedChanges;
use crate::client;
use crate::gate_plugin;
use crate::programs::{connect_of, program_of};
use anyhow::Context as _;
use state::exit::{Exit, Fault};
use state::gateway::Device;
use state::gateway_config::GatewayConfig;
use state::{out, paths};
use std::path::Path;
use std::process::{Command, Stdio};

/// What the phone shows at the test.
const TEST: &str =
    "Test of ClawdTalk: from now on the phone is asked before the agent acts on a call";
/// How long the owner has for it.
const WITHIN: &str = "120s";

/// Puts the gate into the gateway: its folder first, then the edits that load it, bound to the device of `connect`. Gives what
/// became of each edit.
///
/// Fails (exit 7) if the owner's phone did not approve the test: without a phone everything that the agent is about to do on a
/// call would be refused.
pub(super) fn install(
    skill: &Path,
    gateway: &GatewayConfig,
    changes: &mut AppliedChanges,
) -> anyhow::Result<Vec<anyhow::Result<bool>>> {
    let folder = gate_plugin::folder(gateway);
    if !gate_plugin::is_whole(&folder) {
        test_phone(skill)?;
    }
    let device = Device::load_or_create(&paths::connect_device(skill))?;
    changes.write_gate(skill, &folder)?;
    let edits = gate_plugin::edits(gateway, &folder, device.id());
    let edits = edits.iter().map(|planned| changes.edit_gateway(skill, planned)).collect();
    restart_client(skill);
    Ok(edits)
}

/// A client that runs takes the gate up when it starts again.
fn restart_client(skill: &Path) {
    if !client::is_running(skill) {
        return;
    }
    let restarted = connect_of(skill).and_then(|connect| {
        let mut command = Command::new(&connect);
        command.args(["restart", "--quiet", "--skill-dir"]).arg(skill).stdin(Stdio::null());
        let status = command.stdout(Stdio::null()).status();
        status.with_context(|| format!("running `{}`", connect.display()))
    });
    if !restarted.is_ok_and(|status| status.success()) {
        out::hint("restart the client: connect restart");
    }
}

/// Asks the owner's phone once.
fn test_phone(skill: &Path) -> anyhow::Result<()> {
    let approval = program_of(skill, "approval")?;
    out::progress("asking your phone for a test: please approve it there");
    let mut command = Command::new(&approval);
    command.args(["request", TEST, "--timeout", WITHIN, "--quiet", "--skill-dir"]).arg(skill);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("running `{}`", approval.display()))?;
    if status.success() {
        return Ok(());
    }
    let text = "the test on your phone was not approved, so the gate is not put in";
    let hint = "open the app on your phone, then run `setup --gate` again";
    Err(Fault::new(Exit::NoDevice, text).hint(hint).into())
}
