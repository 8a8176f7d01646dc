//! Frames of the service as connect reads them: any text is read, bounded, and means the same however it is written.
#![no_main]
#![allow(dead_code, reason = "the target uses a part of the program's sources")]

#[path = "../../../connect/src"]
mod connect {
    pub(crate) mod message;
}

#[path = "../../../connect/src/words"]
mod words {
    pub(crate) mod context;
    pub(crate) mod visible;
}

use connect::message::outgoing::{Outgoing, Walkie};
use connect::message::{Asked, Event, Incoming};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use words::visible::visible;

fuzz_target!(|text: &str| {
    let read = Incoming::read(text);
    match state::json::parse(text.as_bytes()) {
        Err(_) => assert!(matches!(read, Incoming::Unknown(_)), "{read:?}"),
        Ok(frame) => {
            // Escapes, blanks and repeated keys are the sender's affair.
            assert_eq!(read, Incoming::read(&frame.to_string()));
            knows_no_other_key(&frame, &read);
        }
    }
    match read {
        Incoming::AuthOk { .. } => {}
        Incoming::AuthError { message } => {
            is_short(&message);
            assert!(!message.chars().any(char::is_control), "{message:?}");
        }
        Incoming::Unknown(why) => {
            is_short(&why);
            // The log makes one line of it.
            assert_eq!(visible(&why), why);
        }
        Incoming::Event(event) => is_bounded(event),
    }
});

/// A field that nobody knows changes nothing.
fn knows_no_other_key(frame: &Value, read: &Incoming) {
    if matches!(read, Incoming::Event(Event::Mission(..))) {
        return;
    }
    let Value::Object(mut frame) = frame.clone() else { return };
    frame.entry("a field of tomorrow").or_insert_with(|| json!({"type": "event"}));
    assert_eq!(*read, Incoming::read(&Value::Object(frame).to_string()));
}

fn is_bounded(event: Event) {
    match event {
        Event::ContextRequest { call_id } | Event::CallStarted { call_id, .. } => id(&call_id),
        Event::CallEnded(ended) => {
            let ids = [&ended.call_id, &ended.reason, &ended.to_number];
            ids.into_iter().flatten().for_each(|text| id(text));
            let words = [&ended.purpose, &ended.greeting, &ended.voicemail_message];
            words.into_iter().flatten().for_each(|text| words_of(text));
            assert!(ended.seconds.is_none_or(|seconds| seconds < 86_400));
        }
        Event::DeepToolRequest { request_id, call_id, query } => {
            id(&request_id);
            call_id.iter().for_each(|text| id(text));
            asked(&query);
            answered(Outgoing::DeepToolResult { request_id, call_id, text: said(query) });
        }
        Event::WalkieRequest { request_id, transcript, session_key } => {
            id(&request_id);
            session_key.iter().for_each(|text| id(text));
            asked(&transcript);
            let answer = Walkie::reply(said(transcript));
            answered(Outgoing::WalkieResponse { request_id, answer });
        }
        Event::SmsReceived(sms) => {
            sms.from.iter().chain(&sms.message_id).for_each(|text| id(text));
            if !sms.body.is_empty() {
                words_of(&sms.body);
            }
        }
        Event::ApprovalResponded { request_id, decision } => {
            id(&request_id);
            if !decision.is_empty() {
                id(&decision);
            }
        }
        Event::Mission(name, frame) => {
            id(&name);
            assert!(name.starts_with("mission.") && frame.contains_key("event"));
        }
        Event::Other(name) => id(&name),
    }
}

fn id(text: &str) {
    assert!(!text.is_empty() && text.chars().count() <= 200, "{text:?}");
    // An id of several lines is an odd one, and still an id.
    assert!(text.trim() == text && visible(text) == text, "{text:?}");
}

fn words_of(text: &str) {
    assert!(!text.trim().is_empty() && text.chars().count() <= 8_000, "{text:?}");
    assert_eq!(visible(text), text);
}

fn asked(asked: &Asked) {
    if let Asked::Words(text) = asked {
        words_of(text);
        assert_eq!(text.trim(), text);
    }
}

fn said(asked: Asked) -> String {
    match asked {
        Asked::Words(text) => text,
        Asked::Nothing | Asked::TooLong => String::new(),
    }
}

fn is_short(text: &str) {
    assert!(!text.is_empty() && text.chars().count() <= 301, "{text:?}");
}

/// What is answered arrives as it was meant, and is never taken for an event.
fn answered(answer: Outgoing) {
    let frame = answer.frame();
    let read: Value = serde_json::from_str(&frame).expect("a frame is JSON");
    assert_eq!(read, serde_json::to_value(&answer).expect("a frame is a value"));
    assert!(matches!(Incoming::read(&frame), Incoming::Unknown(_)));
}
