//! Edits of the gateway's JSON5: the wanted change and no other, every comment kept, and back again.
//!
//! The first byte chooses the edit; the rest is the document.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use setup::json5::{EditError, EditKind, add, remove_member, take_out};
use state::gateway_config::json5::parse;

const PATHS: [&[&str]; 4] = [
    &["gateway", "tools", "allow"],
    &["gateway", "http", "endpoints", "chatCompletions", "enabled"],
    &["a"],
    &["a", "b-c"],
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let path = PATHS[usize::from(choice & 3)];
    let value = match choice >> 2 & 3 {
        0 => json!("sessions_send"),
        1 => json!(true),
        2 => json!({"k": [1, "it's \"so\"\n"], "é": {}}),
        _ => json!([]),
    };
    match parse(text) {
        Err(_) => {
            // What the gateway cannot read is not touched.
            assert!(add(text, path, &EditKind::Item(value)).is_err());
            assert!(remove_member(text, path).is_err());
        }
        Ok(before) => {
            adds(text, &before, path, &EditKind::Item(value.clone()));
            adds(text, &before, path, &EditKind::Value(value));
            removes(text, &before, path);
        }
    }
});

fn adds(text: &str, before: &Value, path: &[&str], change: &EditKind) {
    let added = match (add(text, path, change), change) {
        (Err(err), _) => return is_fair(&err, text),
        (Ok(None), EditKind::Item(item)) => {
            let list = get(before, path).and_then(Value::as_array);
            return assert!(list.is_some_and(|list| list.contains(item)));
        }
        (Ok(None), EditKind::Value(value)) => return assert_eq!(get(before, path), Some(value)),
        (Ok(Some(added)), _) => added,
    };
    let mut wanted = before.clone();
    match change {
        EditKind::Item(item) => {
            let list = object(&mut wanted, path).or_insert_with(|| json!([]));
            list.as_array_mut().expect("a list was added to").push(item.clone());
        }
        EditKind::Value(value) => {
            *object(&mut wanted, path).or_insert(Value::Null) = value.clone();
        }
    }
    is(&added.text, &wanted);
    if added.replaced.is_none() {
        assert_eq!(comments(&added.text), comments(text));
    }
    assert_eq!(add(&added.text, path, change), Ok(None), "a second time");
    let was = (added.created, added.replaced.as_deref());
    let back = take_out(&added.text, path, change, was).expect("it was edited").expect("it is there");
    assert_eq!(parse(&back).as_ref(), Ok(before), "the way back of {}", added.text);
}

fn removes(text: &str, before: &Value, path: &[&str]) {
    match remove_member(text, path) {
        Err(err) => is_fair(&err, text),
        Ok(None) => assert_eq!(get(before, path), None),
        Ok(Some(after)) => {
            let mut wanted = before.clone();
            let (last, parents) = path.split_last().expect("no path is empty");
            let parent = parents.iter().fold(&mut wanted, |value, key| &mut value[*key]);
            parent.as_object_mut().expect("it had the member").shift_remove(*last);
            is(&after, &wanted);
        }
    }
}

/// The document is read as this value, its keys in this order.
fn is(text: &str, wanted: &Value) {
    let read = parse(text).map(|value| value.to_string());
    assert_eq!(read, Ok(wanted.to_string()), "{text}");
}

/// An edit may refuse, but only where the document leaves more than one reading, is as deep as one may be, or has what the
/// editor does not read.
fn is_fair(err: &EditError, text: &str) {
    let is_deep = || text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() > 120;
    let is_fair =
        matches!(err, EditError::Duplicate { .. } | EditError::Included { .. } | EditError::WrongType { .. } | EditError::BeyondEditor { .. });
    assert!(is_fair || is_deep(), "{err:?} for {text:?}");
}

/// The comments of a document, in their order.
fn comments(text: &str) -> Vec<&str> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find(['"', '\'', '/']) {
        rest = &rest[at..];
        let line_end = |c: char| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
        let length = match rest.as_bytes() {
            [b'/', b'/', ..] => rest.find(line_end).unwrap_or(rest.len()),
            [b'/', b'*', ..] => rest[2..].find("*/").map_or(rest.len(), |end| end + 4),
            [b'/', ..] => 1,
            [quote, ..] => string_length(rest, char::from(*quote)),
            [] => break,
        };
        if rest.starts_with('/') && length > 1 {
            found.push(&rest[..length]);
        }
        rest = &rest[length..];
    }
    found
}

/// How long the string is that a text begins with.
fn string_length(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

fn get<'a>(root: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(root, |value, key| value.as_object()?.get(*key))
}

/// The place of the path's last key, with all objects before it made.
fn object<'a>(root: &'a mut Value, path: &[&str]) -> serde_json::map::Entry<'a> {
    let (last, parents) = path.split_last().expect("no path is empty");
    let parent = parents.iter().fold(root, |value, key| {
        let members = value.as_object_mut().expect("an edit was made in it");
        members.entry(*key).or_insert_with(|| json!({}))
    });
    parent.as_object_mut().expect("an edit was made in it").entry(*last)
}
