//! `setup` and `status` show no key: not one that the service echoes, and not one that was just typed.

use harness::leaks::{self, EchoServer, SECRET, encodings, reveals};
use harness::{Sandbox, SimulatedGateway};
use serde_json::json;

const SETUP: &str = env!("CARGO_BIN_EXE_setup");
const STATUS: &str = env!("CARGO_BIN_EXE_status");

#[test]
fn status_shows_no_key() {
    assert!(leaks::assert_no_leak(STATUS, &[&["--deadline", "5"]]) > 20);
}

#[test]
fn setup_shows_no_key_that_it_was_given() {
    let echo = EchoServer::start();
    for (place, answer) in leaks::responses(&encodings(SECRET).join(" ")) {
        echo.respond(answer);
        let sandbox = Sandbox::new();
        let url = echo.url();
        let line = ["--yes", "--no-gateway", "--api-key-stdin", "--server", &url];
        for mode in [&[][..], &["--text"]] {
            let out = sandbox.prepare(SETUP, [&line[..], mode].concat()).stdin(SECRET).run();
            // A key that the service refuses is not stored.
            let is_stored = out.code() != 3;
            assert_eq!(sandbox.has("skill/skill-config.json"), is_stored, "{place} {out}");
            assert!(is_stored || place == "key refused", "{place} {out}");
            assert!(!reveals(&format!("{}{}", out.out(), out.err()), SECRET), "{place}\n{out}");
        }
    }
}

#[test]
fn neither_shows_the_gateways_token() {
    const TOKEN: &str = "gwtoken/0123456789+abcdef";
    let gateway = SimulatedGateway::start();
    gateway.change_token(TOKEN);
    let sandbox = Sandbox::new();
    sandbox.config(&json!({
        "api_key": SECRET, "server": "http://127.0.0.1:9", "gateway_url": gateway.url(), "gateway_token": TOKEN,
    }));
    let words = encodings(TOKEN).join(" ");
    for (status, answer) in [
        (400, json!({"error": {"type": "x", "message": words}})),
        (500, json!(words)),
        (200, json!({"ok": true, "result": {"details": {"status": "error", "error": words}}})),
        (200, json!({"ok": true, "result": {"details": {"agents": [{"id": words}]}}})),
    ] {
        gateway.on("POST", "/tools/invoke", status, answer.clone());
        gateway.on("GET", "/startupz", status, json!({"version": words}));
        for mode in [&["--deadline", "2"][..], &["--deadline", "2", "--text"]] {
            let out = sandbox.run(STATUS, mode);
            assert!(!reveals(&format!("{}{}", out.out(), out.err()), TOKEN), "{answer}\n{out}");
        }
    }
    assert!(sandbox.run(STATUS, ["--deadline", "2"]).out().contains("***"));
}
