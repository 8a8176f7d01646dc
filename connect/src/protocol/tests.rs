//! What is read from frames, good and bad, and what is written to them.

use proptest::prelude::*;
use serde_json::{Value, json};
use state::approval_status::OwnersDecision;
use state::call_outcome::CallOutcome;

use super::RequestText;
use super::incoming::{CallDirection, CallEnded, IncomingFrame, IncomingSms, ServiceEvent};
use super::outgoing::{OutgoingFrame, VoiceContext, WalkieAnswer, auth};

fn event(fields: &Value) -> ServiceEvent {
    let mut frame = json!({"type": "event"});
    frame.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    match IncomingFrame::read(&frame.to_string()) {
        IncomingFrame::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

fn unknown(text: &str) -> bool {
    matches!(IncomingFrame::read(text), IncomingFrame::Unknown(why) if !why.is_empty())
}

#[test]
fn what_is_no_frame_is_unknown() {
    for text in
        ["not json", "[]", "null", "", "{}", "{\"type\":5}", "{\"type\":\"nonsense\",\"x\":1}"]
    {
        assert!(unknown(text), "{text}");
    }
    assert_eq!(event(&json!({})), ServiceEvent::Other("an event without a name".to_owned()));
    assert_eq!(event(&json!({"event": "nonsense"})), ServiceEvent::Other("nonsense".to_owned()));
}

#[test]
fn answers_to_auth() {
    assert_eq!(
        IncomingFrame::read(r#"{"type":"auth_ok"}"#),
        IncomingFrame::AuthOk { has_devices: None }
    );
    assert_eq!(
        IncomingFrame::read(r#"{"type":"auth_ok","has_devices":false}"#),
        IncomingFrame::AuthOk { has_devices: Some(false) }
    );
    let refused = |message: &str| IncomingFrame::AuthError { message: message.to_owned() };
    assert_eq!(
        IncomingFrame::read(r#"{"type":"auth_error","message":"Invalid API key"}"#),
        refused("Invalid API key")
    );
    assert_eq!(
        IncomingFrame::read(r#"{"type":"auth_error","message":{}}"#),
        refused("no reason given")
    );
}

#[track_caller]
fn query_reads_as(query: &Value, wanted: RequestText) {
    let frame =
        json!({"event": "deep_tool_request", "call_id": 5, "request_id": "r9", "query": query});
    assert_eq!(
        event(&frame),
        ServiceEvent::DeepToolRequest {
            request_id: "r9".to_owned(),
            call_id: Some("5".to_owned()),
            query: wanted
        }
    );
}

#[test]
fn a_named_request_is_always_read() {
    query_reads_as(&json!(" What is on? "), RequestText::Text("What is on?".to_owned()));
    query_reads_as(&json!("de\u{200b}lete"), RequestText::Text("delete".to_owned()));
    for nothing in
        [json!(null), json!({"a": 1}), json!(""), json!(" \u{200b}"), json!([]), json!(7)]
    {
        query_reads_as(&nothing, RequestText::Missing);
    }
    query_reads_as(&json!("ж".repeat(8_000)), RequestText::Text("ж".repeat(8_000)));
    query_reads_as(&json!("ж".repeat(8_001)), RequestText::TooLong);
}

#[test]
fn a_request_that_cannot_be_answered_is_none() {
    for id in [json!(null), json!({}), json!(""), json!(true), json!("x".repeat(201))] {
        let frame = json!({"event": "deep_tool_request", "request_id": id, "query": "x"});
        assert_eq!(event(&frame), ServiceEvent::Other("deep_tool_request".to_owned()));
    }
    assert_eq!(
        event(&json!({"event": "context_request"})),
        ServiceEvent::Other("context_request".to_owned())
    );
}

#[test]
fn long_numbers_are_kept_digit_for_digit() {
    let text =
        r#"{"type":"event","event":"context_request","call_id":123456789012345678901234567890}"#;
    let call_id = "123456789012345678901234567890".to_owned();
    assert_eq!(
        IncomingFrame::read(text),
        IncomingFrame::Event(ServiceEvent::ContextRequest { call_id })
    );
}

#[test]
fn half_an_emoji_does_not_cost_the_frame() {
    let text =
        r#"{"type":"event","event":"deep_tool_request","request_id":"r","query":"hi \ud83d"}"#;
    let query = RequestText::Text("hi".to_owned());
    let wanted = ServiceEvent::DeepToolRequest { request_id: "r".to_owned(), call_id: None, query };
    assert_eq!(IncomingFrame::read(text), IncomingFrame::Event(wanted));
}

#[test]
fn a_direction_is_read_to_the_letter_and_inbound_where_it_is_left_out() {
    let started = |more: Value| {
        let mut frame = json!({"event": "call.started", "call_id": "c1"});
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let ServiceEvent::CallStarted { direction, .. } = event(&frame) else { panic!("{frame}") };
        direction
    };
    let direction_of = |direction: Value| started(json!({"direction": direction}));
    assert_eq!(started(json!({})), Some(CallDirection::Inbound));
    assert_eq!(direction_of(json!("inbound")), Some(CallDirection::Inbound));
    assert_eq!(direction_of(json!("outbound")), Some(CallDirection::Outbound));
    // An unknown direction is not inbound.
    assert_eq!(direction_of(json!(null)), None);
    for odd in [
        json!("OUTBOUND"),
        json!("Inbound"),
        json!("inbound "),
        json!("in\u{200b}bound"),
        json!("outgoing"),
        json!(""),
        json!(1),
        json!(true),
        json!(["inbound"]),
        json!({"inbound": true}),
    ] {
        assert_eq!(direction_of(odd.clone()), Some(CallDirection::Other), "{odd}");
    }
}

#[test]
fn an_ended_call_is_read_as_far_as_it_goes() {
    let ServiceEvent::CallEnded(ended) = event(&json!({
        "event": "call.ended", "call_id": "c0", "direction": "outbound", "to_number": "+15551234567",
        "outcome": "voicemail", "voicemail_message": "Hi", "duration_seconds": 75.9, "reason": "x"
    })) else {
        panic!("no call.ended")
    };
    assert_eq!(ended.outcome, Some(CallOutcome::Voicemail));
    assert_eq!((ended.seconds, ended.voicemail_message.as_deref()), (Some(75), Some("Hi")));
    assert_eq!(
        event(&json!({"event": "call.ended"})),
        ServiceEvent::CallEnded(CallEnded::default())
    );
    for odd in [json!(-1), json!("soon"), json!(1e300), json!({}), json!(86_400)] {
        let ServiceEvent::CallEnded(ended) =
            event(&json!({"event": "call.ended", "duration_seconds": odd}))
        else {
            panic!("no call.ended")
        };
        assert_eq!(ended.seconds, None, "{odd}");
    }
}

#[test]
fn texts_approvals_walkie_and_missions() {
    let sms = json!({"event": "sms.received", "from": "+15551112222", "message_id": "m1", "media_urls": ["u"]});
    let wanted = IncomingSms {
        from: Some("+15551112222".to_owned()),
        body: String::new(),
        message_id: Some("m1".to_owned()),
        n_media: 1,
    };
    assert_eq!(event(&sms), ServiceEvent::SmsReceived(wanted));
    assert_eq!(
        event(&json!({"event": "approval.responded", "request_id": "a", "decision": ["approved"]})),
        ServiceEvent::ApprovalResponded(OwnersDecision {
            request_id: "a".to_owned(),
            decision: String::new()
        })
    );
    assert_eq!(
        event(
            &json!({"event": "walkie_request", "request_id": "w", "transcript": "hi", "session_key": 1})
        ),
        ServiceEvent::WalkieRequest {
            request_id: "w".to_owned(),
            transcript: RequestText::Text("hi".to_owned()),
            session_key: Some("1".to_owned())
        }
    );
    let ServiceEvent::Mission(kind, frame) =
        event(&json!({"event": "mission.sms_received", "x": {"y": 1}}))
    else {
        panic!("no mission")
    };
    assert_eq!((kind.as_str(), &frame["x"]), ("mission.sms_received", &json!({"y": 1})));
    let ServiceEvent::Mission(_, frame) = event(&json!({"event": "mission.sms_received",
        "from": "+15551112222", "text": " Stop ", "message_id": 7}))
    else {
        panic!("no mission")
    };
    let text = IncomingSms::of_mission(&frame);
    let now = jiff::Timestamp::UNIX_EPOCH;
    assert_eq!((text.words(), text.key(now)), ("Stop", "text:7".to_owned()));
    assert_eq!(text.sender(), "+15551112222".parse().ok());
}

#[track_caller]
fn written(frame: &OutgoingFrame, wanted: &str) {
    assert_eq!(frame.frame(), wanted);
}

#[test]
fn frames_are_written_to_the_letter() {
    let id = || "r1".to_owned();
    let text = || "Hi \"you\"".to_owned();
    let context = VoiceContext { memory: "m".to_owned(), system_prompt: "s".to_owned() };
    written(
        &OutgoingFrame::ContextResponse { call_id: "c".to_owned(), context },
        r#"{"type":"context_response","call_id":"c","context":{"memory":"m","system_prompt":"s"}}"#,
    );
    written(
        &OutgoingFrame::Response { call_id: "c".to_owned(), text: text() },
        r#"{"type":"response","call_id":"c","text":"Hi \"you\""}"#,
    );
    written(
        &OutgoingFrame::DeepToolProgress { request_id: id(), call_id: None, text: text() },
        r#"{"type":"deep_tool_progress","request_id":"r1","text":"Hi \"you\""}"#,
    );
    written(
        &OutgoingFrame::DeepToolResult {
            request_id: id(),
            call_id: Some("c".to_owned()),
            text: text(),
        },
        r#"{"type":"deep_tool_result","request_id":"r1","call_id":"c","text":"Hi \"you\""}"#,
    );
    written(
        &OutgoingFrame::WalkieResponse { request_id: id(), answer: WalkieAnswer::reply("Hi") },
        r#"{"type":"walkie_response","request_id":"r1","reply":"Hi"}"#,
    );
    written(
        &OutgoingFrame::WalkieResponse { request_id: id(), answer: WalkieAnswer::error("No") },
        r#"{"type":"walkie_response","request_id":"r1","reply":null,"error":"No"}"#,
    );
}

#[test]
fn auth_names_only_who_is_configured() {
    assert_eq!(auth("k", None, None), r#"{"type":"auth","api_key":"k"}"#);

    assert_eq!(
        auth("k", Some("Ciaran"), Some("PAL-01")),
        r#"{"type":"auth","api_key":"k","owner_name":"Ciaran","agent_name":"PAL-01"}"#
    );
}

/// Any JSON, some of it with the keys that are read.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,9}".prop_map(Value::from),
        Just(Value::from("event")),
    ];
    let key = prop_oneof![
        Just("type"),
        Just("event"),
        Just("request_id"),
        Just("call_id"),
        Just("query"),
        Just("from"),
        Just("body"),
        Just("duration_seconds"),
        Just("direction"),
        Just("outcome"),
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(key.clone(), inner, 0..6)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_frame_panics(frame in any_json(), name in "[a-z_.]{0,20}") {
        let _ = IncomingFrame::read(&frame.to_string());
        let names = ["context_request", "call.started", "call.ended", "deep_tool_request",
            "walkie_request", "sms.received", "approval.responded", name.as_str()];
        if let Value::Object(mut fields) = frame {
            for name in names {
                fields.insert("type".to_owned(), json!("event"));
                fields.insert("event".to_owned(), json!(name));
                let read = IncomingFrame::read(&Value::from(fields.clone()).to_string());
                prop_assert!(matches!(read, IncomingFrame::Event(_)), "{:?}", read);
            }
        }
    }

    #[test]
    fn no_text_panics(text in ".*") {
        let _ = IncomingFrame::read(&text);
    }
}
