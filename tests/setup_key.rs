//! `setup` and the key: where it comes from, that it is checked at once, and that nothing is changed without one.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "setup/machine.rs"]
mod machine;

use harness::KEY;
use machine::{CONFIG, Machine, OWN, changed, left_alone};
use serde_json::json;

const SETUP: &str = env!("CARGO_BIN_EXE_setup");

const PLAIN: &str = "{gateway: {mode: 'local', port: @PORT@, auth: {token: '@TOKEN@'}}}\n";

#[test]
fn a_key_of_any_characters_is_stored_and_one_that_cannot_be_sent_is_not() {
    let machine = Machine::new(PLAIN);
    machine.service.on("GET", "/v1/me", 200, json!({"effective_tier": "pro"}));
    let key = r#"cc_live_"a'b\c$d{e}f`g&h<i"#;
    let run =
        |key: &str| machine.prepare(SETUP, &["--no-gateway", "--api-key-stdin"]).stdin(key).run();
    run(&format!("  {key}\r\n")).never_says(key);
    assert_eq!(machine.config()["api_key"], key);
    for wrong in ["", "two words", "umlaut_ä", "cc_${KEY}"] {
        run(wrong).fails(2).silent().never_says("umlaut");
    }
    assert_eq!(machine.config()["api_key"], key, "a refused key changes nothing");
}

#[test]
fn a_key_that_the_service_refuses_changes_nothing() {
    let machine = Machine::new(PLAIN);
    let own = machine.sandbox.read(OWN);
    for args in [&["--api-key-stdin", "--yes"][..], &["--api-key-env", "MY_KEY", "--yes"]] {
        let typo = "cc_live_a_typing_mistake";
        let out = machine.prepare(SETUP, args).env("MY_KEY", typo).stdin(typo).run();
        out.fails(3).silent().stderr_has("nothing was changed").never_says(typo);
        assert!(!machine.sandbox.has(CONFIG));
        assert_eq!(machine.sandbox.read(OWN), own);
    }
}

#[test]
fn without_a_key_the_gateway_is_left_as_it_is() {
    let machine = Machine::new(PLAIN);
    let own = machine.sandbox.read(OWN);
    let out = machine.prepare(SETUP, &["--yes", "--owner-name", "Ada", "--chat"]).run();
    assert!(left_alone(out.fails(3)).contains("without a key"), "{out}");
    assert_eq!(machine.sandbox.read(OWN), own);
    assert_eq!(machine.config()["owner_name"], "Ada");
}

#[test]
fn the_key_that_the_gateway_gives_the_skill_reaches_the_owners_commands() {
    let entry = |entry: &str| {
        let text = format!(
            "{{gateway: {{port: @PORT@, auth: {{token: '@TOKEN@'}}}}, skills: {{entries: {{'clawdtalk-client': {entry}}}}}}}"
        );
        Machine::new(&text)
    };
    for text in [format!("{{apiKey: '{KEY}'}}"), format!("{{env: {{CLAWDTALK_API_KEY: '{KEY}'}}}}")]
    {
        let machine = entry(&text);
        let out = machine.while_reloading(|| machine.prepare(SETUP, &["--yes"]).run());
        out.ok().never_says(KEY);
        assert!(machine.sandbox.read(OWN).contains("sessions_send"), "there is a key");
        assert_eq!(machine.config().get("api_key"), None, "and no copy of it");
    }
    let other = entry("{apiKey: 'cc_live_of_somebody_else'}");
    let out = other.setup(SETUP, &["--yes"]);
    let checks = out.ok().json()["checks"].as_array().unwrap().clone();
    let key = checks.iter().find(|check| check["id"] == "key").unwrap();
    assert_eq!((&key["status"], &key["fix_id"]), (&json!("warn"), &json!("edit_file")), "{out}");
    out.never_says("somebody_else");
    let off = entry(&format!("{{enabled: false, apiKey: '{KEY}'}}"));
    off.while_reloading(|| off.prepare(SETUP, &["--yes"]).run()).fails(3);
}

#[test]
fn a_variable_is_stored_by_its_name() {
    let machine = Machine::new(PLAIN);
    let args = ["--no-gateway", "--api-key-env", "MY_KEY"];
    machine.prepare(SETUP, &args).env("MY_KEY", KEY).run().ok().never_says(KEY);
    assert_eq!(machine.config()["api_key"], "${MY_KEY}");
    machine
        .prepare(SETUP, &["--api-key-env", "$SECRET-123"])
        .run()
        .fails(2)
        .silent()
        .never_says("SECRET");
}

#[test]
fn a_key_where_its_name_belongs_is_refused_and_never_shown() {
    let machine = Machine::new(PLAIN);
    for line in [
        &["--api-key-env", KEY][..],
        &["--api-key-env", "9f86d081884c7d659a2feaa0c55ad015"],
        &["--gateway-token-env", "abcdef0123456789abcdef0123456789"],
        &["--api-key", KEY],
        &["--api-key"],
        &["--key", KEY],
    ] {
        let args = [&["--yes"], line].concat();
        let out = machine.prepare(SETUP, &args).run();
        out.fails(2).silent().stderr_has("--api-key-stdin");
        if let Some(value) = line.get(1) {
            out.never_says(value);
        }
    }
    assert!(!machine.sandbox.has(CONFIG) && !machine.sandbox.has("skill/.gitignore"));
}

#[test]
fn the_key_never_goes_in_clear_beyond_this_machine() {
    let machine = Machine::new(PLAIN);
    let out = machine.sandbox.run(SETUP, ["--server", "http://example.org", "--yes"]);
    out.fails(3).silent().stderr_has("https://");
    assert!(!machine.sandbox.has(CONFIG));
}

#[test]
fn without_a_key_it_hints_how_to_give_one() {
    let machine = Machine::new(PLAIN);
    let out = machine.prepare(SETUP, &["--yes", "--no-gateway"]).run();
    let hint =
        "make one at https://clawdtalk.com, under Dashboard, then run `setup --api-key-stdin`";
    out.fails(3).stderr_has("error: no API key in `").stderr_has(&format!("hint: {hint}"));
    assert!(!out.err().contains("connect start"), "{out}");
    assert_eq!(changed(&out), ["server"], "what was done is printed");
    let out = machine.prepare(SETUP, &["--yes", "--no-gateway", "--service", "cron"]).run();
    out.fails(3).silent().stderr_has(&format!("hint: nothing was changed; {hint}"));
}
