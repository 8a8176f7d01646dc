//! The connection of `connect run`: delivery across drops, refusals, reconnects, TLS and proxies.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use harness::{
    Sandbox, Signal, SimulatedGateway, SimulatedService, event, tls::Authority, wait_until,
};
use serde_json::json;

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(10);

#[test]
fn an_answer_outlives_its_connection() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    gateway.hold();
    service.send(&event::deep_tool_request("c1", "r1", "What is on my calendar?"));
    gateway.wait_turn(SOON, 1);
    service.drop_socket();
    gateway.release();
    service.wait_authenticated(SOON, 2);
    let result = service.wait_frame(SOON, "deep_tool_result", |_| true);
    assert_eq!(result["text"], "You have two meetings.");
    assert_eq!(gateway.turns().len(), 1);
}

#[test]
fn the_first_attempt_after_a_drop_comes_at_once() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    let dropped = Instant::now();
    service.drop_socket();
    service.wait_authenticated(SOON, 2);
    let away = service.connections()[1].at - dropped;
    assert!(away < Duration::from_millis(900), "{away:?}");
}

#[test]
fn a_key_that_is_not_answered_is_sent_again_on_a_fresh_connection() {
    let service = SimulatedService::start();
    service.clock().periods(30);
    service.mute_auth(true);
    let sandbox = Sandbox::for_service(&service);
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_for(SOON, |log| (log.connections.len() >= 2).then_some(()));
    service.mute_auth(false);
    service.wait_connected(SOON);
}

#[test]
fn unanswered_pings_cost_the_connection() {
    let service = SimulatedService::start();
    service.clock().periods(30);
    service.ignore_pings(true);
    let sandbox = Sandbox::for_service(&service);
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_authenticated(SOON, 2);
    assert!(service.connections()[0].pings >= 1);
}

#[test]
fn a_refused_key_ends_it_with_the_services_words() {
    let service = SimulatedService::start();
    service.auth_error(Some("Invalid API key"));
    let sandbox = Sandbox::for_service(&service);
    let out = sandbox.run(CONNECT, ["--quiet", "run"]);
    out.fails(3).stdout("").stderr(
        "error: the service refused the API key: Invalid API key\n\
         hint: run `setup` with a key from the portal\n",
    );
    assert_eq!(service.connections().len(), 1);
    assert_eq!(sandbox.run(CONNECT, ["status"]).fails(1).json()["state"], "refused");
}

#[test]
fn another_client_taking_over_ends_it_without_a_fight() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    service.close(4000);
    client.finish(SOON).fails(5).stderr_has("another client took over");
    assert_eq!(service.connections().len(), 1);
    let status = sandbox.run(CONNECT, ["status"]).fails(1).json();
    let outcome = (&status["state"], &status["last_close"]["code"]);
    assert_eq!(outcome, (&json!("replaced"), &json!(4000)));
}

/// It is no new connection, and no answer to a ping.
#[test]
fn a_key_that_is_accepted_twice_is_one_connection() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    wait_until(SOON, || sandbox.run(CONNECT, ["status"]).code() == 0);
    service.send(&json!({"type": "auth_ok"}));
    service.send(&event::deep_tool_request("c1", "r1", "What is on?"));
    service.wait_frame(SOON, "deep_tool_result", |_| true);
    client.stop(Signal::TERM, SOON).ok();
    assert_eq!(sandbox.run(CONNECT, ["status"]).fails(1).json()["reconnects"], 0);
}

#[test]
fn other_close_codes_mean_connect_again() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    service.close(1009);
    service.wait_authenticated(SOON, 2);
    let close = sandbox.run(CONNECT, ["status"]).json()["last_close"].clone();
    assert_eq!(close["code"], 1009, "{close}");
}

#[test]
fn retry_after_is_obeyed() {
    let service = SimulatedService::start();
    service.refuse_upgrades(503, Some(2));
    let sandbox = Sandbox::for_service(&service);
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_for(SOON, |log| (!log.connections.is_empty()).then_some(()));
    let early = service
        .try_wait_for(Duration::from_millis(1900), |log| (log.connections.len() > 1).then_some(()));
    assert_eq!(early, None);
    service.accept_upgrades();
    service.wait_connected(SOON);
}

#[test]
fn sigterm_lets_turns_end_and_says_goodbye() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    let mut client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    gateway.hold();
    service.send(&event::deep_tool_request("c1", "r1", "What is on my calendar?"));
    gateway.wait_turn(SOON, 1);
    client.signal(Signal::TERM);
    client.wait_line(SOON, |line| line.contains("stopping: "));
    service.send(&event::deep_tool_request("c1", "r2", "And tomorrow?"));
    let declined =
        service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r2");
    assert!(declined["text"].as_str().unwrap().contains("restarted"), "{declined}");
    gateway.release();
    client.finish(SOON).ok();
    let answered =
        service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r1");
    assert_eq!(answered["text"], "You have two meetings.");
    assert_eq!(service.connections()[0].closed, Some(1000));
    assert_eq!(gateway.turns().len(), 1);
}

#[test]
fn wss_works_with_a_private_authority() {
    let authority = Authority::new();
    let service = SimulatedService::start_tls(&authority.issue("localhost"));
    let gateway = SimulatedGateway::start();
    let mut sandbox = Sandbox::for_both(&service, &gateway);
    sandbox.trust(&authority);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    // More at once than a buffer of the socket or of TLS holds.
    let long = "Long words. ".repeat(160);
    gateway.reply(&long);
    service.flood(60, |n| event::deep_tool_request("c1", &format!("r{n}"), "Tell me a story"));
    service.wait_for(SOON, |log| {
        let results = log.frames_of("deep_tool_result");
        (results.iter().filter(|frame| frame["text"] == long.trim()).count() == 60).then_some(())
    });
    client.stop(Signal::TERM, SOON).ok();
}

#[track_caller]
fn refused_certificate(sandbox: &Sandbox, service: &SimulatedService, wanted: &str) {
    let client = sandbox.spawn(CONNECT, ["run"]);
    let line = client.wait_line(SOON, |line| line.starts_with("not connected: "));
    assert!(line.contains(wanted), "{line}");
    assert_eq!(service.log().authenticated(), 0);
}

#[test]
fn an_unknown_authority_is_refused_in_one_plain_line() {
    let service = SimulatedService::start_tls(&Authority::new().issue("localhost"));
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.trust(&Authority::new());
    refused_certificate(&sandbox, &service, "certificate of `localhost` is not trusted");
}

#[test]
fn a_certificate_for_another_name_is_refused_in_one_plain_line() {
    let authority = Authority::new();
    let service = SimulatedService::start_tls(&authority.issue("clawdtalk.example"));
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.trust(&authority);
    refused_certificate(&sandbox, &service, "certificate of `localhost` is for another name");
}

#[test]
fn a_proxy_never_sees_loopback() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let mut sandbox = Sandbox::for_both(&service, &gateway);
    let address = format!("http://{}", proxy.local_addr().unwrap());
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"] {
        sandbox.env(name, &address);
    }
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    service.send(&event::deep_tool_request("c1", "r1", "What is on my calendar?"));
    service.wait_frame(SOON, "deep_tool_result", |frame| frame["text"] == "You have two meetings.");
    assert!(proxy.accept().is_err(), "something went to the proxy");
}

#[test]
fn the_key_is_sent_in_clear_to_this_machine_only() {
    let sandbox = Sandbox::new();
    sandbox.config(&json!({"api_key": harness::KEY, "server": "http://192.0.2.1"}));
    sandbox.run(CONNECT, ["run"]).fails(3).stderr_has("in clear only to this machine");
}

#[test]
fn a_flood_of_frames_leaves_it_small_and_answering() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    let client = sandbox.spawn(CONNECT, ["--quiet", "run"]);
    service.wait_connected(SOON);
    gateway.hold();
    for round in 0..20 {
        service.flood(1000, |n| {
            event::deep_tool_request("c1", &format!("r{round}-{n}"), "What is on my calendar?")
        });
    }
    service.send(&event::context_request("c7"));
    service
        .wait_frame(Duration::from_secs(60), "context_response", |frame| frame["call_id"] == "c7");
    let status = std::fs::read_to_string(format!("/proc/{}/status", client.pid())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kib: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    // A debug build; the figure of the README is measured in a release build.
    assert!(kib < 60_000, "{kib} KiB");
    assert_eq!(service.connections().len(), 1);
}
