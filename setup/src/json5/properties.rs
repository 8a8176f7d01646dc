//! Edits of generated documents with comments in nasty places: only the wanted change, and back to the byte.

use super::tests::PATH;
use super::*;
use proptest::prelude::*;
use serde_json::json;
use state::gateway_config::json5::{parse, parts};

/// White space and comments as they may stand between any two tokens.
fn filler() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => Just(""), 4 => Just(" "), 3 => Just("\n  "), 1 => Just("\r\n\t"), 1 => Just("\u{a0}"),
        2 => Just("/* ] } , */"), 2 => Just("// it's {\n"), 1 => Just("//\r\n    "), 1 => Just("/**/"),
    ];
    prop::collection::vec(piece, 0..3).prop_map(|pieces| pieces.concat())
}

fn leaf() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "1",
        "0xFF",
        "+.5",
        "5.",
        "-Infinity",
        "NaN",
        "true",
        "null",
        "'a'",
        "\"sessions_send\"",
        "'it\\'s // no'",
        "'two\\\r\nlines'",
        "\"\\u00e9]\"",
        "'${VAR}'",
        "''",
    ])
    .prop_map(str::to_owned)
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "gateway",
        "'gateway'",
        "tools",
        "\"tools\"",
        "allow",
        "'allow'",
        "other",
        "'a-b'",
        "été",
        "$x",
        "$include",
    ])
    .prop_map(str::to_owned)
}

fn listed(open: &str, elements: &[String], trailing: bool, end: &str, close: &str) -> String {
    let comma = if trailing && !elements.is_empty() { "," } else { "" };
    format!("{open}{}{comma}{end}{close}", elements.join(","))
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let element = (filler(), key(), filler(), filler(), value, filler())
        .prop_map(|(a, key, b, c, value, d)| format!("{a}{key} {b}:{c}{value}{d}"));
    (prop::collection::vec(element, 0..4), any::<bool>(), filler())
        .prop_map(|(elements, trailing, end)| listed("{", &elements, trailing, &end, "}"))
}

fn array(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let element = (filler(), value, filler()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
    (prop::collection::vec(element, 0..4), any::<bool>(), filler())
        .prop_map(|(elements, trailing, end)| listed("[", &elements, trailing, &end, "]"))
}

fn document() -> impl Strategy<Value = String> {
    let value =
        leaf().prop_recursive(3, 24, 4, |inner| prop_oneof![object(inner.clone()), array(inner)]);
    let tools = (filler(), filler(), array(value.clone()), filler())
        .prop_map(|(a, b, allow, c)| format!("{{{a}allow:{b}{allow}{c}}}"));
    let gateway = (filler(), prop_oneof![tools, object(value.clone())], filler())
        .prop_map(|(a, tools, b)| format!("{{{a}tools: {tools}{b}}}"));
    let whole = (filler(), gateway, filler())
        .prop_map(|(a, gateway, b)| format!("{{{a}gateway:{gateway}{b}}}"));
    prop_oneof![2 => object(value), 3 => whole]
}

fn path() -> impl Strategy<Value = Vec<&'static str>> {
    let key = prop::sample::select(vec!["gateway", "tools", "allow", "other", "a-b"]);
    prop_oneof![3 => Just(PATH.to_vec()), 1 => prop::collection::vec(key, 1..4)]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("sessions_send")),
        Just(json!(true)),
        Just(json!({"a": [1, "it's \"so\""], "b": {}})),
        "\\PC{0,8}".prop_map(Value::from),
    ]
}

fn comments(text: &str) -> Vec<&str> {
    parts(text).filter(|part| part.starts_with('/')).collect()
}

/// An edit may refuse, but only where the document leaves more than one reading.
fn is_fair(err: &EditError) -> bool {
    matches!(
        err,
        EditError::Duplicate { .. } | EditError::Included { .. } | EditError::WrongType { .. }
    )
}

fn get<'a>(root: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(root, |value, key| &value[*key])
}

fn change() -> impl Strategy<Value = EditKind> {
    (value(), any::<bool>()).prop_map(|(value, is_item)| {
        if is_item { EditKind::Item(value) } else { EditKind::Value(value) }
    })
}

proptest! {
    #[test]
    fn an_edit_is_the_only_change_and_goes_again(text in document(), path in path(), change in change()) {
        let before = parse(&text).expect("the generator writes JSON5");
        match (add(&text, &path, &change), &change) {
            (Err(err), _) => prop_assert!(is_fair(&err), "{err} for {text}"),
            (Ok(None), EditKind::Item(item)) => prop_assert!(get(&before, &path).as_array().unwrap().contains(item)),
            (Ok(None), EditKind::Value(value)) => prop_assert_eq!(get(&before, &path), value),
            (Ok(Some(added)), _) => {
                let mut wanted = before.clone();
                let slot = path.iter().fold(&mut wanted, |value, key| &mut value[*key]);
                match &change {
                    EditKind::Item(item) if slot.is_null() => *slot = json!([item]),
                    EditKind::Item(item) => slot.as_array_mut().unwrap().push(item.clone()),
                    EditKind::Value(value) => *slot = value.clone(),
                }
                prop_assert_eq!(parse(&added.text).unwrap(), wanted);
                if added.replaced.is_none() {
                    prop_assert_eq!(comments(&added.text), comments(&text));
                }
                let back = take_out(&added.text, &path, &change, (added.created, added.replaced.as_deref()));
                prop_assert_eq!(parse(&back.unwrap().unwrap()).unwrap(), before);
            }
        }
    }

    #[test]
    fn any_item_can_be_removed_without_touching_another(text in document(), path in path(), at in any::<prop::sample::Index>()) {
        let before = parse(&text).expect("the generator writes JSON5");
        let Some(items) = get(&before, &path).as_array().filter(|items| !items.is_empty()) else { return Ok(()) };
        let item = at.get(items).clone();
        match remove_item(&text, &path, &item) {
            Err(err) => prop_assert!(is_fair(&err), "{err} for {text}"),
            Ok(None) => prop_assert!(false, "it was there"),
            Ok(Some(after)) => {
                let mut wanted = before.clone();
                let items = path.iter().fold(&mut wanted, |value, key| &mut value[*key]).as_array_mut().unwrap();
                items.remove(items.iter().position(|other| *other == item).unwrap());
                prop_assert_eq!(parse(&after).unwrap(), wanted);
            }
        }
    }

    #[test]
    fn any_member_can_be_removed_without_touching_another(text in document(), path in path()) {
        match remove_member(&text, &path) {
            Err(err) => prop_assert!(is_fair(&err), "{err} for {text}"),
            Ok(None) => {}
            Ok(Some(after)) => prop_assert!(parse(&after).is_ok()),
        }
    }

    #[test]
    fn no_text_makes_the_editor_panic(text in "[\\PC\r\n]{0,60}|[{}\\[\\]:,'\"/*\\\\a$ \n]{0,40}", path in path()) {
        drop(add(&text, &path, &EditKind::Item(json!(1))));
        drop(remove_member(&text, &path));
    }
}
