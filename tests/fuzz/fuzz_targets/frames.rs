//! Frames of the service as connect reads them: any text is read, bounded, and means the same however it is written.
#![no_main]
#![allow(dead_code, reason = "the target uses a part of the program's sources")]

#[path = "../../../connect/src/protocol/mod.rs"]
mod protocol;

use libfuzzer_sys::fuzz_target;
use protocol::RequestText;
use protocol::incoming::{IncomingFrame, ServiceEvent};
use protocol::outgoing::{OutgoingFrame, WalkieAnswer};
use protocol::sanitize::sanitize;
use serde_json::{Value, json};

fuzz_target!(|text: &str| {
    let read = IncomingFrame::read(text);
    match state::json::parse(text.as_bytes()) {
        Err(_) => assert!(matches!(read, IncomingFrame::Unknown(_)), "{read:?}"),
        Ok(frame) => {
            // Escapes, blanks and repeated keys are the sender's affair.
            assert_eq!(read, IncomingFrame::read(&frame.to_string()));
            knows_no_other_key(&frame, &read);
        }
    }
    match read {
        IncomingFrame::AuthOk { .. } => {}
        IncomingFrame::AuthError { message } => {
            is_short(&message);
            assert!(!message.chars().any(char::is_control), "{message:?}");
        }
        IncomingFrame::Unknown(why) => {
            is_short(&why);
            // The log makes one line of it.
            assert_eq!(sanitize(&why), why);
        }
        IncomingFrame::Event(event) => is_bounded(event),
    }
});

/// A field that nobody knows changes nothing.
fn knows_no_other_key(frame: &Value, read: &IncomingFrame) {
    if matches!(read, IncomingFrame::Event(ServiceEvent::Mission(..))) {
        return;
    }
    let Value::Object(mut frame) = frame.clone() else { return };
    frame.entry("a field of tomorrow").or_insert_with(|| json!({"type": "event"}));
    assert_eq!(*read, IncomingFrame::read(&Value::Object(frame).to_string()));
}

fn is_bounded(event: ServiceEvent) {
    match event {
        ServiceEvent::ContextRequest { call_id } | ServiceEvent::CallStarted { call_id, .. } => id(&call_id),
        ServiceEvent::CallEnded(ended) => {
            let ids = [&ended.call_id, &ended.reason, &ended.to_number];
            ids.into_iter().flatten().for_each(|text| id(text));
            let words = [&ended.purpose, &ended.greeting, &ended.voicemail_message];
            words.into_iter().flatten().for_each(|text| words_of(text));
            assert!(ended.seconds.is_none_or(|seconds| seconds < 86_400));
        }
        ServiceEvent::DeepToolRequest { request_id, call_id, query } => {
            id(&request_id);
            call_id.iter().for_each(|text| id(text));
            asked(&query);
            answered(OutgoingFrame::DeepToolResult { request_id, call_id, text: said(query) });
        }
        ServiceEvent::WalkieRequest { request_id, transcript, session_key } => {
            id(&request_id);
            session_key.iter().for_each(|text| id(text));
            asked(&transcript);
            let answer = WalkieAnswer::reply(said(transcript));
            answered(OutgoingFrame::WalkieResponse { request_id, answer });
        }
        ServiceEvent::SmsReceived(sms) => {
            sms.from.iter().chain(&sms.message_id).for_each(|text| id(text));
            if !sms.body.is_empty() {
                words_of(&sms.body);
            }
        }
        // Its words are compared as they came, and nobody reads them.
        ServiceEvent::ApprovalResponded(_) => {}
        ServiceEvent::Mission(name, frame) => {
            id(&name);
            assert!(name.starts_with("mission.") && frame.contains_key("event"));
        }
        ServiceEvent::Other(name) => id(&name),
    }
}

fn id(text: &str) {
    assert!(!text.is_empty() && text.chars().count() <= 200, "{text:?}");
    // An id of several lines is an odd one, and still an id.
    assert!(text.trim() == text && sanitize(text) == text, "{text:?}");
}

fn words_of(text: &str) {
    assert!(!text.trim().is_empty() && text.chars().count() <= 8_000, "{text:?}");
    assert_eq!(sanitize(text), text);
}

fn asked(asked: &RequestText) {
    if let RequestText::Text(text) = asked {
        words_of(text);
        assert_eq!(text.trim(), text);
    }
}

fn said(asked: RequestText) -> String {
    match asked {
        RequestText::Text(text) => text,
        RequestText::Missing | RequestText::TooLong => String::new(),
    }
}

fn is_short(text: &str) {
    assert!(!text.is_empty() && text.chars().count() <= 301, "{text:?}");
}

/// What is answered arrives as it was meant, and is never taken for an event.
fn answered(answer: OutgoingFrame) {
    let frame = answer.frame();
    let read: Value = serde_json::from_str(&frame).expect("a frame is JSON");
    assert_eq!(read, serde_json::to_value(&answer).expect("a frame is a value"));
    assert!(matches!(IncomingFrame::read(&frame), IncomingFrame::Unknown(_)));
}
