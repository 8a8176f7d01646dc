//! Whatever the service and the gateway echo: the key and the token are in no log, status, frame or text of `connect`.

use harness::leaks::{SECRET, encodings, reveals};
use harness::{
    Child, Sandbox, ServiceSettings, Signal, SimulatedGateway, SimulatedService, event, wait_until,
};
use serde_json::{Value, json};
use std::time::Duration;

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(10);
const ANN: &str = "+15551112222";
const TOKEN: &str = "gwtoken/0123456789+abcdef";

/// A service and a gateway with secrets that are long enough to be searched for.
fn both() -> (SimulatedService, SimulatedGateway, Sandbox) {
    let service = SimulatedService::with(ServiceSettings {
        key: SECRET.to_owned(),
        ..ServiceSettings::default()
    });
    let gateway = SimulatedGateway::start();
    gateway.change_token(TOKEN);
    let mut sandbox = Sandbox::for_both(&service, &gateway);
    sandbox.adjust(&json!({"api_key": SECRET, "gateway_token": TOKEN}));
    sandbox.env("DEBUG", "1");
    (service, gateway, sandbox)
}

fn running() -> (SimulatedService, SimulatedGateway, Sandbox, Child) {
    let (service, gateway, sandbox) = both();
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    (service, gateway, sandbox, client)
}

/// Neither secret stands in a text.
#[track_caller]
fn is_clean(what: &str, text: &str) {
    for secret in [SECRET, TOKEN] {
        assert!(!reveals(text, secret), "{what} tells a secret:\n{text}");
    }
}

/// Nor in what the commands around the client say, or in any file but the configuration.
#[track_caller]
fn all_is_clean(sandbox: &Sandbox) {
    for line in [&["status"][..], &["status", "--text"], &["logs"], &["watchdog"]] {
        let out = sandbox.run(CONNECT, line);
        is_clean(&line.join(" "), &format!("{}{}", out.out(), out.err()));
    }
    for (path, text) in sandbox.files("skill") {
        if !path.ends_with("skill-config.json") {
            is_clean(&path.display().to_string(), &text);
        }
    }
}

#[test]
fn an_auth_error_that_echoes_the_key() {
    let words = encodings(SECRET).join(" ");
    let (service, _gateway, sandbox) = both();
    service.auth_error(Some(&format!("key {words} is revoked")));
    for line in [&["run"][..], &["start"], &["start", "--text"]] {
        let out = sandbox.run(CONNECT, line);
        out.fails(3).stderr_has("refused the API key: key *** *** ");
        is_clean("connect", &format!("{}{}", out.out(), out.err()));
        assert_eq!(sandbox.run(CONNECT, ["status"]).fails(1).json()["state"], "refused");
        all_is_clean(&sandbox);
    }
}

#[test]
fn a_close_reason_that_echoes_the_key() {
    let (service, _gateway, sandbox, client) = running();
    let mut n_closed = 0;
    // A close frame holds no more.
    for form in encodings(SECRET).iter().filter(|form| form.len() < 118) {
        service.wait_connected(SOON);
        assert!(service.close_saying(4001, &format!("bad {form}")));
        n_closed += 1;
        let reason =
            || sandbox.json("skill/.connect.status.json")["last_close"]["reason"].to_string();
        wait_until(SOON, || {
            sandbox.read("skill/.connect.log").matches("(4001: bad ").count() == n_closed
        });
        wait_until(SOON, || reason().contains("***"));
        all_is_clean(&sandbox);
    }
    assert!(n_closed >= 3, "{n_closed}");
    let out = client.stop(Signal::TERM, SOON);
    is_clean("stderr", out.err());
}

#[test]
fn a_frame_that_echoes_the_key_is_ignored_without_it() {
    let (service, _gateway, sandbox, client) = running();
    for form in encodings(SECRET) {
        service.send(&json!({"type": form.clone(), "x": form.clone()}));
        service.send(&json!({"type": "event", "event": form.clone()}));
        service.send_raw(&form);
    }
    service.send(&event::deep_tool_request("c1", "r1", "What is on my calendar?"));
    service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r1");
    all_is_clean(&sandbox);
    is_clean("stderr", client.stop(Signal::TERM, SOON).err());
}

/// What a gateway may answer to a turn, with these words in it.
fn answers(words: &str) -> Vec<(&'static str, u16, Value)> {
    let details = |details: Value| json!({"ok": true, "result": {"details": details}});
    vec![
        ("refusal", 400, json!({"error": {"type": "x", "message": words}})),
        ("text", 500, json!(words)),
        ("failure", 200, details(json!({"status": "error", "error": words}))),
        ("forbidden", 200, details(json!({"status": "forbidden", "error": words}))),
        ("run", 200, details(json!({"status": "accepted", "runId": words}))),
        ("reply", 200, details(json!({"reply": format!("It is {words}, boss.")}))),
        ("marked reply", 200, details(json!({"reply": format!("It is **{words}**, `{words}`.")}))),
        (
            "content",
            200,
            json!({"ok": true, "result": {"content": [{"type": "text", "text": words}]}}),
        ),
    ]
}

#[test]
fn a_gateway_that_echoes_the_token_or_the_key() {
    let (service, gateway, sandbox, client) = running();
    let (mut n, mut n_texted) = (0, 0);
    for secret in [TOKEN, SECRET] {
        for (what, status, answer) in answers(&encodings(secret).join(" ")) {
            n += 1;
            gateway.on("POST", "/tools/invoke", status, answer);
            let (call, text) = (format!("r{n}"), format!("+155511{n:05}"));
            service.send(&event::deep_tool_request(&format!("c{n}"), &call, "What time is it?"));
            service.send(&event::walkie_request(&format!("w{n}"), "What time is it?", None));
            service.send(&event::sms_received(&text, "Hi", &format!("m{n}")));
            let spoken =
                service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == *call);
            let walkie = service.wait_frame(SOON, "walkie_response", |frame| {
                frame["request_id"] == format!("w{n}")
            });
            is_clean(what, &spoken.to_string());
            is_clean(what, &walkie.to_string());
            if ["reply", "marked reply", "content"].contains(&what) {
                // Before the gateway answers otherwise.
                n_texted += 1;
                wait_until(SOON, || service.texted().len() >= n_texted);
            }
            if what == "reply" {
                // The words around it are spoken; the stars that mask it are not.
                let said = spoken["text"].as_str().unwrap_or_default();
                assert!(said.starts_with("It is ") && said.ends_with(", boss."), "{spoken}");
            }
        }
    }
    assert_eq!(n_texted, 6);
    for text in service.texted() {
        is_clean("text", &text.1);
    }
    all_is_clean(&sandbox);
    is_clean("stderr", client.stop(Signal::TERM, SOON).err());
}

#[test]
fn a_simulation_prints_no_secret_either() {
    let (_service, gateway, sandbox) = both();
    for secret in [TOKEN, SECRET] {
        let words = encodings(secret).join(" ");
        // One that goes on is waited for.
        for (what, status, answer) in answers(&words).into_iter().filter(|one| one.0 != "run") {
            gateway.on("POST", "/tools/invoke", status, answer);
            for line in [&["simulate", "what time is it?"][..], &["simulate", "--sms", ANN, "hi"]] {
                let out = sandbox.run(CONNECT, line);
                is_clean(what, &format!("{}{}", out.out(), out.err()));
            }
        }
    }
    gateway.on("POST", "/tools/invoke", 400, json!({"error": {"message": format!("no {TOKEN}")}}));
    sandbox.run(CONNECT, ["simulate", "what time is it?"]).fails(1).stderr_has("no ***");
}

/// The token of now is another one than at the start: it was read anew after a 401.
#[test]
fn a_token_that_was_read_anew_appears_nowhere() {
    const ANEW: &str = "quite-another-token-0123";
    let (service, gateway, sandbox) = both();
    sandbox.adjust(&json!({"gateway_token": "${GW_TOKEN}"}));
    sandbox.write("skill/.env", &format!("GW_TOKEN={TOKEN}\n"));
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    gateway.change_token(ANEW);
    sandbox.write("skill/.env", &format!("GW_TOKEN={ANEW}\n"));
    gateway.reply(&format!("It is {ANEW}, and was {TOKEN}."));
    service.send(&event::deep_tool_request("c1", "r1", "What time is it?"));
    let said = service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r1");
    assert_eq!(said["text"], "It is, and was.");
    let err = client.stop(Signal::TERM, SOON);
    assert!(!err.err().contains(ANEW), "{err}");
    for (path, text) in sandbox.files("skill") {
        assert!(path.ends_with(".env") || !text.contains(ANEW), "{path:?}\n{text}");
    }
}
