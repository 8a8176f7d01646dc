//! `sms list`, `sms conversations` and `sms tail`, as their users run them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use harness::{RequestFault, Sandbox, ServiceTable, Signal, SimulatedService};
use serde_json::{Value, json};

const SMS: &str = env!("CARGO_BIN_EXE_sms");
const LIST: &str = "/v1/messages";
const TO: &str = "+15551234567";
const SOON: Duration = Duration::from_secs(10);

/// A row of the message list.
fn text(n: usize, body: &str) -> Value {
    let (ours, theirs) = (harness::NUMBER, TO);
    let (direction, from, to) =
        if n.is_multiple_of(2) { ("inbound", theirs, ours) } else { ("outbound", ours, theirs) };
    json!({
        "id": format!("m{n}"), "direction": direction, "from": from, "to": to, "body": body,
        "status": "delivered", "created_at": format!("2026-02-14T10:00:{n:02}.000Z"),
    })
}

fn with_texts(n_texts: usize) -> SimulatedService {
    let service = SimulatedService::start();
    for n in 0..n_texts {
        service.seed(ServiceTable::Messages, &format!("m{n}"), "", text(n, &format!("text {n}")));
    }
    service
}

#[test]
fn lists_are_filtered_and_paged() {
    let service = with_texts(45);
    let sandbox = Sandbox::for_service(&service);
    let list = |line: &[&str]| sandbox.run(SMS, [&["list"], line].concat()).ok().quiet().json();
    let page = list(&["--limit", "10", "--page", "2"]);
    assert_eq!(page["messages"].as_array().unwrap().len(), 10);
    assert_eq!(page["pagination"], json!({"page": 2, "limit": 10, "total": 45, "pages": 5}));
    let inbound = list(&["--direction", "inbound", "--contact", "+1 555 123 4567"]);
    assert_eq!(inbound["pagination"]["total"], 23);
    let seen = service.seen_at("GET", LIST);
    assert_eq!(seen.last().unwrap().query("contact"), Some(TO));
    let all = list(&["--all"]);
    let ids: std::collections::BTreeSet<_> =
        all["messages"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), all["messages"].as_array().unwrap().len()), (45, 45));
    // Three pages, and the empty one behind them.
    assert_eq!(service.seen_at("GET", LIST).len(), seen.len() + 4);
}

/// A service with these pages of the list; it refuses others.
fn with_pages(pages: &[Value]) -> SimulatedService {
    let (service, pages) = (SimulatedService::start(), pages.to_vec());
    service.on_with("GET", LIST, move |seen| {
        let number: usize =
            seen.query("page").map_or(1, |page| page.parse().expect("a page is a number"));
        pages.get(number - 1).map_or((404, json!({})), |page| (200, page.clone()))
    });
    service
}

#[test]
fn a_list_ends_where_nothing_new_comes() {
    let page = |numbers: std::ops::Range<usize>, pagination: &Value| {
        let texts: Vec<_> = numbers.map(|n| text(n, "x")).collect();
        json!({"messages": texts, "pagination": pagination})
    };
    let wrong = json!({"page": 1, "limit": 100, "total": 6, "pages": 1});
    for (pages, n_texts, what) in [
        (
            vec![page(0..2, &wrong), page(2..4, &wrong), page(4..6, &wrong), page(6..6, &wrong)],
            6,
            "short pages",
        ),
        (vec![page(0..3, &wrong), page(0..3, &wrong)], 3, "a service that knows no pages"),
        (
            vec![page(0..3, &Value::Null), page(2..5, &Value::Null), page(5..5, &Value::Null)],
            5,
            "a row came in between",
        ),
    ] {
        let service = with_pages(&pages);
        let out = Sandbox::for_service(&service).run(SMS, ["list", "--all", "--limit", "100"]);
        let listed = out.ok().quiet().json()["messages"].as_array().unwrap().clone();
        let ids: std::collections::BTreeSet<_> =
            listed.iter().map(|row| row["id"].as_str()).collect();
        assert_eq!((listed.len(), ids.len()), (n_texts, n_texts), "{what}");
        assert_eq!(service.seen_at("GET", LIST).len(), pages.len(), "{what}");
    }
    // A page behind the last may be refused; one before it may not be missing.
    let service = with_pages(&[page(0..3, &wrong)]);
    let all =
        |service: &SimulatedService| Sandbox::for_service(service).run(SMS, ["list", "--all"]);
    assert_eq!(all(&service).ok().json()["messages"].as_array().unwrap().len(), 3);
    let service = with_pages(&[page(0..3, &json!({"pages": 2}))]);
    all(&service).fails(1);
}

#[test]
fn tail_prints_no_older_text_when_newer_ones_are_deleted() {
    let service = SimulatedService::start();
    let row = |n: usize| text(n, &format!("text {n}"));
    // Sixty texts, of which a page shows the newest fifty; then the newest three are gone, and one is new.
    let listed = |numbers: &mut dyn Iterator<Item = usize>| json!({"messages": numbers.map(row).collect::<Vec<_>>()});
    let (first, later) =
        (listed(&mut (6..56).rev()), listed(&mut [59].into_iter().chain((3..53).rev())));
    let n_polls = AtomicUsize::new(0);
    service.on_with("GET", LIST, move |_| {
        let is_first = n_polls.fetch_add(1, Ordering::SeqCst) == 0;
        (200, if is_first { first.clone() } else { later.clone() })
    });
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("CLAWDTALK_CLOCK_PERIODS", "100");
    let tail = sandbox.spawn(SMS, ["tail"]);
    let line = tail.wait_line(SOON, |line| line.starts_with('{'));
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["id"], "m59", "older texts come as new");
}

#[test]
fn a_picture_has_no_words_to_list() {
    let service = SimulatedService::start();
    let mut picture = text(1, "");
    picture["body"] = Value::Null;
    picture["media_urls"] = json!(["https://x.y/a.png"]);
    service.seed(ServiceTable::Messages, "m1", "", picture);
    let sandbox = Sandbox::for_service(&service);
    sandbox
        .run(SMS, ["--text", "list"])
        .ok()
        .stdout(&format!("→ 2026-02-14 {TO}: [picture]\n\nTotal: 1 messages\n"));
    sandbox.run(SMS, ["--text", "conversations"]).ok().stdout(&format!("{TO}: [no text]\n"));
    let listed = sandbox.run(SMS, ["conversations"]).ok().quiet().json();
    assert_eq!(listed["conversations"][0]["contact"], TO);
}

/// The progress line of `tail` once it has read what is there already.
fn is_waiting(line: &str) -> bool {
    line.starts_with("waiting for texts")
}

#[test]
fn tail_prints_each_new_text_once() {
    let service = with_texts(3);
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("CLAWDTALK_CLOCK_PERIODS", "100");
    let tail = sandbox.spawn(SMS, ["tail"]);
    tail.wait_line(SOON, is_waiting);
    service.text_in("+15551112222", "first");
    tail.wait_line(SOON, |line| line.contains("first"));
    service.fail("GET", LIST, RequestFault::Status(500), 4);
    service.text_in("+15551112222", "second");
    tail.wait_line(SOON, |line| line.contains("second"));
    let out = tail.stop(Signal::INT, Duration::from_secs(5));
    let bodies: Vec<_> =
        out.ok().json_lines().iter().map(|m| m["body"].as_str().unwrap().to_owned()).collect();
    assert_eq!(bodies, ["first", "second"], "nothing old, nothing twice");
}

#[test]
fn tail_can_follow_one_number_in_words() {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("CLAWDTALK_CLOCK_PERIODS", "100");
    let tail = sandbox.spawn(SMS, ["tail", "--contact", TO, "--text"]);
    tail.wait_line(SOON, is_waiting);
    service.text_in("+15551112222", "not this");
    service.text_in(TO, "but this");
    let line = tail.wait_line(SOON, |line| line.contains("this"));
    assert!(line.starts_with("← ") && line.ends_with(&format!(" {TO}: but this")), "{line}");
}

#[test]
fn tail_ends_when_nobody_reads() {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("CLAWDTALK_CLOCK_PERIODS", "100");
    let pipe = sandbox.spawn("/bin/sh", ["-c", &format!("{SMS} tail | head -n 1")]);
    pipe.wait_line(SOON, is_waiting);
    service.text_in(TO, "one");
    pipe.wait_line(SOON, |line| line.contains("one"));
    service.text_in(TO, "two");
    pipe.finish(SOON).ok().never_says("panicked").never_says("Broken pipe");
}

/// Sixty texts come at once, which are two pages, and the second is not to be had at first.
#[test]
fn tail_loses_no_page_when_another_fails() {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("CLAWDTALK_CLOCK_PERIODS", "100");
    let (have_come, n_failures) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
    let come = Arc::clone(&have_come);
    service.on_with("GET", LIST, move |seen| {
        let page = match seen.query("page") {
            _ if !come.load(Ordering::SeqCst) => 0..0,
            // As often as one request is attempted.
            Some("2") if n_failures.fetch_add(1, Ordering::SeqCst) < 3 => return (500, json!({})),
            Some("2") => 0..10,
            Some(_) => 0..0,
            None => 10..60,
        };
        let texts: Vec<_> = page.rev().map(|n| text(n, &format!("text {n}"))).collect();
        (200, json!({ "messages": texts }))
    });
    let tail = sandbox.spawn(SMS, ["tail"]);
    tail.wait_line(SOON, is_waiting);
    have_come.store(true, Ordering::SeqCst);
    tail.wait_line(SOON, |line| line.contains("text 59"));
    let out = tail.stop(Signal::INT, Duration::from_secs(5));
    let ids: Vec<_> = out.ok().json_lines().iter().map(|text| text["id"].clone()).collect();
    assert_eq!(ids, (0..60).map(|n| json!(format!("m{n}"))).collect::<Vec<_>>());
}

#[test]
fn an_invisible_character_in_a_number_is_named_and_in_a_text_sent() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    for (line, code) in [
        (&["send", "+1555\u{200b}1234567", "hi"][..], "U+200B"),
        (&["send", "\u{2066}+15551234567", "hi"], "U+2066"),
        (&["list", "--contact", "+15551234567\u{200e}"], "U+200E"),
    ] {
        sandbox.run(SMS, line).fails(2).silent().stderr_has(code).stderr_has("hint: ");
    }
    assert!(service.seen().is_empty(), "{:?}", service.seen());
    let text = "👩\u{200d}👧 soft\u{ad}ware";
    sandbox.run(SMS, ["send", TO, text]).ok();
    assert_eq!(service.seen_at("POST", "/v1/messages/send")[0].body["message"], text);
}
