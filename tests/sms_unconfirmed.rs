//! `sms send` where it is not confirmed that the text was sent: that is reported, and no other text is taken for it.

use std::time::Duration;

use harness::{ErrorResponse, Proof, RequestFault, Sandbox, ServiceSettings, SimulatedService};
use serde_json::json;

const SMS: &str = env!("CARGO_BIN_EXE_sms");
const SEND: &str = "/v1/messages/send";
const TO: &str = "+15551234567";

#[test]
fn an_unconfirmed_text_is_one_error_and_one_hint() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    service.fail("POST", SEND, RequestFault::Cut, 1);
    let out = sandbox.run(SMS, ["send", TO, "hi"]);
    out.fails(8).stderr_has("error: sending the text: ").stderr_has("hint: the same line checks");
    out.one_error_one_hint();
    sandbox.run(SMS, ["send", TO, "hi"]).fails(8).one_error_one_hint();
}

#[test]
fn an_unconfirmed_text_that_cannot_be_printed_still_is() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    service.fail("POST", SEND, RequestFault::Cut, 1);
    let unheard = format!("{SMS} send {TO} hi >/dev/full");
    for fact in ["error: sending the text: ", "may have been sent"] {
        let out = sandbox.run("/bin/sh", ["-c", &unheard]);
        out.fails(8).stderr_has("warning: ").stderr_has(fact);
        out.one_error_one_hint();
    }
    assert_eq!(service.seen_at("POST", SEND).len(), 1);
}

/// The carrier blocks texts to whoever opted out there: to try again costs money and changes nothing.
#[test]
fn a_number_that_the_carrier_says_opted_out_is_texted_no_more() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let errors = r#"{"errors":[{"code":"40300","title":"Blocked due to STOP message"}]}"#;
    let wrapped = format!("Telnyx API error (400): {errors}");
    for (n, (status, body)) in [
        (500, json!({"error": {"code": "internal", "message": wrapped}})),
        (403, json!({"error": {"code": "40300", "message": "Blocked due to STOP message"}})),
        (400, serde_json::from_str(errors).unwrap()),
    ]
    .into_iter()
    .enumerate()
    {
        let to = format!("+1555123456{n}");
        service.once("POST", SEND, status, body);
        let out = sandbox.run(SMS, ["send", &to, "hi"]);
        out.fails(1).silent().stderr_has("opted out of texts").one_error_one_hint();
        let out = sandbox.run(SMS, ["send", &to, "again"]);
        out.fails(1).silent().stderr_has("the carrier says").never_says("dnc remove");
    }
    assert_eq!(service.seen_at("POST", SEND).len(), 3);
    // The owner's own phone is never on that list.
    service.once("POST", SEND, 403, json!({"error": {"code": "40300"}}));
    sandbox.run(SMS, ["send", harness::OWNER, "hi"]).fails(1).stderr_has("START ends that");
    sandbox.run(SMS, ["send", harness::OWNER, "hi"]).ok();
}

/// The same words a second earlier are listed and confirmed: they are not the unconfirmed text.
#[test]
fn a_text_is_not_confirmed_by_another_of_the_same_words() {
    let service = SimulatedService::with(ServiceSettings {
        lag: Duration::ZERO,
        ..ServiceSettings::default()
    });
    let sandbox = Sandbox::for_service(&service);
    sandbox.run(SMS, ["send", TO, "hi"]).ok();
    service.fail("POST", SEND, RequestFault::Cut, 1);
    sandbox.run(SMS, ["send", TO, "hi"]).fails(8);
    sandbox.run(SMS, ["send", TO, "hi"]).fails(8).stderr_has("may have been sent");
    // Of two unconfirmed texts one was sent: it confirms one of them, and only one.
    service.fail("POST", SEND, RequestFault::Lost, 1);
    sandbox.run(SMS, ["send", TO, "hi", "--again"]).fails(8);
    sandbox.run(SMS, ["send", TO, "hi"]).ok().stderr_has("sent already");
    sandbox.run(SMS, ["send", TO, "hi"]).fails(8);
    assert_eq!(service.seen_at("POST", SEND).len(), 3);
}

/// The same line twice, for every kind of response to the first: what may have been done is not done again.
#[test]
fn no_response_makes_the_same_line_text_twice() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    for (n, foreign) in ErrorResponse::samples().into_iter().enumerate() {
        let text = format!("hello {n}");
        service.fail("POST", SEND, RequestFault::Response(foreign), 1);
        let out = sandbox.run(SMS, ["send", TO, &text]);
        assert_eq!(out.code(), foreign.exit(), "{foreign:?} {out}");
        let again = sandbox.run(SMS, ["send", TO, &text]);
        let sent = service.seen_at("POST", SEND);
        let sent: Vec<_> = sent.iter().filter(|seen| seen.body["message"] == *text).collect();
        if foreign.proof() == Proof::None {
            assert_eq!((again.code(), sent.len()), (8, 1), "{foreign:?} {again}");
        } else {
            assert_eq!((again.code(), sent.len()), (0, 2), "{foreign:?} {again}");
            let keys = sent.iter().map(|seen| seen.header("idempotency-key"));
            let keys: Vec<_> = keys.collect();
            assert_eq!(keys[0] == keys[1], foreign.proof() == Proof::Later, "{foreign:?} {keys:?}");
        }
    }
}

/// The answer of somebody whom we texted is told from a stranger's by that.
#[test]
fn whom_it_texts_is_recorded() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let file = "skill/.texted_numbers.json";
    sandbox.run(SMS, ["send", TO, "Hi", "--dry-run"]).ok();
    assert!(!sandbox.has(file));
    sandbox.run(SMS, ["send", TO, "Is eight fine?"]).ok();
    let texted = sandbox.json(file)["numbers"][TO].clone();
    assert_eq!((texted["at"].is_string(), &texted["asks"]), (true, &json!(true)));
    assert_eq!(sandbox.mode(file), 0o600);
    // A list that cannot be written stops no text.
    sandbox.write(file, "{");
    let out = sandbox.run(SMS, ["send", TO, "See you"]);
    out.ok().stderr_has("not recorded");
    assert_eq!(service.seen_at("POST", SEND).len(), 2);
}
