//! `setup` and the gateway's configuration, in the forms that owners have it.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "setup/machine.rs"]
mod machine;

use harness::{GatewayVersion, KEY, SimulatedGateway, TOKEN};
use machine::{CONFIG, Machine, OWN, changed, left_alone};
use serde_json::{Value, json};

const SETUP: &str = env!("CARGO_BIN_EXE_setup");

const PLAIN: &str = "{gateway: {mode: 'local', port: @PORT@, auth: {token: '@TOKEN@'}}}\n";

#[test]
fn an_include_is_edited_where_the_value_stands() {
    let machine = Machine::new("{gateway: {$include: './gw.json5'}} // main\n");
    machine.write("home/.openclaw/gw.json5", "{ // the gateway\n  port: @PORT@,\n  auth: {token: '@TOKEN@'},\n  tools: {allow: ['tts']} // speech\n}\n");
    let main = machine.sandbox.read(OWN);
    machine.setup(SETUP, &["--yes"]).ok();
    assert_eq!(machine.sandbox.read(OWN), main);
    assert!(
        machine
            .sandbox
            .read("home/.openclaw/gw.json5")
            .contains("tools: {allow: ['tts', \"sessions_send\"]} // speech\n")
    );
}

#[test]
fn the_chat_endpoint_is_switched_on_if_asked_for() {
    let machine = Machine::new(PLAIN);
    let out = machine.setup(SETUP, &["--yes", "--chat"]);
    out.ok();
    assert_eq!(out.json()["gateway"]["taken_up"], true);
    assert!(
        changed(&out).contains(&"gateway.http.endpoints.chatCompletions.enabled = true".to_owned()),
        "{out}"
    );
    let own = machine.sandbox.read(OWN);
    let own: String = own.split_whitespace().collect();
    assert!(
        own.contains(
            "tools:{allow:[\"sessions_send\"]},http:{endpoints:{chatCompletions:{enabled:true}}}}"
        ),
        "{own}"
    );
    assert_eq!(
        machine.files("home/.openclaw"),
        ["openclaw.json", "openclaw.json.before-clawdtalk"]
    );
    let backup = machine.sandbox.read("home/.openclaw/openclaw.json.before-clawdtalk");
    assert!(!backup.contains("sessions_send"), "the backup shows the file before the first edit");
}

#[test]
fn two_agents_have_to_be_chosen_from() {
    let text = "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}}, agents: {ownership: 'explicit', entries: {jarvis: {}, friday: {}}}}";
    let machine = Machine::new(text);
    machine.gateway.agents(&["jarvis", "friday"]);
    let out = machine.setup(SETUP, &["--yes"]);
    out.fails(2)
        .silent()
        .stderr_has("the gateway has several agents and marks none: jarvis, friday");
    assert!(!machine.sandbox.has(CONFIG), "nothing is written before it is clear");
    machine
        .setup(SETUP, &["--yes", "--agent-id", "nobody"])
        .fails(2)
        .stderr_has("hint: it has: jarvis, friday");
    machine.setup(SETUP, &["--yes", "--agent-id", "friday"]).ok();
    assert_eq!(machine.config()["agent_id"], "friday");
    machine.while_reloading(|| machine.prepare(SETUP, &["--yes"]).run()).ok();
    assert_eq!(machine.config()["agent_id"], "friday", "a choice stays");
}

#[test]
fn a_gateway_without_an_agent_main_is_understood() {
    let machine = Machine::new(
        "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}}, agents: {entries: {Jarvis: {}}}}",
    );
    machine.gateway.agents(&["jarvis"]);
    machine.setup(SETUP, &["--yes"]).ok();
    assert_eq!(machine.config()["agent_id"], "jarvis");
}

#[test]
fn of_two_products_the_one_in_force_is_taken_and_the_other_named() {
    let machine = Machine::new(PLAIN);
    machine
        .sandbox
        .write("home/.clawdbot/clawdbot.json", "{gateway: {port: 1, auth: {token: 'older'}}}");
    let out = machine.setup(SETUP, &["--yes"]);
    out.ok().stderr_has(".clawdbot/clawdbot.json` (Clawdbot) is there too");
    assert!(
        machine.config()["gateway_config"].as_str().unwrap().ends_with(".openclaw/openclaw.json")
    );
    assert_eq!(
        machine.sandbox.read("home/.clawdbot/clawdbot.json"),
        "{gateway: {port: 1, auth: {token: 'older'}}}"
    );
}

#[test]
fn an_old_clawdbot_gets_no_unknown_key() {
    let mut machine = Machine::new("{}");
    std::fs::remove_file(machine.sandbox.path(OWN)).unwrap();
    machine.gateway = SimulatedGateway::of(GatewayVersion::Clawdbot2026_1);
    let text = "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}}, meta: {lastTouchedVersion: '2026.1.24-3'}}";
    machine.write("home/.clawdbot/clawdbot.json", text);
    let before = machine.sandbox.read("home/.clawdbot/clawdbot.json");
    let run =
        |machine: &Machine| machine.prepare(SETUP, &["--yes", "--api-key-stdin"]).stdin(KEY).run();
    run(&machine).ok();
    let port = machine.gateway.port();
    machine.gateway = SimulatedGateway::of(GatewayVersion::Clawdbot2026_1);
    let down = run(&machine);
    down.fails(1);
    assert!(
        left_alone(&down).contains("Clawdbot 2026.1.24 does not know `gateway.tools`"),
        "{down}"
    );
    assert_eq!(machine.sandbox.read("home/.clawdbot/clawdbot.json"), before, "port {port}");
    assert_eq!(machine.files("home/.clawdbot"), ["clawdbot.json"]);
}

#[test]
fn a_file_that_cannot_be_edited_without_guessing_is_left_alone() {
    #[track_caller]
    fn case(own: &str, why: &str) {
        let machine = Machine::new(own);
        let before = machine.sandbox.read(OWN);
        let out = machine.setup(SETUP, &["--yes"]);
        out.fails(1);
        assert!(left_alone(&out).contains(why), "{out}");
        assert_eq!(machine.sandbox.read(OWN), before);
        assert_eq!(machine.files("home/.openclaw"), ["openclaw.json"]);
        assert_eq!(machine.config().get("setup"), None);
    }
    case(
        "{gateway: {}, gateway: {port: @PORT@, auth: {token: '@TOKEN@'}}}",
        "`gateway` stands there twice",
    );
    case(
        "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}, tools: {allow: 'all'}}}",
        "`gateway.tools.allow` is a text, not a list",
    );
    case(
        "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}, tools: {deny: ['sessions_send']}}}",
        "`gateway.tools.deny`",
    );
    case(
        "{\\u0067ateway: {port: @PORT@, auth: {token: '@TOKEN@'}}}",
        "write it there by hand: gateway.tools.allow += \"sessions_send\"",
    );
    case("{gateway: {port: @PORT@ auth: 1}}", "line 1: expected comma");
    case("", "EOF parsing value");
}

#[test]
fn a_gateway_config_that_cannot_be_read_is_reported_and_the_rest_is_done() {
    let machine = Machine::new(PLAIN);
    std::fs::remove_file(machine.sandbox.path(OWN)).unwrap();
    std::os::unix::fs::symlink("openclaw.json", machine.sandbox.path(OWN)).unwrap();
    let out = machine.setup(SETUP, &["--yes"]);
    out.fails(1).stderr_has("warning: reading `");
    assert_eq!(machine.config()["api_key"], KEY);
}

#[test]
fn a_token_may_come_in_any_form() {
    #[track_caller]
    fn case(auth: &str, dotenv: &str, token: &str) {
        let machine = Machine::new(&format!("{{gateway: {{port: @PORT@, auth: {auth}}}}}"));
        machine.write("home/.openclaw/.env", dotenv);
        let out = machine.setup(SETUP, &["--yes"]);
        let checks = out.json()["checks"].as_array().unwrap().clone();
        let check = checks.iter().find(|check| check["id"] == "token").unwrap();
        assert!(check["detail"].as_str().unwrap().contains(token), "{out}");
        out.never_says(TOKEN);
    }
    case("{token: '${GW_TOKEN}'}", "GW_TOKEN=@TOKEN@", "accepted");
    case(
        "{token: {source: 'env', provider: 'default', id: 'GW_TOKEN'}}",
        "export GW_TOKEN='@TOKEN@'\n",
        "accepted",
    );
    case("{mode: 'password', password: '@TOKEN@'}", "", "accepted");
    case("{}", "OPENCLAW_GATEWAY_TOKEN=@TOKEN@", "accepted");
    case("{}", "", "the gateway makes up a token at each start");
    case("{token: '${UNSET}'}", "", "not checked");
    case("{token: {source: 'exec', provider: 'v', id: 'x'}}", "", "not checked");
}

#[test]
fn a_gateway_that_does_not_run_is_set_up_all_the_same() {
    let machine = Machine::new("{gateway: {port: 1, auth: {token: '@TOKEN@'}}}");
    let out = machine.setup(SETUP, &["--yes"]);
    out.fails(1).stderr_has("whether it takes it up is not known");
    assert_eq!(out.json()["gateway"]["taken_up"], Value::Null);
    assert!(machine.sandbox.read(OWN).contains("allow: [\"sessions_send\"]"));
}

#[test]
fn a_gateway_elsewhere_is_named_by_its_address_and_a_variable() {
    let machine = Machine::new("{}");
    std::fs::remove_file(machine.sandbox.path(OWN)).unwrap();
    machine.gateway.allow(true);
    let url = machine.gateway.url();
    let args = ["--api-key-stdin", "--gateway-url", &url, "--gateway-token-env", "GW"];
    machine.prepare(SETUP, &args).stdin(KEY).env("GW", TOKEN).run().ok().never_says(TOKEN);
    let config = machine.config();
    assert_eq!((&config["gateway_url"], &config["gateway_token"]), (&json!(url), &json!("${GW}")));
    machine.prepare(SETUP, &["--gateway-url", "gw.lan:1"]).run().fails(2).silent();
    machine.prepare(SETUP, &["--no-gateway", "--gateway-url", &url]).run().fails(2).silent();
}
