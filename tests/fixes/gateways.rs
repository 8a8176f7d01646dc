//! The gateway: where it is, whether it lets requests in, and by whose leave.

use std::time::Duration;

use harness::SimulatedOwner;
use serde_json::json;

use crate::owner::{ALLOWED, OWN, Owner, Situation, nothing};

const PLAIN: &str = "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}}}\n";

pub(crate) const ALL: &[Situation] = &[
    Situation::new("allow_tool", "sessions_send", not_allowed, nothing),
    Situation::new(
        "allow_tool_elsewhere",
        "sessions_send",
        |owner| {
            owner.adjust(&json!({
                "gateway_config": null, "gateway_url": owner.gateway.url(), "gateway_token": owner.gateway.token(),
            }));
            std::fs::remove_file(owner.sandbox.path(OWN)).unwrap();
            owner.gateway.allow(false);
        },
        |owner| _ = owner.gateway.allow(true),
    ),
    Situation::new(
        "choose_agent",
        "agent",
        |owner| {
            owner.own(&ALLOWED.replace("{gateway", "{agents: {entries: {jarvis: {}}}, gateway"));
            owner.gateway.agents(&["jarvis"]);
        },
        nothing,
    ),
    Situation::new(
        "restart_gateway",
        "sessions_send",
        |owner| _ = owner.gateway.allow(false),
        |owner| {
            owner.openclaw_was("gateway restart");
            owner.gateway.allow(true);
        },
    ),
    // A file of the gate that is not as setup wrote it.
    Situation::new("set_up_gate", "gate", half_a_gate, nothing),
    // A token that was changed in the file, and reloading is off.
    Situation::new(
        "restart_gateway",
        "token",
        |owner| {
            let text = ALLOWED.replace("{port", "{reload: {mode: 'off'}, port");
            owner.own(&text.replace("@TOKEN@", "the-next-token-0123456789"));
        },
        |owner| {
            owner.openclaw_was("gateway restart");
            owner.gateway.change_token("the-next-token-0123456789");
        },
    ),
    // Of a profile, by its own name.
    Situation::new("restart_gateway", "sessions_send", of_a_profile, |owner| {
        owner.openclaw_was("--profile work gateway restart");
        owner.gateway.allow(true);
    }),
    Situation::new(
        "restart_gateway_by_hand",
        "gateway",
        |owner| {
            owner.own(&ALLOWED.replace("@PORT@", "1"));
            owner.without(&["openclaw"]);
        },
        |owner| owner.own(ALLOWED),
    ),
    // A copied port that went stale, which setup heals.
    Situation::new(
        "setup",
        "gateway",
        |owner| {
            owner.adjust(&json!({"gateway_config": null, "gateway_url": "http://127.0.0.1:1", "gateway_token": "x"}));
        },
        nothing,
    ),
    Situation::new(
        "show_gateway",
        "token",
        |owner| _ = owner.gateway.drain(true),
        |owner| {
            owner.openclaw_was("gateway status");
            owner.gateway.drain(false);
        },
    ),
    Situation::new(
        "set_gateway_token",
        "token",
        |owner| {
            owner.own("{gateway: {port: @PORT@, tools: {allow: ['sessions_send']}}}");
            let own = owner.sandbox.path(OWN).display().to_string();
            let port = owner.gateway.port();
            let script = format!(
                "[ \"$1 $2 $3\" = 'config set gateway.auth.token' ] || exit 2; printf '%s' \"$4\" > ../work/token; \
                 printf \"{{gateway: {{port: {port}, auth: {{token: '%s'}}, tools: {{allow: ['sessions_send']}}}}}}\" \"$4\" > '{own}'"
            );
            owner.program("openclaw", &script);
        },
        |owner| {
            let token = owner.sandbox.read("work/token");
            assert!(token.len() >= 24, "{token}");
            owner.gateway.change_token(&token);
        },
    ),
    // The owner writes what the finding says.
    Situation::new(
        "edit_file",
        "exposure",
        |owner| {
            owner.own(&ALLOWED.replace("{port", "{bind: 'lan', port"));
            editor(owner, "sed -i 's/lan/loopback/' \"$1\"");
        },
        nothing,
    ),
    Situation::new(
        "edit_file",
        "sessions_send",
        |owner| {
            owner.own(&PLAIN.replace("{port", "{tools: {deny: ['sessions_send']}, port"));
            owner.gateway.allow(false);
            editor(owner, "sed -i 's/deny/allow/' \"$1\"");
        },
        |owner| _ = owner.gateway.allow(true),
    ),
    // A secret that only the gateway can resolve, and one that is set nowhere.
    Situation::new(
        "edit_file",
        "config",
        |owner| {
            owner
                .own(&ALLOWED.replace("'@TOKEN@'", "{source: 'exec', provider: 'vault', id: 'x'}"));
            let token = owner.gateway.token();
            editor(owner, &format!("umask 077; echo 'OPENCLAW_GATEWAY_TOKEN={token}' >> \"$1\""));
        },
        nothing,
    ),
    Situation::new(
        "edit_file",
        "config",
        |owner| {
            owner.own(&ALLOWED.replace("@TOKEN@", "${GW}"));
            let token = owner.gateway.token();
            editor(owner, &format!("umask 077; echo 'GW={token}' >> \"$1\""));
        },
        nothing,
    ),
    // Behind a proxy, without the password that programs of its machine may use.
    Situation::new(
        "edit_file",
        "config",
        |owner| {
            owner.own(&ALLOWED.replace("token: '@TOKEN@'", "mode: 'trusted-proxy'"));
            let token = owner.gateway.token();
            editor(
                owner,
                &format!("sed -i \"s/mode: 'trusted-proxy'/&, password: '{token}'/\" \"$1\""),
            );
        },
        nothing,
    ),
    // The skill lies in the folder of another gateway than the one that it refers to.
    Situation::new("setup", "config", in_another_folder, nothing),
];

fn not_allowed(owner: &mut Owner) {
    owner.own(PLAIN);
    owner.gateway.allow(false);
}

fn half_a_gate(owner: &mut Owner) {
    owner.service.owner(SimulatedOwner::Approves(Duration::ZERO));
    owner.skill_program(&["setup", "--yes", "--gate", "--service", "none"]);
    owner.sandbox.write("home/.openclaw/clawdtalk-gate/index.js", "// half");
    owner.client_says(&json!({"gateway": {"rung": "gate"}}));
}

fn editor(owner: &mut Owner, script: &str) {
    owner.program("editor", script);
    owner.sandbox.env("EDITOR", "editor");
}

fn of_a_profile(owner: &mut Owner) {
    let place = "home/.openclaw-work/openclaw.json";
    let text = owner.sandbox.read(OWN);
    owner.sandbox.write(place, &text);
    owner.adjust(&json!({"gateway_config": owner.sandbox.path(place)}));
    owner.gateway.allow(false);
}

fn in_another_folder(owner: &mut Owner) {
    let text = owner.sandbox.read(OWN);
    owner.sandbox.write("home/.openclaw-work/openclaw.json", &text);
    let skill = owner.sandbox.path("home/.openclaw-work/skills/clawdtalk-client");
    std::fs::create_dir_all(&skill).unwrap();
    std::fs::copy(owner.sandbox.path("skill/skill-config.json"), skill.join("skill-config.json"))
        .unwrap();
    owner.options = format!("--skill-dir '{}'", skill.display());
}
