//! `setup` without a terminal, as agents and installers run it.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

mod machine;

use harness::{Gateway, KEY, Output, Run, TOKEN, Version};
use machine::{CONFIG, Machine, OWN, changed, chmod};
use serde_json::{Value, json};

const SETUP: &str = env!("CARGO_BIN_EXE_setup");

const PLAIN: &str = "{gateway: {mode: 'local', port: @PORT@, auth: {token: '@TOKEN@'}}}\n";

impl Machine {
    fn prepare<'a>(&'a self, args: &[&str]) -> Run<'a> {
        let server = self.service.url();
        let all = ["--server", &server]
            .iter()
            .chain(args)
            .copied()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        self.sandbox.prepare(SETUP, all)
    }

    /// Runs setup with a key on its stdin, while the gateway reloads.
    fn setup(&self, args: &[&str]) -> Output {
        let args: Vec<_> = ["--api-key-stdin"].iter().chain(args).copied().collect();
        self.while_reloading(|| self.prepare(&args).stdin(&format!("{KEY}\n")).run())
    }
}

fn left_alone(out: &Output) -> String {
    out.json()["left_alone"]
        .as_array()
        .unwrap()
        .iter()
        .map(|why| why.as_str().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn from_nothing_to_a_gateway_that_lets_requests_in() {
    let text = "// my gateway\n{\n  gateway: {\n    mode: 'local', port: @PORT@, // not the usual one\n    auth: { token: '@TOKEN@' },\n    /* nothing else */\n  },\n}\n";
    let machine = Machine::new(text);
    let real = machine.sandbox.path("home/.openclaw/real.json5");
    std::fs::rename(machine.sandbox.path(OWN), &real).unwrap();
    std::os::unix::fs::symlink("real.json5", machine.sandbox.path(OWN)).unwrap();
    chmod(&real, 0o640);
    let before = machine.sandbox.read(OWN);
    let out = machine.setup(&["--yes", "--owner-name", "Ada"]);
    out.ok().never_says(KEY).never_says(TOKEN);

    let own = machine.sandbox.path(OWN).display().to_string();
    let config = machine.config();
    assert_eq!(config["api_key"], KEY);
    assert_eq!(config["owner_name"], "Ada");
    assert_eq!(config["agent_id"], "main");
    assert_eq!(config["gateway_config"], own.as_str());
    assert!(!machine.sandbox.read(CONFIG).contains(TOKEN), "a copied token would go stale");
    assert_eq!(machine.sandbox.mode(CONFIG), 0o600);

    let after = machine.sandbox.read(OWN);
    let added = "    /* nothing else */\n    tools: {\n      allow: ['sessions_send']\n    },\n";
    assert_eq!(after, before.replace("    /* nothing else */\n", added));
    assert!(std::fs::symlink_metadata(machine.sandbox.path(OWN)).unwrap().is_symlink());
    assert_eq!(machine.sandbox.mode("home/.openclaw/real.json5"), 0o640);
    assert_eq!(machine.sandbox.read("home/.openclaw/real.json5.before-clawdtalk"), before);

    let wanted = [
        "api_key",
        "server",
        "owner_name",
        "gateway_config",
        "agent_id",
        "gateway.tools.allow += \"sessions_send\"",
    ];
    assert_eq!(changed(&out), wanted);
    assert_eq!(out.json()["gateway"]["taken_up"], true);
    assert!(machine.gateway.turns().is_empty(), "nobody was asked anything");
}

#[test]
fn repeating_it_changes_nothing_that_is_right() {
    let machine = Machine::new(PLAIN);
    machine.setup(&["--yes"]).ok();
    let files = [CONFIG, OWN].map(|path| machine.sandbox.read(path));
    let out = machine.while_reloading(|| machine.prepare(&["--yes"]).run());
    out.ok();
    assert_eq!(changed(&out), [""; 0]);
    assert_eq!([CONFIG, OWN].map(|path| machine.sandbox.read(path)), files);
}

#[test]
fn names_of_any_letters_are_kept_to_the_letter() {
    let machine = Machine::new(PLAIN);
    let name = "Conan \"the\" O'Brien \\ 😀\nthe 2nd ${x} $(id)";
    machine
        .setup(&[
            "--no-gateway",
            "--owner-name",
            name,
            "--agent-name",
            "小明",
            "--greeting",
            "- «Hé»\t!",
        ])
        .ok();
    let config = machine.config();
    assert_eq!((&config["owner_name"], &config["agent_name"]), (&json!(name), &json!("小明")));
    assert_eq!(config["greeting"], "- «Hé»\t!");
}

#[test]
fn a_key_of_any_characters_is_stored_and_one_that_cannot_be_sent_is_not() {
    let machine = Machine::new(PLAIN);
    let key = r#"cc_live_"a'b\c$d{e}f`g&h<i"#;
    let run = |key: &str| machine.prepare(&["--no-gateway", "--api-key-stdin"]).stdin(key).run();
    run(&format!("  {key}\r\n")).never_says(key);
    assert_eq!(machine.config()["api_key"], key);
    for wrong in ["", "two words", "umlaut_ä", "cc_${KEY}"] {
        run(wrong).fails(2).silent().never_says("umlaut");
    }
    assert_eq!(machine.config()["api_key"], key, "a refused key changes nothing");
}

#[test]
fn a_variable_is_stored_by_its_name() {
    let machine = Machine::new(PLAIN);
    let args = ["--no-gateway", "--api-key-env", "MY_KEY"];
    machine.prepare(&args).env("MY_KEY", KEY).run().ok().never_says(KEY);
    assert_eq!(machine.config()["api_key"], "${MY_KEY}");
    machine.prepare(&["--api-key-env", "$SECRET-123"]).run().fails(2).silent().never_says("SECRET");
}

#[test]
fn nothing_is_lost_that_it_was_not_told_to_change() {
    let machine = Machine::new(PLAIN);
    let old = json!({
        "api_key": KEY, "server": "https://example.org", "greeting": "Hi", "guard": {"approve": "always"},
        "max_conversation_turns": "1.50", "x": null, "gateway_url": null, "gateway_token": null,
    });
    let text = format!("{old:#}").replace("\"1.50\"", "1.50");
    machine.sandbox.write(CONFIG, &text);
    chmod(&machine.sandbox.path(CONFIG), 0o644);
    let out = machine.while_reloading(|| machine.prepare(&["--yes"]).run());
    out.ok();
    let mut new = machine.config();
    let own = machine.sandbox.path(OWN);
    assert_eq!(new["gateway_config"], json!(own));
    assert_eq!(new["server"], machine.service.url().as_str());
    for (key, value) in old.as_object().unwrap() {
        if !["server", "max_conversation_turns"].contains(&key.as_str()) {
            assert_eq!(new[key].take(), *value, "{key}");
        }
    }
    assert!(machine.sandbox.read(CONFIG).contains("1.50"), "a number stays as it was written");
    assert_eq!(machine.sandbox.mode(CONFIG), 0o600, "a key is made private");
    assert!(changed(&out).contains(&"made private (0600)".to_owned()), "{out}");
}

#[test]
fn what_the_reference_copied_gives_way_to_a_reference() {
    let machine = Machine::new(PLAIN);
    let port = machine.gateway.port();
    machine.sandbox.config(&json!({
        "api_key": KEY, "gateway_url": format!("http://localhost:{port}/"), "gateway_token": "stale", "agent_id": "main",
    }));
    machine.while_reloading(|| machine.prepare(&["--yes"]).run()).ok();
    let config = machine.config();
    assert_eq!((config.get("gateway_url"), config.get("gateway_token")), (None, None));
}

#[test]
fn an_address_elsewhere_stays() {
    let machine = Machine::new(PLAIN);
    machine.sandbox.config(
        &json!({"api_key": KEY, "gateway_url": "http://127.0.0.1:9", "gateway_token": "${GW}"}),
    );
    let out = machine.while_reloading(|| machine.prepare(&["--yes"]).env("GW", "x").run());
    let config = out.fails(1).json();
    assert_eq!(machine.config()["gateway_url"], "http://127.0.0.1:9");
    assert_eq!(machine.config()["gateway_token"], "${GW}");
    assert!(left_alone(&out).contains("the former stays"), "{config:#}");
}

#[test]
fn the_gateway_can_be_left_alone() {
    let machine = Machine::new(PLAIN);
    let before = machine.sandbox.read(OWN);
    machine.prepare(&["--no-gateway", "--yes", "--api-key-stdin"]).stdin(KEY).run().ok();
    assert_eq!(machine.sandbox.read(OWN), before);
    assert_eq!(machine.config().get("gateway_config"), None);
}

#[test]
fn without_a_yes_nothing_is_allowed_and_no_page_is_read() {
    let machine = Machine::new(PLAIN);
    machine.sandbox.write("home/.openclaw/workspace/USER.md", "- **Name:** Ada Lovelace (she)\n");
    let before = machine.sandbox.read(OWN);
    let out = machine.setup(&[]);
    out.fails(1);
    assert_eq!(machine.sandbox.read(OWN), before);
    assert_eq!(machine.config().get("owner_name"), None);
    assert!(left_alone(&out).contains("`setup --yes` allows it"), "{out}");
}

#[test]
fn names_come_from_the_agents_pages_without_remarks() {
    let machine = Machine::new(PLAIN);
    machine.sandbox.write(
        "home/.openclaw/workspace/USER.md",
        "# About\n- **Name:** Ada Lovelace (she/her)\n- **What to call them:** *(optional)*\n",
    );
    machine.sandbox.write(
        "home/.openclaw/workspace/IDENTITY.md",
        "- **Name:** Jarvis \u{2014} a butler\n- **Vibe:**\n",
    );
    machine.setup(&["--yes"]).ok();
    let config = machine.config();
    assert_eq!(
        (&config["owner_name"], &config["agent_name"]),
        (&json!("Ada Lovelace"), &json!("Jarvis"))
    );
    machine.sandbox.adjust(&json!({"owner_name": "Countess"}));
    machine.while_reloading(|| machine.prepare(&["--yes"]).run()).ok();
    assert_eq!(machine.config()["owner_name"], "Countess", "a name that is there stays");
}

#[test]
fn an_include_is_edited_where_the_value_stands() {
    let machine = Machine::new("{gateway: {$include: './gw.json5'}} // main\n");
    machine.write("home/.openclaw/gw.json5", "{ // the gateway\n  port: @PORT@,\n  auth: {token: '@TOKEN@'},\n  tools: {allow: ['tts']} // speech\n}\n");
    let main = machine.sandbox.read(OWN);
    machine.setup(&["--yes"]).ok();
    assert_eq!(machine.sandbox.read(OWN), main);
    assert!(
        machine
            .sandbox
            .read("home/.openclaw/gw.json5")
            .contains("tools: {allow: ['tts', 'sessions_send']} // speech\n")
    );
}

#[test]
fn the_chat_endpoint_is_switched_on_if_asked_for() {
    let machine = Machine::new(PLAIN);
    let out = machine.setup(&["--yes", "--chat"]);
    out.ok();
    assert!(
        changed(&out).contains(&"gateway.http.endpoints.chatCompletions.enabled = true".to_owned()),
        "{out}"
    );
    let own = machine.sandbox.read(OWN);
    assert!(own.contains("tools: {allow: ['sessions_send']}, http: {endpoints: {chatCompletions: {enabled: true}}}}"), "{own}");
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
    let out = machine.setup(&["--yes"]);
    out.fails(2)
        .silent()
        .stderr_has("the gateway has several agents and marks none: jarvis, friday");
    assert!(!machine.sandbox.has(CONFIG), "nothing is written before it is clear");
    machine
        .setup(&["--yes", "--agent-id", "nobody"])
        .fails(2)
        .stderr_has("hint: it has: jarvis, friday");
    machine.setup(&["--yes", "--agent-id", "friday"]).ok();
    assert_eq!(machine.config()["agent_id"], "friday");
    machine.while_reloading(|| machine.prepare(&["--yes"]).run()).ok();
    assert_eq!(machine.config()["agent_id"], "friday", "a choice is kept");
}

#[test]
fn a_gateway_without_an_agent_main_is_understood() {
    let machine = Machine::new(
        "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}}, agents: {entries: {Jarvis: {}}}}",
    );
    machine.gateway.agents(&["jarvis"]);
    machine.setup(&["--yes"]).ok();
    assert_eq!(machine.config()["agent_id"], "jarvis");
}

#[test]
fn of_two_products_the_one_in_force_is_taken_and_the_other_named() {
    let machine = Machine::new(PLAIN);
    machine
        .sandbox
        .write("home/.clawdbot/clawdbot.json", "{gateway: {port: 1, auth: {token: 'older'}}}");
    let out = machine.setup(&["--yes"]);
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
fn an_old_clawdbot_is_given_no_key_that_it_does_not_know() {
    let mut machine = Machine::new("{}");
    std::fs::remove_file(machine.sandbox.path(OWN)).unwrap();
    machine.gateway = Gateway::of(Version::Clawdbot2026_1);
    let text = "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}}, meta: {lastTouchedVersion: '2026.1.24-3'}}";
    machine.write("home/.clawdbot/clawdbot.json", text);
    let before = machine.sandbox.read("home/.clawdbot/clawdbot.json");
    let run = |machine: &Machine| machine.prepare(&["--yes", "--api-key-stdin"]).stdin(KEY).run();
    run(&machine).ok();
    let port = machine.gateway.port();
    machine.gateway = Gateway::of(Version::Clawdbot2026_1);
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
        let out = machine.setup(&["--yes"]);
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
        "`gateway.tools.allow` is a string, not an array",
    );
    case(
        "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}, tools: {deny: ['sessions_send']}}}",
        "`gateway.tools.deny`",
    );
    case("{gateway: {port: @PORT@ auth: 1}}", "line 1: expected comma");
    case("", "EOF parsing value");
}

#[test]
fn a_gateway_config_that_cannot_be_read_is_told_and_the_rest_is_done() {
    let machine = Machine::new(PLAIN);
    std::fs::remove_file(machine.sandbox.path(OWN)).unwrap();
    std::os::unix::fs::symlink("openclaw.json", machine.sandbox.path(OWN)).unwrap();
    let out = machine.setup(&["--yes"]);
    out.fails(1).stderr_has("warning: reading `");
    assert_eq!(machine.config()["api_key"], KEY);
}

#[test]
fn a_full_disk_changes_nothing() {
    let machine = Machine::new(&format!(
        "{{gateway: {{port: @PORT@, auth: {{token: '@TOKEN@'}}}}}} // {}\n",
        "x".repeat(8000)
    ));
    let (own, server) = (machine.sandbox.read(OWN), machine.service.url());
    let limited = |blocks: u32| {
        let line = format!(
            "ulimit -f {blocks}; echo '{KEY}' | '{SETUP}' --server '{server}' --yes --api-key-stdin"
        );
        machine.while_reloading(|| machine.sandbox.run("/bin/sh", ["-c", &line]))
    };
    limited(0).fails(4).silent().stderr_has("skill-config.json");
    assert_eq!(machine.files("skill"), ["bin", "skill-config.json.lock"]);
    let out = limited(8);
    out.fails(1);
    assert!(left_alone(&out).contains("openclaw.json"), "{out}");
    assert_eq!(machine.sandbox.read(OWN), own);
    assert_eq!(machine.files("home/.openclaw"), ["openclaw.json"]);
    assert_eq!(machine.config().get("setup"), None, "what was not done is not remembered");
}

#[test]
fn a_token_may_come_in_any_form() {
    #[track_caller]
    fn case(auth: &str, dotenv: &str, token: &str) {
        let machine = Machine::new(&format!("{{gateway: {{port: @PORT@, auth: {auth}}}}}"));
        machine.write("home/.openclaw/.env", dotenv);
        let out = machine.setup(&["--yes"]);
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
    let out = machine.setup(&["--yes"]);
    out.fails(1).stderr_has("whether it takes it up is not known");
    assert_eq!(out.json()["gateway"]["taken_up"], Value::Null);
    assert!(machine.sandbox.read(OWN).contains("tools: {allow: ['sessions_send']}"));
}

#[test]
fn a_gateway_elsewhere_is_named_by_its_address_and_a_variable() {
    let machine = Machine::new("{}");
    std::fs::remove_file(machine.sandbox.path(OWN)).unwrap();
    machine.gateway.allow(true);
    let url = machine.gateway.url();
    let args = ["--api-key-stdin", "--gateway-url", &url, "--gateway-token-env", "GW"];
    machine.prepare(&args).stdin(KEY).env("GW", TOKEN).run().ok().never_says(TOKEN);
    let config = machine.config();
    assert_eq!((&config["gateway_url"], &config["gateway_token"]), (&json!(url), &json!("${GW}")));
    machine.prepare(&["--gateway-url", "gw.lan:1"]).run().fails(2).silent();
    machine.prepare(&["--no-gateway", "--gateway-url", &url]).run().fails(2).silent();
}

#[test]
fn the_key_never_goes_in_clear_beyond_this_machine() {
    let machine = Machine::new(PLAIN);
    let out = machine.sandbox.run(SETUP, ["--server", "http://example.org", "--yes"]);
    out.fails(3).silent().stderr_has("https://");
    assert!(!machine.sandbox.has(CONFIG));
}

#[test]
fn people_get_lines() {
    let machine = Machine::new(PLAIN);
    let out = machine.setup(&["--yes", "--text"]);
    out.ok()
        .stdout_has("set api_key (")
        .stdout_has("gateway.tools.allow += \"sessions_send\" (")
        .stdout_has("pass  key ");
    machine
        .while_reloading(|| machine.prepare(&["--yes", "--text"]).run())
        .stdout_has("Nothing had to be changed.\n");
}
