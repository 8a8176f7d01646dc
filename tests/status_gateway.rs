//! `status` and the gateway: it is there, the token is accepted, the tool is allowed, the agent exists.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "setup/installed.rs"]
mod installed;

use harness::{GatewayVersion, RequestFault, SimulatedGateway, TOKEN};
use installed::{Installed, program};
use serde_json::json;

#[test]
fn a_gateway_that_is_down_fails_and_is_not_asked_further() {
    let all = Installed::new();
    all.sandbox.adjust(&json!({"gateway_url": "http://127.0.0.1:1"}));
    let out = all.run();
    let checks = out.fails(1).json();
    assert_eq!(checks["checks"][7]["status"], "fail", "{out}");
    assert_eq!(
        checks["checks"][7]["fix"],
        "start the gateway anew, which should be at http://127.0.0.1:1"
    );
    assert_eq!(checks["checks"][8]["detail"], "not asked: the gateway cannot be reached");
    program(&all.sandbox, "work/bin/openclaw", "exit 0");
    let checks = all.run().fails(1).json();
    assert_eq!(checks["checks"][7]["fix"], "openclaw gateway restart");
    assert_eq!(checks["checks"][8]["fix"], "openclaw gateway restart");
    assert_eq!(checks["checks"][8]["because"], "gateway");
}

#[test]
fn a_refused_token_fails() {
    let all = Installed::new();
    all.gateway.change_token("another");
    let out = all.run();
    let checks = out.fails(1).never_says(TOKEN).json();
    assert_eq!(
        checks["checks"][8],
        json!({
            "id": "token", "status": "fail", "detail": "the gateway refused the token",
            "fix": "setup", "fix_kind": "fix", "fix_id": "setup",
        })
    );
    assert_eq!(checks["checks"][9]["detail"], "not asked: see `token`");
    assert_eq!(
        (&checks["checks"][9]["fix"], &checks["checks"][10]["fix"]),
        (&json!("setup"), &json!("setup"))
    );
}

#[test]
fn a_token_that_is_set_nowhere_fails() {
    let all = Installed::new();
    all.sandbox.write(
        "home/.openclaw/openclaw.json",
        &format!("{{gateway: {{port: {}}}}}", all.gateway.port()),
    );
    let path = all.sandbox.path("home/.openclaw/openclaw.json");
    all.sandbox
        .adjust(&json!({"gateway_config": path, "gateway_url": null, "gateway_token": null}));
    program(&all.sandbox, "work/bin/openclaw", "exit 0");
    let token = all.run().fails(1).json()["checks"][8].clone();
    assert!(
        token["detail"].as_str().unwrap().starts_with("the gateway makes up a token"),
        "{token}"
    );
    assert!(
        token["fix"].as_str().unwrap().starts_with("openclaw config set gateway.auth.token"),
        "{token}"
    );
}

#[test]
fn a_tool_that_is_not_allowed_fails() {
    let all = Installed::new();
    all.gateway.allow(false);
    let by_hand = "add \"sessions_send\" to gateway.tools.allow in that gateway's configuration";
    all.only("sessions_send", "fail", "does not let sessions_send be used", by_hand);
    all.sandbox.write("home/.openclaw/openclaw.json", "{}");
    all.only("sessions_send", "fail", "does not let sessions_send be used", "setup --yes");
}

#[test]
fn a_gateway_with_an_unclear_response_fails() {
    let all = Installed::new();
    program(&all.sandbox, "work/bin/openclaw", "exit 0");
    all.gateway.fail("POST", "/tools/invoke", RequestFault::Status(500), 99);
    let checks = all.run().fails(1).json();
    for number in [8, 9] {
        let check = &checks["checks"][number];
        assert_eq!(
            (&check["status"], &check["fix"]),
            (&json!("fail"), &json!("openclaw gateway status"))
        );
        assert!(check["detail"].as_str().unwrap().starts_with("could not be found out: "));
    }
    // Whether the agent exists is not known either: no failure of its own.
    assert_eq!(checks["checks"][10]["status"], "warn");
    assert_eq!(checks["checks"][10]["because"], "token");
}

#[test]
fn a_token_that_only_the_gateway_can_resolve_fails() {
    let all = Installed::new();
    let port = all.gateway.port();
    let auth = "{token: {source: 'exec', provider: 'vault', id: 'x'}}";
    all.sandbox.write(
        "home/.openclaw/openclaw.json",
        &format!("{{gateway: {{port: {port}, auth: {auth}}}}}"),
    );
    let path = all.sandbox.path("home/.openclaw/openclaw.json");
    all.sandbox
        .adjust(&json!({"gateway_config": path, "gateway_url": null, "gateway_token": null}));
    let checks = all.run().fails(1).json();
    let details = checks["checks"].to_string();
    assert!(details.contains("exec") && details.contains("--gateway-token-env"), "{details}");
}

#[test]
fn an_unknown_agent_fails() {
    let all = Installed::new();
    all.gateway.agents(&["jarvis", "friday"]);
    all.only(
        "agent",
        "fail",
        "the gateway has no agent `main`; it has: jarvis, friday",
        "setup --agent-id jarvis",
    );
}

#[test]
fn an_old_gateway_is_well_too() {
    let mut all = Installed::new();
    all.gateway = SimulatedGateway::of(GatewayVersion::Clawdbot2026_1);
    all.sandbox.adjust(&json!({"gateway_url": all.gateway.url()}));
    let checks = all.run().ok().json();
    assert_eq!(checks["checks"][9]["status"], "pass", "{checks:#}");
}

#[test]
fn the_version_of_a_gateway_is_shown_within_bounds() {
    let all = Installed::new();
    let long = format!("a\u{1b}[2J\n{}", "b".repeat(500));
    all.gateway.on("GET", "/startupz", 200, json!({"status": "started", "version": long}));
    all.gateway.agents(&[&long, "home"]);
    let checks = all.run().fails(1).json();
    let detail = |number: usize| checks["checks"][number]["detail"].as_str().unwrap().to_owned();
    assert!(detail(7).ends_with(&format!(", version a[2J {}…", "b".repeat(35))), "{}", detail(7));
    assert!(detail(10).ends_with("bbb…, home"), "{}", detail(10));
    assert!(detail(7).len() < 120 && detail(10).len() < 120);
}
