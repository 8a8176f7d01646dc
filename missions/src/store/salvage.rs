//! What can still be read of a broken state file: everything up to the damage, and the whole missions after it.

mod later;

use serde_json::{Map, Value};
use state::json;

use super::members::Members;
use super::nesting::DEEPEST;

/// What was saved from a broken file.
#[derive(Debug, Default)]
pub(crate) struct Salvaged {
    /// The missions, as far as they could be read.
    pub(crate) missions: Map<String, Value>,
    /// The slugs of missions that are not whole: the damage is inside them.
    pub(crate) cut: Vec<String>,
    /// Bytes that could not be read.
    pub(crate) lost: usize,
}

/// Reads what parses, in a time that grows with the size alone. Never fails; a file of which nothing can be read gives nothing.
pub(crate) fn salvage(bytes: &[u8]) -> Salvaged {
    let bytes = super::errors::without_byte_order_mark(bytes);
    if let Ok((members, _)) = json::parse_of_python::<Members>(bytes) {
        return Salvaged { missions: members.map, ..Salvaged::default() };
    }
    let mut prefix = Prefix::of(bytes);
    let mut text = bytes[..prefix.end].to_vec();
    text.extend(prefix.closers.iter().rev());
    let mut members = if let Ok((members, _)) = json::parse_of_python::<Members>(&text) {
        members
    } else {
        prefix.end = 0;
        Members::default()
    };
    let (later, read) = later::missions(bytes, prefix.end);
    // The last mission of the prefix is whole if the damage stands beside it, not in it.
    let torn = members.map.keys().next_back().cloned().filter(|_| prefix.closers.len() > 1);
    let torn = torn.and_then(|slug| members.map.shift_remove(&slug).map(|value| (slug, value)));
    let mut cut = Vec::new();
    let is_whole_later = |slug: &String| later.iter().any(|(later, _)| later == slug);
    // A mission that is whole after the damage has its name, and what was torn off it another.
    let (renamed, torn) = match torn {
        Some((slug, value)) if is_whole_later(&slug) => (Some((slug, value)), None),
        torn => (None, torn),
    };
    cut.extend(torn.map(|(slug, value)| members.insert(slug, value)));
    for (slug, value) in later {
        members.insert(slug, value);
    }
    let renamed = renamed.filter(|(_, value)| *value != Value::Object(Map::new()));
    cut.extend(renamed.map(|(slug, value)| members.insert(slug, value)));
    Salvaged { missions: members.map, cut, lost: bytes.len() - prefix.end - read }
}

/// The longest beginning of a text that becomes JSON when its open brackets are closed.
struct Prefix {
    end: usize,
    /// The brackets that close it, the outermost first.
    closers: Vec<u8>,
}

/// What may come next in the text.
#[derive(Clone, Copy, PartialEq)]
enum Expected {
    KeyOrEnd,
    Key,
    Colon,
    Value,
    ValueOrEnd,
    CommaOrEnd,
}

impl Prefix {
    fn of(bytes: &[u8]) -> Self {
        let mut safe = Self { end: 0, closers: Vec::new() };
        let mut stack: Vec<u8> = Vec::new();
        let mut next = Expected::Value;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if byte.is_ascii_whitespace() {
                at += 1;
                continue;
            }
            let takes_value = matches!(next, Expected::Value | Expected::ValueOrEnd);
            let ends =
                matches!(next, Expected::KeyOrEnd | Expected::ValueOrEnd | Expected::CommaOrEnd);
            let read = match byte {
                // What is nested deeper than may be stored could not be read again.
                b'{' | b'[' if takes_value && stack.len() < DEEPEST => {
                    stack.push(if byte == b'{' { b'}' } else { b']' });
                    next = if byte == b'{' { Expected::KeyOrEnd } else { Expected::ValueOrEnd };
                    Some((at + 1, true))
                }
                b'}' | b']' if ends && stack.last() == Some(&byte) => {
                    stack.pop();
                    next = Expected::CommaOrEnd;
                    Some((at + 1, true))
                }
                b',' if next == Expected::CommaOrEnd => {
                    next =
                        if stack.last() == Some(&b'}') { Expected::Key } else { Expected::Value };
                    Some((at + 1, false))
                }
                b':' if next == Expected::Colon => {
                    next = Expected::Value;
                    Some((at + 1, false))
                }
                b'"' if matches!(next, Expected::Key | Expected::KeyOrEnd) => {
                    next = Expected::Colon;
                    string(bytes, at).map(|end| (end, false))
                }
                b'"' if takes_value => {
                    next = Expected::CommaOrEnd;
                    string(bytes, at).map(|end| (end, true))
                }
                _ if takes_value => {
                    next = Expected::CommaOrEnd;
                    word(bytes, at).map(|end| (end, true))
                }
                _ => None,
            };
            let Some((end, is_safe)) = read else { break };
            at = end;
            if is_safe {
                safe = Self { end, closers: stack.clone() };
            }
            if stack.is_empty() {
                break;
            }
        }
        safe
    }
}

/// The end of a whole string that begins at `at`.
fn string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at + 1;
    while *bytes.get(end)? != b'"' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    json::parse(&bytes[at..=end]).is_ok().then_some(end + 1)
}

/// The end of a number or literal that begins at `at` and is followed by something: at the very end of the
/// file it may be cut.
fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'}' | b']');
    let end = at + bytes[at..].iter().position(is_end)?;
    json::parse_of_python::<Value>(&bytes[at..end]).is_ok().then_some(end)
}

#[cfg(test)]
mod tests {
    use super::salvage;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    #[track_caller]
    fn case(text: &str, wanted: &Value, cut: &[&str]) {
        let saved = salvage(text.as_bytes());
        assert_eq!(Value::Object(saved.missions), *wanted, "{text}");
        assert_eq!(saved.cut, cut, "{text}");
    }

    #[test]
    fn a_beginning_is_saved_to_its_last_whole_value() {
        case(
            r#"{"a": {"x": 1}, "b": {"y": [1, 2"#,
            &json!({"a": {"x": 1}, "b": {"y": [1]}}),
            &["b"],
        );
        case(r#"{"a": {"x": 1}, "b"#, &json!({"a": {"x": 1}}), &[]);
        case(r#"{"a": {"x": "tor"#, &json!({"a": {}}), &["a"]);
        case(r#"{"a": {"x": "a\"b", "#, &json!({"a": {"x": "a\"b"}}), &["a"]);
        case("", &json!({}), &[]);
        case("[1, 2", &json!({}), &[]);
        case("\0\0\0", &json!({}), &[]);
    }

    #[test]
    fn whole_missions_after_the_damage_are_saved() {
        let text = "{\n  \"a\": {\n    \"x\": 1\n  },\n  \"b\": {\n    \"y\": @@\n  },\n  \"c\": {\n    \"z\": 3\n  }\n}";
        case(text, &json!({"a": {"x": 1}, "b": {}, "c": {"z": 3}}), &["b"]);
    }

    #[test]
    fn recovery_goes_on_with_the_next_mission_however_the_file_is_laid_out() {
        let (a, b) =
            (json!({"mission_name": "A", "memory": {}}), json!({"memory": {"precious": "yes"}}));
        let whole = json!({"a": a, "b": b});
        for text in [
            r#"{"a":{"mission_name":"A","memory":{"avg":@@,"k":{"x":1}}},"b":{"memory":{"precious":"yes"}}}"#,
            r#"{"a": {"mission_name": "A", "memory": {"avg": , "k": 1}}, "b": {"memory": {"precious": "yes"}}}"#,
            "{\n\t\"a\": {\n\t\t\"mission_name\": \"A\", \"memory\": {x}},\n\t\"b\": {\n\t\t\"memory\": {\"precious\": \"yes\"}}}",
        ] {
            case(text, &whole, &["a"]);
        }
        // A quote too few: the text goes on to the next one.
        let text = r#"{"a":{"mission_name":"A","memory":{"torn":"text}},"b":{"memory":{"precious":"yes"}}}"#;
        let torn = json!({"mission_name": "A", "memory": {"torn": "text}},"}});
        case(text, &json!({"a": torn, "b": b}), &["a"]);
        // A closing bracket too few: the next mission is in the first one.
        let text = r#"{"a":{"mission_name":"A","memory":{},"b":{"memory":{"precious":"yes"}}"#;
        case(text, &json!({"a": {"mission_name": "A", "memory": {}, "b": b}}), &["a"]);
        // Also what python wrote for no number.
        let text =
            r#"{"a":{"mission_name":"A","memory":{"n":NaN,"m":@}},"b":{"memory":{"n":-Infinity}}}"#;
        let wanted = json!({"a": {"mission_name": "A", "memory": {"n": null}}, "b": {"memory": {"n": null}}});
        case(text, &wanted, &["a"]);
    }

    #[test]
    fn a_slug_that_stands_twice_keeps_both() {
        let text = r#"{"a":{"memory":{"n":1}},"a":{"memory":{"n":2}},"c":{"memory":{"n":@"#;
        let wanted =
            json!({"a": {"memory": {"n": 1}}, "a~2": {"memory": {"n": 2}}, "c": {"memory": {}}});
        case(text, &wanted, &["c"]);
        let text = r#"{"a":{"memory":{"n":1,@}},"a":{"memory":{"n":2}}}"#;
        case(text, &json!({"a": {"memory": {"n": 2}}, "a~2": {"memory": {"n": 1}}}), &["a~2"]);
    }

    /// Files that cost a slow reader minutes.
    #[test]
    fn the_time_grows_with_the_size_alone() {
        let many = |text: &str| text.repeat(200_000 / text.len());
        let started = std::time::Instant::now();
        for text in [
            many(r#"{"a":{"memory":{"k":"#),
            many("["),
            format!(r#"{{"a":{{"memory":{}"#, many(r#"{"memory":"#)),
            many(r#""a":{"k":"v},"#),
            many(r#""a":{"k":NaN,"#),
            format!("@\"{}", many(r#"\""#)),
            many("@\n  \"a\": {"),
            many(r#"{"a":"#),
            format!("{}{}", r#"{"a":"#.repeat(100), many(r#""b":{"memory":{}},"#)),
            many("\""),
            many("{\"a\" "),
            many("  "),
        ] {
            salvage(text.as_bytes());
        }
        let took = started.elapsed();
        assert!(took.as_secs() < 30, "{took:?}");
    }

    #[test]
    fn what_is_saved_can_be_read_again() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        let text = |levels| format!("@\n  \"a\": {{\"x\": {}}},\n  \"c\": {{}}", deep(levels));
        case(&text(126), &json!({"c": {}}), &[]);
        let saved = salvage(text(125).as_bytes()).missions;
        assert_eq!(saved.keys().collect::<Vec<_>>(), ["a", "c"]);
        assert!(serde_json::from_str::<Value>(&Value::from(saved).to_string()).is_ok());
    }

    #[test]
    fn a_whole_file_is_read_as_it_is() {
        case(r#"{"a": {"x": 1.10}}"#, &serde_json::from_str(r#"{"a":{"x":1.10}}"#).unwrap(), &[]);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z\"\\\\é😀\n]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a-zé\"]{1,4}", inner), 0..4)
                    .prop_map(|pairs| pairs.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    /// Whether everything in `part` stands in `whole` at the same place.
    fn is_within(part: &Value, whole: &Value) -> bool {
        match (part, whole) {
            (Value::Object(part), Value::Object(whole)) => part
                .iter()
                .all(|(key, value)| whole.get(key).is_some_and(|whole| is_within(value, whole))),
            (Value::Array(part), Value::Array(whole)) => {
                part.len() <= whole.len()
                    && part.iter().zip(whole).all(|(part, whole)| is_within(part, whole))
            }
            _ => part == whole,
        }
    }

    proptest! {
        #[test]
        fn every_prefix_of_a_valid_file_gives_what_it_holds_and_nothing_else(
            missions in prop::collection::vec(("[a-z-]{1,6}", prop::collection::vec(("[a-z]{1,4}", any_json()), 0..4)), 0..4),
            pretty in any::<bool>(),
        ) {
            let whole: Map<String, Value> = missions
                .into_iter()
                .map(|(slug, fields)| (slug, Value::Object(fields.into_iter().collect())))
                .collect();
            let whole = Value::Object(whole);
            let text = if pretty { format!("{whole:#}") } else { whole.to_string() };
            for end in 0..=text.len() {
                let saved = salvage(&text.as_bytes()[..end]);
                let is_whole = end == text.len();
                let saved_missions = Value::Object(saved.missions);
                prop_assert!(is_within(&saved_missions, &whole), "{}", &String::from_utf8_lossy(&text.as_bytes()[..end]));
                for (slug, mission) in saved_missions.as_object().unwrap() {
                    let cut = saved.cut.contains(slug);
                    prop_assert!(cut || *mission == whole[slug], "{} of {}", slug, end);
                }
                prop_assert!(!is_whole || (saved.lost == 0 && saved_missions == whole));
            }
        }
    }
}
