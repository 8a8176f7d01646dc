//! `approval`, as its users run it: exit 0 means approved, and nothing else does.

use std::time::Duration;

use harness::{
    ErrorResponse, RawServer, RequestFault, Sandbox, ServiceSettings, Signal, SimulatedOwner,
    SimulatedService, contract,
};
use serde_json::json;

const APPROVAL: &str = env!("CARGO_BIN_EXE_approval");
const APPROVALS: &str = "/v1/approvals";
const SOON: Duration = Duration::from_millis(300);

/// A service with this owner, and a sandbox. Polls come ten times as fast.
fn service_of(owner: SimulatedOwner) -> (SimulatedService, Sandbox) {
    let service = SimulatedService::with(ServiceSettings {
        owner,
        lag: Duration::ZERO,
        ..ServiceSettings::default()
    });
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("CLAWDTALK_CLOCK_PERIODS", "10");
    (service, sandbox)
}

#[test]
fn prints_what_the_script_printed() {
    contract::check_all("appr-", APPROVAL, &[]);
}

#[test]
fn each_decision_has_its_exit_code_in_both_modes() {
    for (owner, code, word) in [
        (SimulatedOwner::Approves(SOON), 0, "approved"),
        (SimulatedOwner::Denies(SOON), 1, "denied"),
        // Both run out at once: the status at the last poll counts.
        (SimulatedOwner::Silent, 6, "expired"),
        (SimulatedOwner::NoDevices, 7, "no_devices"),
        (SimulatedOwner::NotDelivered, 7, "no_devices_reached"),
    ] {
        let (_service, sandbox) = service_of(owner);
        let line = ["request", "Delete the repo", "--timeout", "2"];
        let document = sandbox.run(APPROVAL, line).fails(code).json();
        assert_eq!(document["status"], word);
        assert_eq!(document["action"], "Delete the repo");
        assert!(document["request_id"].is_string());
        let text = [&["--text"], &line[..]].concat();
        let out = sandbox.run(APPROVAL, text);
        out.fails(code).stdout(&format!("{word}\n"));
        // Nobody can decide it any more: waiting again would be useless.
        assert_eq!(out.err().contains("ask again"), word == "expired", "{out}");
        assert!(!out.err().contains("waits again"), "{out}");
    }
}

#[test]
fn an_approval_without_the_fingerprint_that_it_needs_is_none() {
    let (_service, sandbox) = service_of(SimulatedOwner::ApprovesUnchecked(SOON));
    let line = ["request", "Wire 500 dollars", "--biometric", "--timeout", "2"];
    let out = sandbox.run(APPROVAL, line);
    assert_eq!(out.fails(6).json()["status"], "unknown");
    let (_service, sandbox) = service_of(SimulatedOwner::Approves(SOON));
    assert_eq!(sandbox.run(APPROVAL, line).ok().json()["status"], "approved");
}

/// The script that this program replaces exits 0 for every decision.
#[test]
fn a_shell_goes_on_only_after_approved() {
    let acts = |owner: SimulatedOwner, redirect: &str| {
        let (_service, sandbox) = service_of(owner);
        let line =
            format!("{APPROVAL} request 'Delete the repo' --timeout 1 {redirect} && touch acted");
        sandbox.run("/bin/sh", ["-c", &line]);
        sandbox.has("work/acted")
    };
    for redirect in ["", ">&-", ">&- 2>&-", "| cat", ">/dev/full"] {
        for owner in [
            SimulatedOwner::Denies(SOON),
            SimulatedOwner::Silent,
            SimulatedOwner::NoDevices,
            SimulatedOwner::NotDelivered,
        ] {
            // A pipe's exit code is that of its last program, so there the first one's is read.
            let redirect = if redirect == "| cat" { "2>&1" } else { redirect };
            assert!(!acts(owner, redirect), "acted with {redirect}");
        }
    }
    assert!(acts(SimulatedOwner::Approves(SOON), ""));
    assert!(acts(SimulatedOwner::Approves(SOON), ">&-"));
}

#[test]
fn wrong_arguments_are_refused_before_anything_is_sent() {
    let (service, sandbox) = service_of(SimulatedOwner::Approves(SOON));
    let long = "x".repeat(501);
    for (line, fact) in [
        (vec!["request", "delete", "everything"], "2 actions"),
        (vec!["request"], "<ACTION>"),
        (vec!["request", " "], "empty"),
        (vec!["request", "x", "--timeout", "abc"], "duration"),
        (vec!["request", "x", "--timeout", "1e19"], "duration"),
        (vec!["request", "x", "--timeout", "0"], "at least 1 second"),
        (vec!["request", "x", "--timeout", "-5"], "--timeout"),
        (vec!["request", "x", "--zap"], "--zap"),
        (vec!["request", "x", "--details"], "--details"),
        (vec!["request", "--biometrc"], "--biometric"),
        (vec!["request", &long], "501 characters, 500 are allowed"),
        (vec!["status"], "<ID>"),
        (vec!["status", ".."], "no id"),
        (vec!["wait", "x", "--timeout", "0"], "at least 1 second"),
        (vec!["list", "maybe"], "maybe"),
        (vec!["aprove"], "aprove"),
        (vec![], "needs a command"),
    ] {
        let out = sandbox.run(APPROVAL, &line);
        out.fails(2).silent().stderr_has("error: ").stderr_has("hint: ").stderr_has(fact);
    }
    assert!(service.seen().is_empty(), "{:?}", service.seen());
}

#[test]
fn an_action_is_counted_in_characters() {
    let (_service, sandbox) = service_of(SimulatedOwner::Approves(SOON));
    sandbox.run(APPROVAL, ["request", &"é".repeat(500), "--timeout", "5"]).ok();
}

#[test]
fn a_refused_key_and_an_unknown_id_end_the_wait_at_once() {
    let (service, sandbox) = service_of(SimulatedOwner::Silent);
    let id = request_no_wait(&sandbox);
    for line in [&["status", "nope"][..], &["wait", "nope", "--timeout", "30"]] {
        let out = sandbox.run(APPROVAL, line);
        let unknown = json!({"request_id": "nope", "status": "unknown"});
        assert_eq!(out.fails(1).json(), unknown);
        out.stderr_has("error: asking about request `nope`: ").stderr_has("HTTP 404");
    }
    service.change_key("cc_live_another");
    let out = sandbox.run(APPROVAL, ["wait", &id, "--timeout", "30"]);
    out.fails(3).stdout_has(&id).stderr_has("HTTP 401");
    assert!(out.took() < Duration::from_secs(10));
    sandbox.run(APPROVAL, ["request", "x"]).fails(3).silent();
}

#[test]
fn a_creation_that_cannot_have_happened_is_exit_4_and_a_lost_one_8() {
    let (service, sandbox) = service_of(SimulatedOwner::Approves(SOON));
    service.fail("POST", APPROVALS, RequestFault::RetryAfter(503, 3600), 1);
    sandbox.run(APPROVAL, ["request", "x"]).fails(4).silent();
    for fault in
        [RequestFault::Lost, RequestFault::Torn, RequestFault::Html(502), RequestFault::Status(500)]
    {
        service.fail("POST", APPROVALS, fault, 1);
        sandbox.run(APPROVAL, ["request", "x"]).fails(8).silent().stderr_has("hint: ");
    }
    service.once("POST", APPROVALS, 201, json!({"status": "approved"}));
    sandbox.run(APPROVAL, ["request", "x"]).fails(8).silent().stderr_has("request_id");
}

#[test]
fn no_response_to_a_creation_is_taken_for_more_than_it_proves() {
    let (service, sandbox) = service_of(SimulatedOwner::Approves(SOON));
    for response in ErrorResponse::samples() {
        service.fail("POST", APPROVALS, RequestFault::Response(response), 1);
        let before = service.seen_at("POST", APPROVALS).len();
        let out = sandbox.run(APPROVAL, ["request", "x"]);
        assert_eq!(out.silent().code(), response.exit(), "{response:?} {out}");
        assert_eq!(service.seen_at("POST", APPROVALS).len(), before + 1, "{response:?}");
    }
}

#[test]
fn the_wait_outlasts_a_bad_network() {
    let (service, sandbox) = service_of(SimulatedOwner::Silent);
    let id = request_no_wait(&sandbox);
    let waiting = sandbox.spawn(APPROVAL, ["wait", &id, "--timeout", "60"]);
    service.fail("GET", "/v1/approvals/:id", RequestFault::Html(503), 2);
    service.fail("GET", "/v1/approvals/:id", RequestFault::Cut, 2);
    service.wait_request(Duration::from_secs(20), "GET", "/v1/approvals/:id", 6);
    service.decide_silently(&id, "approved");
    assert_eq!(waiting.finish(Duration::from_secs(20)).ok().json()["status"], "approved");
}

#[test]
fn a_network_that_stays_down_is_never_an_approval() {
    let (service, sandbox) = service_of(SimulatedOwner::Silent);
    let id = request_no_wait(&sandbox);
    service.decide_silently(&id, "approved");
    service.fail_always("GET", "/v1/approvals/:id", RequestFault::Cut);
    let out = sandbox.run(APPROVAL, ["wait", &id, "--timeout", "1"]);
    assert_eq!(out.fails(6).json()["request_id"], id.as_str());
    out.stderr_has(&format!("approval wait {id}"));
}

/// One poll would take the whole `--deadline`, which is a minute.
#[test]
fn a_silent_service_does_not_prolong_the_wait() {
    let (service, sandbox) = service_of(SimulatedOwner::Silent);
    let id = request_no_wait(&sandbox);
    service.fail_always("GET", "/v1/approvals/:id", RequestFault::Hang);
    let out = sandbox.run(APPROVAL, ["wait", &id, "--timeout", "2"]);
    assert_eq!(out.fails(6).json()["status"], "timeout");
    assert!(out.took() < Duration::from_secs(15), "{out}");
}

#[test]
fn a_signal_ends_the_wait_with_the_id_and_a_hint() {
    let (service, sandbox) = service_of(SimulatedOwner::Silent);
    for (n, signal) in [(1, Signal::INT), (2, Signal::TERM)] {
        let waiting = sandbox.spawn(APPROVAL, ["request", "Delete the repo"]);
        let seen = service.wait_request(Duration::from_secs(10), "GET", "/v1/approvals/:id", n);
        let id = seen.path.rsplit('/').next().unwrap().to_owned();
        let out = waiting.stop(signal, Duration::from_secs(5));
        assert_eq!(out.fails(6).json()["request_id"], id.as_str());
        out.stderr_has(&format!("approval wait {id}"));
        service.decide_silently(&id, "denied");
    }
}

#[test]
fn an_undecided_request_can_be_waited_for_later() {
    let (service, sandbox) = service_of(SimulatedOwner::Silent);
    let id = request_no_wait(&sandbox);
    assert_eq!(sandbox.run(APPROVAL, ["status", &id]).fails(6).json()["status"], "pending");
    let listed = sandbox.run(APPROVAL, ["list"]).ok().json();
    assert_eq!(listed["approvals"][0]["request_id"], id.as_str());
    service.decide_silently(&id, "approved");
    sandbox.run(APPROVAL, ["--text", "status", &id]).ok().stdout("approved\n");
    sandbox.run(APPROVAL, ["wait", &id]).ok();
}

/// The owner was asked: asking again is no remedy.
#[test]
fn a_request_that_could_not_be_printed_was_made() {
    for (owner, line, code) in [
        (SimulatedOwner::Silent, "request x --no-wait", 8),
        (SimulatedOwner::NoDevices, "request x", 8),
        (SimulatedOwner::Denies(SOON), "request x", 8),
        (SimulatedOwner::Approves(SOON), "request x", 8),
        (SimulatedOwner::Silent, "wait nope", 1),
    ] {
        let (service, sandbox) = service_of(owner);
        let out = sandbox.run("/bin/sh", ["-c", &format!("{APPROVAL} {line} >/dev/full")]);
        assert_eq!(out.code(), code, "{out}");
        if code == 8 {
            assert_eq!(service.seen_at("POST", APPROVALS).len(), 1);
            out.stderr_has("it was done").stderr_has("approval wait ");
        }
    }
}

#[test]
fn the_owner_judges_one_line_in_which_nothing_hides() {
    let (service, sandbox) = service_of(SimulatedOwner::Silent);
    let asked = |action: &str| {
        sandbox.run(APPROVAL, ["request", action, "--no-wait"]).fails(6);
        let seen = service.seen_at("POST", APPROVALS);
        seen.last().unwrap().body["action"].as_str().unwrap().to_owned()
    };
    let far = format!("Water the plants{}Wire 5000 dollars to Bob", "\n".repeat(300));
    assert_eq!(asked(&far), "Water the plants / Wire 5000 dollars to Bob");
    assert_eq!(asked(" x\r\ny\tz "), "x / y z");
    for text in
        ["قطع می\u{200c}خواهم", "क्\u{200d}ष", "Paint it 👩\u{200d}👧 ❤\u{fe0f} 1\u{fe0f}\u{20e3}"]
    {
        assert_eq!(asked(text), text);
    }
    let n_asked = service.seen_at("POST", APPROVALS).len();
    for (action, code) in [
        ("Delete \u{202e}evas\u{202c} repo", "U+202E"),
        ("Pay 5\u{2066}000\u{2069}", "U+2066"),
        ("Pay\u{200b}Bob", "U+200B"),
        ("Pay\u{200d}Bob", "U+200D"),
        ("Delete\u{1b}[2J x", "U+001B"),
        ("Delete\u{9b}2J x", "U+009B"),
        ("ok \u{e0041}\u{e0042} hi", "U+E0041"),
        (&format!("Water{}wire 500", "\u{3164}".repeat(300)), "U+3164"),
        ("\u{2800}", "U+2800"),
        ("\u{ad}", "U+00AD"),
        ("soft\u{ad}ware", "U+00AD"),
        ("x\u{fe0f}", "U+FE0F"),
    ] {
        let out = sandbox.run(APPROVAL, ["request", action]);
        out.fails(2).silent().stderr_has(code);
        let out = sandbox.run(APPROVAL, ["request", "x", "--details", action]);
        out.fails(2).silent().stderr_has(code);
    }
    sandbox.run(APPROVAL, ["request", "\n\t\u{3000}"]).fails(2).stderr_has("empty");
    sandbox.run(APPROVAL, ["status", "apr\u{200b}_1"]).fails(2).stderr_has("U+200B");
    sandbox.run(APPROVAL, ["wait", "\u{feff}apr_1"]).fails(2).stderr_has("U+FEFF");
    assert_eq!(service.seen_at("POST", APPROVALS).len(), n_asked);
}

#[test]
fn a_reply_about_another_request_approves_nothing() {
    let (service, sandbox) = service_of(SimulatedOwner::Silent);
    let mine = json!({"request_id": "apr_mine", "status": "approved"});
    service.on("GET", "/v1/approvals/:id", 200, mine.clone());
    sandbox.run(APPROVAL, ["status", "apr_mine"]).ok();
    for reply in [
        json!({"request_id": "apr_other", "status": "approved"}),
        json!({"request_id": null, "status": "approved"}),
        json!({"status": "approved"}),
        json!({"request_id": "apr_mine", "status": "Approved"}),
        json!({"request_id": "apr_mine", "status": "approved\u{200b}"}),
        json!({"request_id": "apr_mine", "status": ["approved"]}),
        json!({"request_id": "apr_mine", "status": "approved", "response": "denied"}),
        json!({"request_id": "apr_mine", "status": "approved", "expires_at": "2020-01-01T00:00:00Z"}),
        json!({"approval": mine}),
    ] {
        service.on("GET", "/v1/approvals/:id", 200, reply);
        sandbox.run(APPROVAL, ["status", "apr_mine"]).fails(6);
    }
    service.on("GET", "/v1/approvals/:id", 203, mine);
    sandbox.run(APPROVAL, ["wait", "apr_mine", "--timeout", "1"]).fails(6);
}

/// A body that is longer or shorter than announced, or that two readers read differently, on a raw socket.
#[test]
fn only_a_response_that_came_whole_approves() {
    const APPROVED: &str = r#"{"request_id":"apr_1","status":"approved"}"#;
    let twice = r#"{"request_id":"apr_1","status":"denied","status":"approved"}"#;
    for (length, body, code) in [
        (APPROVED.len(), APPROVED.to_owned(), 0),
        (APPROVED.len(), format!("{APPROVED}{{\"status\":\"denied\"}}"), 6),
        (APPROVED.len() - 1, APPROVED.to_owned(), 4),
        (APPROVED.len() + 1, APPROVED.to_owned(), 4),
        (twice.len(), twice.to_owned(), 6),
        (APPROVED.len() + 3, format!("\u{feff}{APPROVED}"), 4),
    ] {
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        let server = RawServer::start(format!("{head}{body}").into_bytes());
        let sandbox = Sandbox::new();
        sandbox.config(&json!({"api_key": "cc_live_0123456789abcdef", "server": server.url()}));
        let out = sandbox.run(APPROVAL, ["status", "apr_1", "--deadline", "3"]);
        assert_eq!(out.code(), code, "{length} {body}\n{out}");
    }
}

/// Leaves a request undecided, and gives its id.
fn request_no_wait(sandbox: &Sandbox) -> String {
    let out = sandbox.run(APPROVAL, ["request", "Delete the repo", "--no-wait"]);
    out.fails(6).json()["request_id"].as_str().expect("an id is always printed").to_owned()
}
