//! Edits of written-out documents: what an owner would find in the file afterwards.

use super::*;
use serde_json::json;

pub(super) const PATH: [&str; 3] = ["gateway", "tools", "allow"];

fn tool() -> EditKind {
    EditKind::Item(json!("sessions_send"))
}

/// Adds `sessions_send`, compares, and takes it away again.
#[track_caller]
fn case(before: &str, after: &str) {
    let added = add(before, &PATH, &tool()).unwrap().expect("it was not there before");
    assert_eq!(added.text, after);
    assert_eq!(add(after, &PATH, &tool()), Ok(None), "a second time changes nothing");
    let back = take_out(after, &PATH, &tool(), (added.created, None)).unwrap().unwrap();
    assert_eq!(json5::parse(&back), json5::parse(before), "the way back");
}

#[track_caller]
fn refused(before: &str, expected: &str) {
    let err = add(before, &PATH, &tool()).expect_err("this cannot be edited safely");
    assert_eq!(err.to_string(), expected);
}

#[test]
fn an_empty_document_gets_the_whole_path() {
    let after = "{\n  \"gateway\": {\n    \"tools\": {\n      \"allow\": [\"sessions_send\"]\n    }\n  }\n}";
    case("{}", after);
    case("{\n}\n", &format!("{after}\n"));
}

#[test]
fn a_present_object_gets_only_what_it_lacks() {
    case(
        "{\n\t// mine\n\tgateway: {\n\t\tport: 1, // the port\n\t\t/* end */\n\t},\n}\n",
        "{\n\t// mine\n\tgateway: {\n\t\tport: 1, // the port\n\t\ttools: {\n\t\t\tallow: [\"sessions_send\"],\n\t\t},\n\t\t/* end */\n\t},\n}\n",
    );
    case(
        "{\r\n    'gateway': {\r\n        'port': 1\r\n    }\r\n}",
        "{\r\n    'gateway': {\r\n        'port': 1,\r\n        \"tools\": {\r\n            \"allow\": [\"sessions_send\"]\r\n        }\r\n    }\r\n}",
    );
    case(
        "{gateway: {port: 1}}",
        "{gateway: {\n    port: 1,\n    tools: {\n      allow: [\"sessions_send\"]\n    }\n  }}",
    );
}

#[test]
fn an_array_is_continued_as_it_was_begun() {
    case("{gateway:{tools:{allow:[]}}}", "{gateway:{tools:{allow:[\"sessions_send\"]}}}");
    case(
        "{gateway: {tools: {allow: ['a',]}}}",
        "{gateway: {tools: {allow: ['a', \"sessions_send\"]}}}",
    );
    case(
        "{\n  gateway: {\n    tools: {\n      allow: [\n        'a' // about a\n        // 'b'\n      ]\n    }\n  }\n}",
        "{\n  gateway: {\n    tools: {\n      allow: [\n        'a', // about a\n        \"sessions_send\"\n        // 'b'\n      ]\n    }\n  }\n}",
    );
    case(
        "{gateway: {tools: {allow: [ // none\n]}}}",
        "{gateway: {tools: {allow: [ // none\n        \"sessions_send\"\n]}}}",
    );
}

#[test]
fn the_forms_that_only_json5_has_are_edited_around() {
    case(
        "\u{feff}{a: +.5, b: 0xFF, c: [-Infinity, 5.,], d: 'x\\\n\\x41',\u{a0}gateway /**/ : {'tools': {\"al\\u006cow\": []}}}",
        "\u{feff}{a: +.5, b: 0xFF, c: [-Infinity, 5.,], d: 'x\\\n\\x41',\u{a0}gateway /**/ : {'tools': {\"al\\u006cow\": [\"sessions_send\"]}}}",
    );
}

#[test]
fn what_others_added_since_stays() {
    for (before, after) in [
        (
            "{gateway: {tools: {allow: [\n  'a', // a\n  'sessions_send', // ours\n  'b'\n]}}}",
            "{gateway: {tools: {allow: [\n  'a', // a\n  'b'\n]}}}",
        ),
        (
            "{gateway: {tools: {allow: ['sessions_send'], deny: []}}}",
            "{gateway: {tools: { deny: []}}}",
        ),
        (
            "{gateway: {tools: {allow: ['sessions_send'], /* why */}}}",
            "{gateway: {tools: { /* why */}}}",
        ),
    ] {
        let rest = take_out(before, &PATH, &tool(), (2, None));
        assert_eq!(rest.unwrap().as_deref(), Some(after));
    }
}

#[test]
fn nothing_is_guessed() {
    refused("{gateway: {$include: './gw.json5'}}", "`gateway` comes from an `$include`");
    refused("{$include: './all.json5'}", "the document comes from an `$include`");
    refused(
        "{gateway: {tools: {allow: {$include: './a'}}}}",
        "`gateway.tools.allow` comes from an `$include`",
    );
    refused("{gateway: {}, 'gateway': {}}", "`gateway` stands there twice");
    refused("{gateway: {tools: {allow: 'all'}}}", "`gateway.tools.allow` is a text, not a list");
    refused("{gateway: null}", "`gateway` is null, not an object");
    refused("[]", "the document is a list, not an object");
    for beyond in ["{\\u0067ateway: {}}", "{gateway/**/: {}}", "{a: 1, // x\u{2028}}"] {
        refused(
            beyond,
            "line 1 is written in a way that only the gateway reads, such as an escape in a name or a comment before a colon",
        );
    }
    refused("{gateway: }", "line 1: expected value");
    refused("", "EOF parsing value");
}

#[test]
fn a_literal_key_beside_an_include_is_ours_to_edit() {
    case(
        "{$include: './base.json5', gateway: {tools: {allow: []}}}",
        "{$include: './base.json5', gateway: {tools: {allow: [\"sessions_send\"]}}}",
    );
}

#[test]
fn a_whole_file_may_be_the_list() {
    let added = add("[ // tools\n]\n", &[], &tool()).unwrap().unwrap();
    assert_eq!(added.text, "[ // tools\n  \"sessions_send\"\n]\n");
    let back = take_out(&added.text, &[], &tool(), (added.created, None)).unwrap();
    assert_eq!(back.as_deref(), Some("[ // tools\n]\n"));
}

#[test]
fn a_value_is_set_and_put_back() {
    let path = ["gateway", "http", "enabled"];
    let on = EditKind::Value(json!(true));
    let before = "{gateway: {http: {enabled: false /* for now */}}}";
    let added = add(before, &path, &on).unwrap().unwrap();
    assert_eq!(added.text, "{gateway: {http: {enabled: true /* for now */}}}");
    let back = take_out(&added.text, &path, &on, (0, added.replaced.as_deref()));
    assert_eq!(back.unwrap().as_deref(), Some(before));
    let by_hand = "{gateway: {http: {enabled: 1}}}";
    assert_eq!(take_out(by_hand, &path, &on, (0, Some("false"))), Ok(None));
}
