//! `sms send` where it is not sure that the text went out: that is said, and nothing is taken for its answer.

use std::time::Duration;

use harness::{Fault, Sandbox, Service, Settings};

const SMS: &str = env!("CARGO_BIN_EXE_sms");
const SEND: &str = "/v1/messages/send";
const TO: &str = "+15551234567";

#[test]
fn a_doubt_is_one_error_and_one_hint() {
    let service = Service::start();
    let sandbox = Sandbox::for_service(&service);
    service.fail("POST", SEND, Fault::Cut, 1);
    let out = sandbox.run(SMS, ["send", TO, "hi"]);
    out.fails(8).stderr_has("error: sending the text: ").stderr_has("hint: the same line looks");
    out.one_error_one_hint();
    sandbox.run(SMS, ["send", TO, "hi"]).fails(8).one_error_one_hint();
}

#[test]
fn a_doubt_that_cannot_be_printed_is_still_one() {
    let service = Service::start();
    let sandbox = Sandbox::for_service(&service);
    service.fail("POST", SEND, Fault::Cut, 1);
    let unheard = format!("{SMS} send {TO} hi >/dev/full");
    for says in ["error: sending the text: ", "may have been sent"] {
        let out = sandbox.run("/bin/sh", ["-c", &unheard]);
        out.fails(8).stderr_has("warning: ").stderr_has(says);
        out.one_error_one_hint();
    }
    assert_eq!(service.seen_at("POST", SEND).len(), 1);
}

/// The same words a second earlier are listed, and that they went out is known: they are not the text in doubt.
#[test]
fn a_text_is_not_settled_by_another_of_the_same_words() {
    let service = Service::with(Settings { lag: Duration::ZERO, ..Settings::default() });
    let sandbox = Sandbox::for_service(&service);
    sandbox.run(SMS, ["send", TO, "hi"]).ok();
    service.fail("POST", SEND, Fault::Cut, 1);
    sandbox.run(SMS, ["send", TO, "hi"]).fails(8);
    sandbox.run(SMS, ["send", TO, "hi"]).fails(8).stderr_has("may have been sent");
    // Of two in doubt one went out: it settles one of them, and only one.
    service.fail("POST", SEND, Fault::Lost, 1);
    sandbox.run(SMS, ["send", TO, "hi", "--again"]).fails(8);
    sandbox.run(SMS, ["send", TO, "hi"]).ok().stderr_has("sent already");
    sandbox.run(SMS, ["send", TO, "hi"]).fails(8);
    assert_eq!(service.seen_at("POST", SEND).len(), 3);
}
