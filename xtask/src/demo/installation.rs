//! `setup` and `uninstall`: from nothing to a telephone line, and back to nothing.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use harness::{KEY, SimulatedGateway};
use serde_json::{Value, json};

use super::script::{AGENT, OWNER};
use super::stage::DemoStage;

const GATEWAY_CONFIG: &str = "home/.openclaw/openclaw.json";
const TOKEN_VARIABLE: &str = "AGENT_GATEWAY_TOKEN";

/// `setup` finds the gateway, allows itself in, and verifies that it can speak to the agent.
pub(super) fn set_up(stage: &mut DemoStage) -> Result<Value> {
    let server = stage.service.url();
    let names =
        ["--owner-name", OWNER, "--agent-name", AGENT, "--greeting", "Hello Mara, Finn here."];
    let fixed = ["--api-key-stdin", "--yes", "--service", "none", "--server", &server];
    let mut args = [&fixed[..], &names[..]].concat();
    let url;
    if let Some(real) = &stage.real {
        url = real.url.clone();
        stage.sandbox.env(TOKEN_VARIABLE, &real.token);
        args.extend(["--gateway-url", &url, "--gateway-token-env", TOKEN_VARIABLE]);
    } else if let Some(gateway) = &stage.gateway {
        gateway.allow(false);
        stage.sandbox.write(GATEWAY_CONFIG, &config(gateway));
    }
    let output = thread::scope(|scope| {
        scope.spawn(|| reload_like_a_gateway(stage));
        stage.run_with("setup", &args, KEY)
    });
    ensure!(output.code() == 0, "`setup` failed\n{output}");
    let config = stage.sandbox.json("skill/skill-config.json");
    ensure!(config["owner_name"] == OWNER, "the owner's name was not stored: {config}");
    ensure!(
        stage.sandbox.mode("skill/skill-config.json") == 0o600,
        "the key is readable by others"
    );
    ensure!(!output.out().contains(KEY) && !output.err().contains(KEY), "`setup` printed the key");
    Ok(json!({"owner_name": config["owner_name"], "agent_name": config["agent_name"]}))
}

/// The gateway's file as its owner wrote it: nobody may send to sessions over HTTP yet.
fn config(gateway: &SimulatedGateway) -> String {
    let (port, token) = (gateway.port(), gateway.token());
    format!(
        "{{\n  // The owner's own remark.\n  gateway: {{ port: {port}, auth: {{ mode: \"token\", token: \"{token}\" }} }},\n}}\n"
    )
}

/// A real gateway notices the change of its file within 2 s; the stub has no file, so this reads it in its place.
fn reload_like_a_gateway(stage: &DemoStage) {
    let Some(gateway) = &stage.gateway else { return };
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        if stage.sandbox.read(GATEWAY_CONFIG).contains("sessions_send") {
            gateway.allow(true);
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// `uninstall` takes back what `setup` did, and nothing else.
pub(super) fn uninstall(stage: &mut DemoStage) -> Result<Value> {
    let output = stage.run("uninstall", &["--delete-config", "--delete-state"]);
    ensure!(output.code() == 0, "`uninstall` failed\n{output}");
    let left = stage.sandbox.read(GATEWAY_CONFIG);
    ensure!(
        stage.gateway.as_ref().is_some_and(|gateway| left == config(gateway)),
        "the gateway's file is not as before:\n{left}"
    );
    ensure!(!stage.sandbox.has("skill/skill-config.json"), "the config is still there");
    Ok(json!({"gateway_config": "as before"}))
}
