//! `setup --gate` puts the gate into the gateway once the owner's phone was seen to answer, and `uninstall` takes exactly that back.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "setup/machine.rs"]
mod machine;

use machine::{CONFIG, Machine, OWN, changed};
use serde_json::{Value, json};

const SETUP: &str = env!("CARGO_BIN_EXE_setup");
const UNINSTALL: &str = env!("CARGO_BIN_EXE_uninstall");
const STATUS: &str = env!("CARGO_BIN_EXE_status");

const GATE: &str = "home/.openclaw/clawdtalk-gate";
/// One that its owner wrote, with plugins of their own.
const COMMENTED: &str = "{ // mine\n  gateway: {port: @PORT@, auth: {token: '@TOKEN@'}},\n  plugins: {\n    allow: ['voice'], // these alone\n    entries: {voice: {enabled: true}},\n  },\n}\n";

/// Checks of `status`, by id.
fn check(machine: &Machine, id: &str) -> Option<Value> {
    let document = machine.sandbox.run(STATUS, ["--quiet"]).json();
    let checks = document["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == id).cloned()
}

#[test]
fn the_gate_is_put_in_and_taken_back_to_the_byte() {
    for own in [COMMENTED, "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}}}\n"] {
        let machine = Machine::new(own);
        machine.program("skill/bin/approval", "exit 0");
        let before = (machine.sandbox.read(OWN), machine.files("home/.openclaw"));
        assert_eq!(check(&machine, "gate"), None);
        let out = machine.setup(SETUP, &["--yes", "--gate"]);
        let has_list = own == COMMENTED;
        let changes = changed(&out);
        let named = |text: &str| changes.iter().any(|change| change.contains(text));
        assert!(named("plugins.load.paths") && named("plugins.entries.clawdtalk-gate"), "{out}");
        assert_eq!(named("plugins.allow"), has_list, "{out}");
        assert_eq!(machine.config()["gate"], json!({"on": true}));
        // It is bound to the device of this folder, whose key is its owner's alone.
        let device = machine.sandbox.read("skill/.connect.device.json");
        assert_eq!(machine.sandbox.mode("skill/.connect.device.json"), 0o600);
        assert!(!out.out().contains(&device) && !machine.sandbox.read(OWN).contains(&device));
        let own_text: String = machine.sandbox.read(OWN).split_whitespace().collect();
        assert!(own_text.contains("\"device\":\"") || own_text.contains("device:\""), "{own_text}");
        let files = ["index.js", "openclaw.plugin.json", "package.json", "table.json"];
        assert_eq!(machine.files(GATE), files);
        assert_eq!(check(&machine, "gate").unwrap()["status"], "warn", "the client does not run");
        // Once more changes nothing.
        let again = machine.setup(SETUP, &["--yes", "--gate"]);
        assert_eq!(changed(&again), Vec::<String>::new(), "{again}");
        machine.sandbox.run(UNINSTALL, ["--keep-config"]).ok();
        assert_eq!((machine.sandbox.read(OWN), machine.files("home/.openclaw")), before);
        assert!(!machine.sandbox.has("skill/.connect.device.json"));
        assert!(machine.config().get("gate").is_none());
    }
}

#[test]
fn without_a_phone_that_answers_nothing_is_put_in() {
    let machine = Machine::new(COMMENTED);
    machine.program("skill/bin/approval", "exit 6");
    let own = machine.sandbox.read(OWN);
    let out = machine.setup(SETUP, &["--gate"]);
    out.fails(7).stderr_has("setup --gate");
    assert_eq!(machine.sandbox.read(OWN), own);
    assert!(!machine.sandbox.path(GATE).exists());
    assert!(machine.sandbox.json(CONFIG).get("gate").is_none());
}

#[test]
fn yes_alone_puts_no_gate_in() {
    let machine = Machine::new(COMMENTED);
    machine.setup(SETUP, &["--yes"]).ok();
    assert!(!machine.sandbox.read(OWN).contains("clawdtalk-gate"));
}

#[test]
fn a_folder_that_is_half_there_is_named_and_mended() {
    let machine = Machine::new(COMMENTED);
    machine.program("skill/bin/approval", "exit 0");
    machine.setup(SETUP, &["--yes", "--gate"]);
    let whole = machine.sandbox.read(&format!("{GATE}/index.js"));
    for broken in [Some("// half"), None] {
        let path = machine.sandbox.path(&format!("{GATE}/index.js"));
        match broken {
            Some(text) => machine.sandbox.write(&format!("{GATE}/index.js"), text),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let found = check(&machine, "gate").unwrap();
        assert_eq!((&found["status"], &found["fix"]), (&json!("fail"), &json!("setup --gate")));
        machine.setup(SETUP, &["--yes", "--gate"]);
        assert_eq!(machine.sandbox.read(&format!("{GATE}/index.js")), whole);
    }
}
