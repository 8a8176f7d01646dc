//! `setup` without a terminal, as agents and installers run it.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "setup/machine.rs"]
mod machine;

use harness::{KEY, SimulatedGateway, TOKEN};
use machine::{CONFIG, Machine, OWN, changed, chmod, left_alone};
use serde_json::json;
use state::lock::Lock;

const SETUP: &str = env!("CARGO_BIN_EXE_setup");

const PLAIN: &str = "{gateway: {mode: 'local', port: @PORT@, auth: {token: '@TOKEN@'}}}\n";

#[test]
fn from_nothing_to_a_gateway_that_lets_requests_in() {
    let text = "// my gateway\n{\n  gateway: {\n    mode: 'local', port: @PORT@, // not the usual one\n    auth: { token: '@TOKEN@' },\n    /* nothing else */\n  },\n}\n";
    let machine = Machine::new(text);
    let real = machine.sandbox.path("home/.openclaw/real.json5");
    std::fs::rename(machine.sandbox.path(OWN), &real).unwrap();
    std::os::unix::fs::symlink("real.json5", machine.sandbox.path(OWN)).unwrap();
    chmod(&real, 0o640);
    let before = machine.sandbox.read(OWN);
    let out = machine.setup(SETUP, &["--yes", "--owner-name", "Ada"]);
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
    let added = "    tools: {\n      allow: [\"sessions_send\"],\n    },\n    /* nothing else */\n";
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
    machine.setup(SETUP, &["--yes"]).ok().stderr_has("hint: start the client");
    let files = [CONFIG, OWN].map(|path| machine.sandbox.read(path));
    let _client = Lock::try_acquire(&machine.sandbox.path("skill/.connect.lock")).unwrap().unwrap();
    let out = machine.while_reloading(|| machine.prepare(SETUP, &["--yes"]).run());
    out.ok();
    assert!(!out.err().contains("start the client"), "a client runs: {out}");
    assert_eq!(changed(&out), [""; 0]);
    assert_eq!([CONFIG, OWN].map(|path| machine.sandbox.read(path)), files);
}

#[test]
fn names_are_stored_to_the_letter() {
    let machine = Machine::new(PLAIN);
    let name = "Conan \"the\" O'Brien \\ 😀\nthe 2nd ${x} $(id)";
    machine
        .setup(
            SETUP,
            &[
                "--no-gateway",
                "--owner-name",
                name,
                "--agent-name",
                "小明",
                "--greeting",
                "- «Hé»\t!",
            ],
        )
        .ok();
    let config = machine.config();
    assert_eq!((&config["owner_name"], &config["agent_name"]), (&json!(name), &json!("小明")));
    assert_eq!(config["greeting"], "- «Hé»\t!");
}

#[test]
fn a_folder_that_others_may_write_to_is_closed() {
    let machine = Machine::new(PLAIN);
    chmod(&machine.sandbox.skill(), 0o777);
    machine.sandbox.write("skill/.env", "X=1");
    chmod(&machine.sandbox.path("skill/.env"), 0o644);
    machine.setup(SETUP, &["--yes"]).ok();
    assert_eq!((machine.sandbox.mode("skill"), machine.sandbox.mode("skill/.env")), (0o755, 0o600));
}

#[test]
fn private_files_are_kept_out_of_git() {
    let machine = Machine::new(PLAIN);
    machine.sandbox.write("skill/.gitignore", "*.swp");
    machine.setup(SETUP, &["--no-gateway"]).ok();
    let text = machine.sandbox.read("skill/.gitignore");
    assert!(text.starts_with("*.swp\n#") && text.contains("\n/skill-config.*\n/.*\n"), "{text}");
    let out = machine.setup(SETUP, &["--no-gateway"]);
    assert!(!out.ok().out().contains(".gitignore"), "{out}");
    assert_eq!(machine.sandbox.read("skill/.gitignore"), text);
}

#[test]
fn other_settings_stay() {
    let machine = Machine::new(PLAIN);
    let old = json!({
        "api_key": KEY, "server": "https://example.org", "greeting": "Hi", "guard": {"approve": "always"},
        "max_conversation_turns": "1.50", "x": null, "gateway_url": null, "gateway_token": null,
    });
    let text = format!("{old:#}").replace("\"1.50\"", "1.50");
    machine.sandbox.write(CONFIG, &text);
    chmod(&machine.sandbox.path(CONFIG), 0o644);
    let out = machine.while_reloading(|| machine.prepare(SETUP, &["--yes"]).run());
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
fn a_copied_token_gives_way_to_a_reference_to_it() {
    let machine = Machine::new(PLAIN);
    let port = machine.gateway.port();
    machine.sandbox.config(&json!({
        "api_key": KEY, "gateway_url": format!("http://localhost:{port}/"), "gateway_token": "stale", "agent_id": "main",
    }));
    machine.while_reloading(|| machine.prepare(SETUP, &["--yes"]).run()).ok();
    let config = machine.config();
    assert_eq!((config.get("gateway_url"), config.get("gateway_token")), (None, None));
}

#[test]
fn an_address_elsewhere_stays() {
    let machine = Machine::new(PLAIN);
    let other = SimulatedGateway::start();
    machine
        .sandbox
        .config(&json!({"api_key": KEY, "gateway_url": other.url(), "gateway_token": "${GW}"}));
    let out = machine.while_reloading(|| machine.prepare(SETUP, &["--yes"]).env("GW", "x").run());
    let config = out.fails(1).json();
    assert_eq!(machine.config()["gateway_url"], other.url());
    assert_eq!(machine.config()["gateway_token"], "${GW}");
    assert!(left_alone(&out).contains("the former stays"), "{config:#}");
}

#[test]
fn an_address_of_this_machine_where_nothing_is_any_more_heals() {
    for stale in ["http://127.0.0.1:9", "http://[::1]:9", "https://127.0.0.1:@PORT@"] {
        let machine = Machine::new(PLAIN);
        let stale = stale.replace("@PORT@", &machine.gateway.port().to_string());
        machine
            .sandbox
            .config(&json!({"api_key": KEY, "gateway_url": stale, "gateway_token": "x"}));
        machine.while_reloading(|| machine.prepare(SETUP, &["--yes"]).run()).ok();
        let config = machine.config();
        assert_eq!((config.get("gateway_url"), config.get("gateway_token")), (None, None));
    }
}

#[test]
fn the_gateway_can_be_left_alone() {
    let machine = Machine::new(PLAIN);
    let both = machine.prepare(SETUP, &["--yes", "--no-gateway", "--chat"]).run();
    both.fails(2).silent().stderr_has("cannot be used with");
    let before = machine.sandbox.read(OWN);
    machine.prepare(SETUP, &["--no-gateway", "--yes", "--api-key-stdin"]).stdin(KEY).run().ok();
    assert_eq!(machine.sandbox.read(OWN), before);
    assert_eq!(machine.config().get("gateway_config"), None);
}

#[test]
fn without_a_yes_nothing_is_allowed_and_no_page_is_read() {
    let machine = Machine::new(PLAIN);
    machine.sandbox.write("home/.openclaw/workspace/USER.md", "- **Name:** Ada Lovelace (she)\n");
    let before = machine.sandbox.read(OWN);
    let out = machine.setup(SETUP, &[]);
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
    machine.setup(SETUP, &["--yes"]).ok();
    let config = machine.config();
    assert_eq!(
        (&config["owner_name"], &config["agent_name"]),
        (&json!("Ada Lovelace"), &json!("Jarvis"))
    );
    machine.sandbox.adjust(&json!({"owner_name": "Countess"}));
    machine.while_reloading(|| machine.prepare(SETUP, &["--yes"]).run()).ok();
    assert_eq!(machine.config()["owner_name"], "Countess", "a name that is there stays");
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
fn a_configuration_that_cannot_be_read_is_left_as_it_is() {
    for broken in ["{\"api_key\": \"cc_live_half", "[]", ""] {
        let machine = Machine::new(PLAIN);
        machine.sandbox.write(CONFIG, broken);
        let own = machine.sandbox.read(OWN);
        let out = machine.setup(SETUP, &["--yes"]);
        out.fails(3).silent().stderr_has("skill-config.json").never_says("cc_live_half");
        assert_eq!(machine.sandbox.read(CONFIG), broken);
        assert_eq!(machine.sandbox.read(OWN), own);
    }
    let machine = Machine::new(PLAIN);
    std::os::unix::fs::symlink("skill-config.json", machine.sandbox.path(CONFIG)).unwrap();
    let out = machine.setup(SETUP, &["--yes"]);
    assert_ne!(out.code(), 0, "{out}");
    out.silent().stderr_has("skill-config.json");
    assert!(std::fs::symlink_metadata(machine.sandbox.path(CONFIG)).unwrap().is_symlink());
    assert!(!machine.sandbox.read(OWN).contains("sessions_send"));
}

#[test]
fn people_get_lines() {
    let machine = Machine::new(PLAIN);
    let out = machine.setup(SETUP, &["--yes", "--text"]);
    out.ok()
        .stdout_has("set api_key (")
        .stdout_has("gateway.tools.allow += \"sessions_send\" (")
        .stdout_has("\nAll works");
    machine
        .while_reloading(|| machine.prepare(SETUP, &["--yes", "--text"]).run())
        .stdout_has("Nothing had to be changed.\n");
}

#[test]
fn a_folder_of_any_bytes_is_named_as_well_as_can_be() {
    let machine = Machine::new(PLAIN);
    let uninstall = env!("CARGO_BIN_EXE_uninstall");
    let run = |line: &str| {
        let odd = format!("odd=$(printf '%s/x\\377' \"$HOME\"); {line}");
        machine.sandbox.run("/bin/sh", ["-c", &odd])
    };
    for line in [
        format!("'{SETUP}' --yes --no-gateway --skill-dir \"$odd\""),
        format!("CLAWDTALK_SKILL_DIR=\"$odd\" '{SETUP}' --yes --no-gateway"),
        format!("'{uninstall}' --skill-dir \"$odd\""),
    ] {
        let out = run(&line);
        assert_ne!(out.code(), 101, "{out}");
        assert!(out.json()["skill_dir"].as_str().unwrap().ends_with("x\u{fffd}"), "{out}");
    }
    let out = run(&format!(
        "mkdir \"$odd/bin\"; touch \"$odd/bin/connect\"; echo {KEY} | '{SETUP}' --yes --no-gateway --api-key-stdin --service cron --skill-dir \"$odd\""
    ));
    out.fails(3).stderr_has("is not UTF-8, which cron needs");
}

#[test]
fn a_bad_address_is_refused_before_it_is_stored() {
    let machine = Machine::new(PLAIN);
    let good = json!({"api_key": KEY, "server": machine.service.url()});
    machine.sandbox.config(&good);
    for (option, wrong, fact) in [
        ("--server", "foo", "`--server` is `foo`, which is no http"),
        ("--server", "foo", "hint: write it as https://clawdtalk.com"),
        ("--server", "http://?x", "hint: write it as"),
        ("--server", "http://127.0.0.1:abc", "`--server`"),
        ("--server", "http://h:x", "which has no port from 1 to 65535"),
        ("--gateway-url", "http://127.0.0.1:99999", "`--gateway-url`"),
        ("--gateway-url", "ftp://127.0.0.1:1", "hint: write it as http://127.0.0.1:18789"),
    ] {
        let out = machine.sandbox.run(SETUP, ["--yes", option, wrong]);
        out.fails(2).silent().stderr_has(fact);
        assert_eq!(machine.config(), good, "{out}");
    }
    let key = "cc_live_0123456789";
    machine.sandbox.run(SETUP, ["--server", key]).fails(2).never_says(key);
}
