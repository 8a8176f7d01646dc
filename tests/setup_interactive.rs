//! `setup` and `uninstall` at a terminal: hidden key, defaults, and Ctrl-C at any question.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "setup/machine.rs"]
mod machine;

use harness::{Child, KEY, Keyboard, Output};
use machine::{CONFIG, Machine, OWN, changed};
use serde_json::json;
use std::time::Duration;

const SETUP: &str = env!("CARGO_BIN_EXE_setup");
const UNINSTALL: &str = env!("CARGO_BIN_EXE_uninstall");
const LIMIT: Duration = Duration::from_secs(30);

const PLAIN: &str = "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}}}\n";

/// A program on a terminal, its questions answered in order.
struct Dialogue {
    child: Child,
    keyboard: Keyboard,
}

impl Dialogue {
    fn begin(machine: &Machine, program: &str, args: &[&str]) -> Self {
        // What can be used here does not depend on the machine that this runs on.
        machine.crontab("");
        let (child, keyboard) = machine.sandbox.prepare(program, args).on_terminal();
        Self { child, keyboard }
    }

    /// Waits for the question, then types.
    #[track_caller]
    fn answer(&mut self, question: &str, keys: &str) -> &mut Self {
        self.child.wait_text(question, 1);
        self.keyboard.types(keys);
        self
    }

    fn end(self) -> (Output, Keyboard) {
        (self.child.finish(LIMIT), self.keyboard)
    }
}

#[test]
fn an_owner_answers_and_is_set_up() {
    let machine = Machine::new(PLAIN);
    machine.sandbox.write("home/.openclaw/workspace/USER.md", "- **Name:** Ada\n");
    let server = machine.service.url();
    let (out, keyboard) = machine.while_reloading(|| {
        let mut dialogue = Dialogue::begin(&machine, SETUP, &["--server", &server]);
        dialogue
            .answer("API key (not shown; Enter ends this): ", &format!("{KEY}\r"))
            .answer("Take the names from USER.md and IDENTITY.md", "\r")
            .answer("Your name [Ada]: ", "\r")
            .answer("The agent's name: ", "Zorx\u{7f}ë\r")
            .answer("Greeting for callers", "\r")
            .answer("Allow sessions_send", "\r")
            .answer("Switch on the chat endpoint as well? [y/N]: ", "what?\r")
            .answer("Please answer y or n.", "n\r")
            .answer("Your choice [1]: ", "none\r")
            .answer("Start the client now? [Y/n]: ", "n\r");
        dialogue.end()
    });
    out.ok().never_says(KEY);
    assert!(keyboard.echoes(), "the terminal is as it was");
    let config = machine.config();
    assert_eq!(
        (&config["api_key"], &config["owner_name"], &config["agent_name"]),
        (&json!(KEY), &json!("Ada"), &json!("Zorë"))
    );
    assert_eq!(config.get("greeting"), None);
    assert!(machine.sandbox.read(OWN).contains("sessions_send"));
    assert_eq!(changed(&out)[0], "api_key");
}

#[test]
fn enter_keeps_what_is_there() {
    let machine = Machine::new(
        "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}, tools: {allow: ['sessions_send']}}}\n",
    );
    machine.gateway.allow(true);
    machine.sandbox.config(&json!({
        "api_key": KEY, "server": machine.service.url(), "owner_name": "Ada", "agent_name": "J", "greeting": "Hi", "agent_id": "main",
        "gateway_config": machine.sandbox.path(OWN),
    }));
    let before = machine.sandbox.read(CONFIG);
    let mut dialogue = Dialogue::begin(&machine, SETUP, &[]);
    dialogue
        .answer("API key (not shown; Enter keeps the present one): ", "\r")
        .answer("Your name [Ada]: ", "\r")
        .answer("The agent's name [J]: ", "\r")
        .answer("[Hi]: ", "\r")
        .answer("Your choice [1]: ", "none\r")
        .answer("Start the client now?", "n\r");
    let (out, _) = dialogue.end();
    assert_eq!(changed(out.ok()), [""; 0]);
    assert_eq!(machine.sandbox.read(CONFIG), before);
}

#[test]
fn a_key_that_cannot_be_sent_is_asked_for_again() {
    let machine = Machine::new(PLAIN);
    let server = machine.service.url();
    let mut dialogue = Dialogue::begin(&machine, SETUP, &["--server", &server, "--no-gateway"]);
    dialogue
        .answer("API key (not shown", "two words\r")
        .answer("the key holds a blank", &format!("{KEY}x\u{15}{KEY}\r"));
    dialogue
        .answer("Your name: ", "\r")
        .answer("The agent's name: ", "\r")
        .answer("Greeting", "\r")
        .answer("Your choice", "none\r")
        .answer("Start the client now?", "n\r");
    let (out, _) = dialogue.end();
    out.ok().never_says(KEY);
    assert_eq!(machine.config()["api_key"], KEY);
}

#[test]
fn a_typo_in_the_key_is_asked_for_again_before_anything_else() {
    let machine = Machine::new(PLAIN);
    let own = machine.sandbox.read(OWN);
    let server = machine.service.url();
    let mut dialogue = Dialogue::begin(&machine, SETUP, &["--server", &server]);
    dialogue
        .answer("API key (not shown; Enter ends this): ", "cc_live_a_typing_mistake\r")
        .answer("The service refuses this key", &format!("{KEY}\r"))
        .answer("The key is accepted: plan pro", "")
        .answer("Found on this machine:", "")
        .answer("Your name: ", "\u{3}");
    let (out, _) = dialogue.end();
    let gateway = format!("OpenClaw 2026.9.6 at {}", machine.gateway.url());
    let skill = machine.sandbox.path(CONFIG).display().to_string();
    out.fails(6).stderr_has(&gateway).stderr_has(&skill).never_says("typing_mistake");
    assert!(!machine.sandbox.has(CONFIG));
    assert_eq!(machine.sandbox.read(OWN), own);
}

#[test]
fn without_a_key_it_ends_at_once() {
    let machine = Machine::new(PLAIN);
    let mut dialogue = Dialogue::begin(&machine, SETUP, &[]);
    dialogue.answer("API key (not shown", "\r");
    let (out, _) = dialogue.end();
    out.fails(3).stderr_has("nothing was changed");
    assert!(!machine.sandbox.has(CONFIG) && !machine.sandbox.has("skill/.gitignore"));
}

/// A file and a risk belong to each question; what cannot be used here is not offered.
#[test]
fn a_question_names_its_file_and_its_risk() {
    let machine = Machine::new("{gateway: {port: @PORT@, bind: 'lan', auth: {mode: 'none'}}}\n");
    let server = machine.service.url();
    let own = machine.sandbox.path(OWN).display().to_string();
    machine.program("work/bin/systemctl", "exit 1");
    let mut dialogue = Dialogue::begin(&machine, SETUP, &["--server", &server]);
    dialogue
        .answer("API key (not shown", &format!("{KEY}\r"))
        .answer("Your name: ", "\r")
        .answer("The agent's name: ", "\r")
        .answer("Greeting", "\r")
        .answer("Allow sessions_send (gateway.tools.allow) in that file? [y/N]: ", "\r")
        .answer("Switch on the chat endpoint", "\r")
        .answer("Your choice [1]: ", "\u{3}");
    let (out, _) = dialogue.end();
    out.fails(6)
        .stderr_has(&own)
        .stderr_has("`gateway.bind` is `lan`")
        .stderr_has("without any token");
    out.stderr_has("two lines in your crontab").never_says("systemd  ");
}

#[test]
fn lingering_is_asked_about_and_the_client_is_started() {
    let machine = Machine::new(
        "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}, tools: {allow: ['sessions_send']}}}\n",
    );
    machine.gateway.allow(true);
    machine.systemd("");
    let notes = machine.sandbox.path("work/linger").display().to_string();
    machine.program(
        "work/bin/loginctl",
        &format!("case \"$1\" in enable-linger) touch '{notes}';; *) echo no;; esac"),
    );
    machine.program("skill/bin/connect", "echo \"$1\" >> \"$(dirname \"$0\")/../ran\"");
    let server = machine.service.url();
    let run = |choice: &str, question: &str| {
        let mut dialogue = Dialogue::begin(&machine, SETUP, &["--server", &server]);
        dialogue
            .answer("API key (not shown", &format!("{KEY}\r"))
            .answer("Your name: ", "\r")
            .answer("The agent's name: ", "\r")
            .answer("Greeting", "\r")
            .answer("Your choice", &format!("{choice}\r"))
            .answer(question, "\r");
        dialogue.end().0
    };
    let out = run("systemd", "Let it run them from boot on (loginctl enable-linger)? [Y/n]: ");
    assert!(machine.sandbox.has("work/linger"), "{out}");
    let out = run("none", "Start the client now? [Y/n]: ");
    assert_eq!(machine.sandbox.read("skill/ran"), "start\n", "{out}");
}

#[test]
fn two_agents_are_offered() {
    let machine = Machine::new(
        "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}}, agents: {entries: {jarvis: {}, friday: {}}}}",
    );
    machine.gateway.agents(&["jarvis", "friday"]);
    let server = machine.service.url();
    let mut dialogue = Dialogue::begin(&machine, SETUP, &["--server", &server]);
    dialogue
        .answer("API key (not shown", &format!("{KEY}\r"))
        .answer("Which agent answers the telephone? [1]: ", "3\r");
    dialogue
        .answer("Please answer with a number from 1 to 2.", "2\r")
        .answer("Your name: ", "\u{3}");
    let (out, _) = dialogue.end();
    out.fails(6);
}

#[test]
fn ctrl_c_leaves_nothing_half_done() {
    let questions: [(&str, &str); 4] = [
        ("API key (not shown", "cc_live_half"),
        ("Your name", "Ad"),
        ("Allow sessions_send", ""),
        ("Your choice", ""),
    ];
    for (last, keys) in questions {
        let machine = Machine::new(PLAIN);
        let own = machine.sandbox.read(OWN);
        let server = machine.service.url();
        let mut dialogue = Dialogue::begin(&machine, SETUP, &["--server", &server]);
        for (question, answer) in [
            ("API key (not shown", format!("{KEY}\r")),
            ("Your name", "Ada\r".to_owned()),
            ("The agent's name", "\r".to_owned()),
            ("Greeting", "\r".to_owned()),
            ("Allow sessions_send", "y\r".to_owned()),
            ("Switch on", "y\r".to_owned()),
            ("Your choice", "2\r".to_owned()),
        ] {
            if question == last {
                dialogue.answer(question, &format!("{keys}\u{3}"));
                break;
            }
            dialogue.answer(question, &answer);
        }
        let (out, keyboard) = dialogue.end();
        out.fails(6)
            .silent()
            .stderr_has("interrupted; nothing was changed")
            .never_says("cc_live_half");
        assert!(keyboard.echoes(), "the terminal is as it was");
        assert!(!machine.sandbox.has(CONFIG), "at `{last}`");
        assert_eq!(machine.sandbox.read(OWN), own);
        assert_eq!(machine.files("home/.openclaw"), ["openclaw.json"]);
    }
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    let machine = Machine::new(PLAIN);
    let mut dialogue = Dialogue::begin(&machine, SETUP, &[]);
    dialogue.answer("API key (not shown", "\u{4}");
    dialogue.end().0.fails(6);
}

#[test]
fn uninstall_asks_about_the_key() {
    for (answer, is_there) in [("\r", true), ("y\r", false)] {
        let machine = Machine::new(PLAIN);
        machine.sandbox.config(&json!({"api_key": KEY}));
        let mut dialogue = Dialogue::begin(&machine, UNINSTALL, &[]);
        dialogue.answer("It holds your API key. [y/N]: ", answer);
        dialogue.end().0.ok();
        assert_eq!(machine.sandbox.has(CONFIG), is_there);
    }
}
