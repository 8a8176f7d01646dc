//! How every program speaks HTTP, shown with `call`: certificates, proxies, lost responses, waits.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use harness::tls::Authority;
use harness::{KEY, RequestFault, Sandbox, SimulatedService};
use serde_json::json;

const CALL: &str = env!("CARGO_BIN_EXE_call");
const CALLS: &str = "/v1/calls";

/// A port on which nothing listens.
fn dead_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}

fn n_calls(service: &SimulatedService) -> usize {
    service.seen_at("POST", CALLS).len()
}

/// A sandbox configured with another host name of the service.
fn by_name(service: &SimulatedService, host: &str) -> Sandbox {
    let sandbox = Sandbox::for_service(service);
    sandbox.adjust(&json!({"server": format!("https://{host}:{}", service.port())}));
    sandbox
}

#[test]
fn a_private_authority_is_trusted_by_ssl_cert_file() {
    let authority = Authority::new();
    let service = SimulatedService::start_tls(&authority.issue("localhost"));
    let mut sandbox = by_name(&service, "localhost");
    sandbox.trust(&authority).run(CALL, ["Hello there"]).ok();
    assert_eq!(n_calls(&service), 1);
}

#[test]
fn a_wrong_certificate_is_an_error_and_nothing_is_sent() {
    let (ours, another) = (Authority::new(), Authority::new());
    let service = SimulatedService::start_tls(&ours.issue("localhost"));
    let mut trusting = by_name(&service, "127.0.0.1");
    let words = "certificate of `127.0.0.1` is for another name";
    trusting.trust(&ours).run(CALL, ["Hello there"]).fails(4).stderr_has(words);

    let mut strange = by_name(&service, "localhost");
    let out = strange.trust(&another).run(CALL, ["Hello there"]);
    out.fails(4)
        .stderr_has("certificate of `localhost` is not trusted")
        .stderr_has("SSL_CERT_FILE");

    let mut none = by_name(&service, "localhost");
    none.env("SSL_CERT_FILE", "/nowhere/at/all.pem");
    none.run(CALL, ["Hello there"]).fails(4).stderr_has("no system certificates found");
    assert_eq!(n_calls(&service), 0);
}

#[test]
fn http_needs_no_certificates() {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("SSL_CERT_FILE", "/nowhere/at/all.pem").run(CALL, ["Hello there"]).ok();
}

#[test]
fn the_key_is_not_sent_in_clear_to_another_machine() {
    let sandbox = Sandbox::new();
    sandbox.config(&json!({"api_key": KEY, "server": "http://192.0.2.1:9"}));
    let out = sandbox.run(CALL, ["Hello there"]);
    out.fails(3).stderr_has("in clear").stderr_has("https://").never_says(KEY);
}

#[test]
fn loopback_never_goes_through_a_proxy() {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    let proxy = format!("http://127.0.0.1:{}", dead_port());
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy"] {
        sandbox.env(name, &proxy);
    }
    sandbox.run(CALL, ["Hello there"]).ok();
}

#[test]
fn the_service_goes_through_the_proxy_that_is_set() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = proxy.local_addr().unwrap().port();
    let received = std::thread::spawn(move || {
        let (mut stream, _) = proxy.accept().unwrap();
        let mut head = [0; 60];
        std::io::Read::read_exact(&mut stream, &mut head).unwrap();
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
        std::io::Write::write_all(&mut stream, refusal).unwrap();
        String::from_utf8_lossy(&head).into_owned()
    });
    let mut sandbox = Sandbox::new();
    sandbox.config(&json!({"api_key": KEY, "server": "https://service.invalid"}));
    sandbox.env("HTTPS_PROXY", &format!("http://127.0.0.1:{port}"));
    let out = sandbox.run(CALL, ["Hello there"]);
    out.fails(4).stderr_has("wants a user name and password");
    let received = received.join().unwrap();
    assert!(received.starts_with("CONNECT service.invalid:443 HTTP/1.1\r\n"), "{received}");
}

#[test]
fn a_call_whose_response_was_lost_is_not_placed_again() {
    for fault in [
        RequestFault::Lost,
        RequestFault::Torn,
        RequestFault::Cut,
        RequestFault::Html(502),
        RequestFault::Html(500),
        RequestFault::Status(504),
    ] {
        let service = SimulatedService::start();
        service.fail("POST", CALLS, fault, 1);
        let out = Sandbox::for_service(&service).run(CALL, ["Hello there"]);
        out.fails(8);
        assert_eq!(n_calls(&service), 1, "{fault:?}");
    }
}

#[test]
fn a_call_goes_again_after_retry_after() {
    for status in [429, 503] {
        let service = SimulatedService::start();
        service.fail("POST", CALLS, RequestFault::RetryAfter(status, 1), 1);
        let start = Instant::now();
        Sandbox::for_service(&service).run(CALL, ["Hello there"]).ok();
        assert_eq!(n_calls(&service), 2, "{status}");
        assert!(start.elapsed() >= Duration::from_secs(1), "{status}");
    }
}

#[test]
fn a_server_that_is_down_is_an_error_within_the_deadline() {
    let sandbox = Sandbox::new();
    sandbox.config(&json!({"api_key": KEY, "server": format!("http://127.0.0.1:{}", dead_port())}));
    sandbox.run(CALL, ["Hello there"]).fails(4).stderr_has("connection refused");

    let service = SimulatedService::start();
    service.fail("GET", "/v1/calls/:id", RequestFault::Hang, 9);
    let start = Instant::now();
    let sandbox = Sandbox::for_service(&service);
    sandbox
        .run(CALL, ["--deadline", "1", "status", "call_1"])
        .fails(4)
        .stderr_has("no answer within 1 s");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn a_get_is_tried_again() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let call = sandbox.run(CALL, ["Hello there"]).json()["call_id"].as_str().unwrap().to_owned();
    for fault in
        [RequestFault::Cut, RequestFault::Status(500), RequestFault::Html(502), RequestFault::Torn]
    {
        service.fail("GET", "/v1/calls/:id", fault, 2);
        sandbox.run(CALL, ["status", &call]).ok();
    }
}
