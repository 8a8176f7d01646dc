//! `/ws` as a client sees it, in clear and under TLS.

use super::SOON;
use crate::service::{KEY, NUMBER, SimulatedService, event};
use crate::tls::Authority;
use crate::wire::client;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;
use tungstenite::{Message, WebSocket};

fn dial(service: &SimulatedService) -> Result<WebSocket<TcpStream>, u16> {
    let stream = TcpStream::connect(("127.0.0.1", service.port())).unwrap();
    match tungstenite::client(format!("ws://127.0.0.1:{}/ws", service.port()), stream) {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
            Err(response.status().as_u16())
        }
        Err(other) => panic!("{other}"),
    }
}

fn send_json<S: Read + Write>(socket: &mut WebSocket<S>, frame: &Value) {
    socket.send(Message::text(frame.to_string())).unwrap();
}

/// The next JSON frame, or the code the connection was closed with.
fn receive<S: Read + Write>(socket: &mut WebSocket<S>) -> Result<Value, u16> {
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).unwrap()),
            Ok(Message::Close(frame)) => return Err(frame.map_or(1005, |frame| frame.code.into())),
            Ok(_) => {}
            Err(_) => return Err(1006),
        }
    }
}

fn authenticated(service: &SimulatedService) -> WebSocket<TcpStream> {
    let mut socket = dial(service).unwrap();
    send_json(&mut socket, &json!({"type": "auth", "api_key": KEY}));
    assert_eq!(receive(&mut socket), Ok(json!({"type": "auth_ok"})));
    socket
}

#[test]
fn frames_go_both_ways_and_are_on_record() {
    let service = SimulatedService::start();
    assert!(!service.send(&event::context_request("c0")), "nobody is connected");
    let mut socket = authenticated(&service);
    service.wait_connected(SOON);
    let request = event::deep_tool_request("c1", "r1", "what is on?");
    assert!(service.send(&request));
    assert_eq!(receive(&mut socket), Ok(request));
    send_json(&mut socket, &json!({"type": "deep_tool_result", "request_id": "r1", "text": "two"}));
    let result = service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r1");
    assert_eq!(result["text"], "two");
    assert!(service.try_wait_for(Duration::ZERO, |log| log.frames.get(2).cloned()).is_none());
}

#[test]
fn the_second_connection_replaces_the_first_with_4000() {
    let service = SimulatedService::start();
    let mut first = authenticated(&service);
    let mut second = authenticated(&service);
    assert_eq!(receive(&mut first), Err(4000));
    drop(first);
    assert!(service.send(&event::context_request("c1")));
    assert_eq!(receive(&mut second), Ok(event::context_request("c1")));
    service.wait_for(SOON, |log| log.connections[0].closed);
}

#[test]
fn calls_and_scheduled_events_are_announced() {
    let service = SimulatedService::start();
    let mut socket = authenticated(&service);
    let send_request = |line: &str, body: &Value| client::json(service.port(), KEY, line, body).1;
    let call = send_request("POST /v1/calls", &json!({"to": "+15551234503", "purpose": "book"}));
    service.advance(Duration::from_secs(60));
    let events: Vec<_> = (0..3).map(|_| receive(&mut socket).unwrap()).collect();
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["context_request", "call.started", "call.ended"]);
    let ended = &events[2];
    assert_eq!((&ended["call_id"], &ended["purpose"]), (&call["call_id"], &"book".into()));
    assert_eq!((&ended["outcome"], &ended["duration_seconds"]), (&"voicemail".into(), &12.into()));

    let mission = send_request("POST /v1/missions", &json!({"name": "m", "instructions": "i"}));
    let assistant = send_request("POST /v1/assistants", &json!({"name": "a", "instructions": "i"}));
    let line =
        format!("POST /v1/assistants/{}/events", assistant["assistant"]["id"].as_str().unwrap());
    let event = json!({
        "channel": "call", "to": "+15551234567", "from": NUMBER, "step_id": "s1",
        "mission_id": mission["mission"]["id"], "scheduled_at": service.clock().now().to_string(),
    });
    send_request(&line, &event);
    service.advance(Duration::from_secs(60));
    let events: Vec<_> = (0..3).map(|_| receive(&mut socket).unwrap()).collect();
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["mission.call_started", "mission.call_completed", "mission.insights_ready"]);
    assert!(
        events.iter().all(
            |event| event["mission_id"] == mission["mission"]["id"] && event["step_id"] == "s1"
        )
    );
}

#[test]
fn refusals_of_the_upgrade_and_of_the_key() {
    let service = SimulatedService::start();
    service.refuse_upgrades(429, Some(3));
    assert_eq!(dial(&service).err(), Some(429));
    service.accept_upgrades();
    let mut socket = dial(&service).unwrap();
    send_json(&mut socket, &json!({"type": "auth", "api_key": "wrong"}));
    let refused = json!({"type": "auth_error", "message": "Invalid API key"});
    assert_eq!((receive(&mut socket), receive(&mut socket)), (Ok(refused), Err(4001)));
    let statuses: Vec<_> =
        service.connections().iter().map(|connection| connection.status).collect();
    assert_eq!(statuses, [429, 101]);
    assert_eq!(service.log().authenticated(), 0);
}

#[test]
fn each_end_has_its_close_code() {
    let service = SimulatedService::start();
    let mut socket = authenticated(&service);
    assert!(service.close(4000));
    assert_eq!(receive(&mut socket), Err(4000));
    let mut socket = authenticated(&service);
    assert!(service.drop_socket());
    assert_eq!(receive(&mut socket), Err(1006));
    let mut socket = authenticated(&service);
    socket.close(None).unwrap();
    service.wait_for(SOON, |log| (log.connections.last()?.closed == Some(1005)).then_some(()));
}

#[test]
fn pings_are_answered_unless_the_service_plays_dead() {
    let service = SimulatedService::start();
    let pong = |socket: &mut WebSocket<TcpStream>| {
        socket.send(Message::Ping("x".into())).unwrap();
        service.wait_for(SOON, |log| (log.connections.last()?.pings == 1).then_some(()));
        socket.get_ref().set_nonblocking(true).unwrap();
        matches!(socket.read(), Ok(Message::Pong(_)))
    };
    assert!(pong(&mut authenticated(&service)));
    service.ignore_pings(true);
    assert!(!pong(&mut authenticated(&service)));
}

#[test]
fn a_flood_arrives_whole_and_in_order() {
    let service = SimulatedService::start();
    let mut socket = authenticated(&service);
    let text = "x".repeat(3000);
    let reader = std::thread::spawn(move || {
        (0..500).map(|_| receive(&mut socket).unwrap()["request_id"].clone()).collect::<Vec<_>>()
    });
    assert!(service.flood(500, |n| event::walkie_request(&n.to_string(), &text, None)));
    let wanted: Vec<Value> = (0..500).map(|n| n.to_string().into()).collect();
    assert_eq!(reader.join().unwrap(), wanted);
}

#[test]
fn https_and_wss_share_a_port_under_a_private_authority() {
    let authority = Authority::new();
    let service = SimulatedService::start_tls(&authority.issue("localhost"));
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = Arc::new(config);
    let dial = || {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::clone(&config), name).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", service.port())).unwrap();
        StreamOwned::new(connection, stream)
    };
    let mut https = dial();
    let request =
        format!("GET /v1/me HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n\r\n");
    https.write_all(request.as_bytes()).unwrap();
    let mut response = Vec::new();
    // The end comes without TLS's farewell.
    let _ = https.read_to_end(&mut response);
    assert!(String::from_utf8_lossy(&response).starts_with("HTTP/1.1 200 OK"));
    let (mut socket, _) = tungstenite::client("wss://localhost/ws", dial()).unwrap();
    send_json(&mut socket, &json!({"type": "auth", "api_key": KEY}));
    assert_eq!(receive(&mut socket), Ok(json!({"type": "auth_ok"})));
    let long = event::sms_received("+15551112222", &"y".repeat(100_000), "m1");
    assert!(service.send(&long));
    assert_eq!(receive(&mut socket), Ok(long));
}
