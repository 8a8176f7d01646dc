//! Edits of written-out documents: what an owner would find in the file afterwards.

use super::*;
use serde_json::json;

pub(super) const PATH: [&str; 3] = ["gateway", "tools", "allow"];

/// Adds `sessions_send`, compares, and takes it away again.
#[track_caller]
fn case(before: &str, after: &str) {
    let value = json!("sessions_send");
    let added = add_to_array(before, &PATH, &value).unwrap().expect("it was not there before");
    assert_eq!(added.text, after);
    assert_eq!(add_to_array(after, &PATH, &value), Ok(None), "a second time changes nothing");
    let back = remove_from_array(after, &PATH, &value, added.created).unwrap();
    assert_eq!(back.as_deref(), Some(before), "the way back");
}

#[track_caller]
fn refused(before: &str, expected: &str) {
    let err = add_to_array(before, &PATH, &json!("x")).expect_err("this cannot be edited safely");
    assert_eq!(err.to_string(), expected);
}

#[test]
fn an_empty_document_gets_the_whole_path() {
    case("{}", r#"{"gateway": {"tools": {"allow": ["sessions_send"]}}}"#);
    case(
        "{\n}\n",
        "{\n  \"gateway\": {\n    \"tools\": {\n      \"allow\": [\"sessions_send\"]\n    }\n  }\n}\n",
    );
}

#[test]
fn a_present_object_gets_only_what_it_lacks_in_its_own_style() {
    case(
        "{\n\t// mine\n\tgateway: {\n\t\tport: 1, // the port\n\t\t/* end */\n\t},\n}\n",
        "{\n\t// mine\n\tgateway: {\n\t\tport: 1, // the port\n\t\t/* end */\n\t\ttools: {\n\t\t\tallow: [\"sessions_send\"]\n\t\t},\n\t},\n}\n",
    );
    case(
        "{\r\n    'gateway': {'port': 1}\r\n}",
        "{\r\n    'gateway': {'port': 1, 'tools': {'allow': ['sessions_send']}}\r\n}",
    );
    case(
        r#"{"gateway":{"port":1}}"#,
        r#"{"gateway":{"port":1,"tools":{"allow":["sessions_send"]}}}"#,
    );
}

#[test]
fn an_array_is_continued_as_it_was_begun() {
    case("{gateway:{tools:{allow:[]}}}", "{gateway:{tools:{allow:[\"sessions_send\"]}}}");
    case("{gateway: {tools: {allow: [ ]}}}", "{gateway: {tools: {allow: [ \"sessions_send\" ]}}}");
    case(
        "{gateway: {tools: {allow: ['a',]}}}",
        "{gateway: {tools: {allow: ['a', 'sessions_send',]}}}",
    );
    case(
        "{gateway: {tools: {allow: [\n  'a' // about a\n  // 'b'\n]}}}",
        "{gateway: {tools: {allow: [\n  'a', // about a\n  // 'b'\n  'sessions_send'\n]}}}",
    );
    case(
        "{gateway: {tools: {allow: [ // none\n]}}}",
        "{gateway: {tools: {allow: [ // none\n  \"sessions_send\"\n]}}}",
    );
    case(
        "{gateway: {tools: {allow: ['a' /* a */ ]}}}",
        "{gateway: {tools: {allow: ['a', /* a */ 'sessions_send' ]}}}",
    );
}

#[test]
fn names_may_be_written_in_any_way() {
    case(
        "\u{feff}{\\u0067ateway/*:*/: {'tools': {\"al\\u006cow\": []}}}",
        "\u{feff}{\\u0067ateway/*:*/: {'tools': {\"al\\u006cow\": ['sessions_send']}}}",
    );
}

#[test]
fn what_others_added_since_stays() {
    let before =
        "{gateway: {tools: {allow: [\n  'a', // a\n  'sessions_send', // ours\n  'b'\n]}}}";
    let after = remove_from_array(before, &PATH, &json!("sessions_send"), 2).unwrap().unwrap();
    assert_eq!(after, "{gateway: {tools: {allow: [\n  'a', // a\n  // ours\n  'b'\n]}}}");
    let rest = remove_from_array(
        "{gateway: {tools: {allow: ['sessions_send'], deny: []}}}",
        &PATH,
        &json!("sessions_send"),
        2,
    );
    assert_eq!(rest.unwrap().unwrap(), "{gateway: {tools: {deny: []}}}");
    let commented = "{gateway: {tools: {allow: ['sessions_send'] /* why */}}}";
    let rest = remove_from_array(commented, &PATH, &json!("sessions_send"), 2).unwrap().unwrap();
    assert_eq!(rest, "{gateway: {tools: { /* why */}}}");
}

#[test]
fn nothing_is_guessed() {
    refused("{gateway: {$include: './gw.json5'}}", "`gateway` comes from an `$include`");
    refused("{$include: './all.json5'}", "the whole document comes from an `$include`");
    refused(
        "{gateway: {tools: {allow: {$include: './a'}}}}",
        "`gateway.tools.allow` comes from an `$include`",
    );
    refused("{gateway: {}, 'gateway': {}}", "`gateway` stands there twice");
    refused(
        "{gateway: {tools: {allow: 'all'}}}",
        "`gateway.tools.allow` is a string, not an array",
    );
    refused("{gateway: null}", "`gateway` is null, not an object");
    refused("[]", "the document is an array, not an object");
    refused("{gateway: }", "line 1: expected value");
    refused("", "EOF parsing value");
}

#[test]
fn a_literal_key_beside_an_include_is_ours_to_edit() {
    case(
        "{$include: './base.json5', gateway: {tools: {allow: []}}}",
        "{$include: './base.json5', gateway: {tools: {allow: ['sessions_send']}}}",
    );
}

#[test]
fn a_whole_file_may_be_the_list() {
    let added = add_to_array("[ // tools\n]\n", &[], &json!("x")).unwrap().unwrap();
    assert_eq!(added.text, "[ // tools\n  \"x\"\n]\n");
    let back = remove_from_array(&added.text, &[], &json!("x"), added.created).unwrap();
    assert_eq!(back.as_deref(), Some("[ // tools\n]\n"));
}

#[test]
fn a_value_is_set_and_put_back() {
    let path = ["gateway", "http", "enabled"];
    let before = "{gateway: {http: {enabled: false /* for now */}}}";
    let added = set(before, &path, &json!(true)).unwrap().unwrap();
    assert_eq!(added.text, "{gateway: {http: {enabled: true /* for now */}}}");
    let back = unset(&added.text, &path, &json!(true), (0, added.replaced.as_deref()));
    assert_eq!(back.unwrap().as_deref(), Some(before));
    let by_hand = "{gateway: {http: {enabled: 1}}}";
    assert_eq!(unset(by_hand, &path, &json!(true), (0, Some("false"))), Ok(None));
}
