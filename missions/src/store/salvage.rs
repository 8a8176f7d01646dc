//! What can still be read of a broken state file: everything up to the damage, and the whole missions after it.

use serde_json::{Map, Value};
use state::json;

use super::nesting;

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

/// Reads what parses. Never fails; a file of which nothing can be read gives nothing.
pub(crate) fn salvage(bytes: &[u8]) -> Salvaged {
    let bytes = super::errors::without_byte_order_mark(bytes);
    if let Ok(Value::Object(missions)) = json::parse(bytes) {
        return Salvaged { missions, ..Salvaged::default() };
    }
    let mut prefix = Prefix::of(bytes);
    let mut text = bytes[..prefix.end].to_vec();
    text.extend(prefix.closers.iter().rev());
    let mut missions = if let Ok(Value::Object(missions)) = json::parse(&text) {
        missions
    } else {
        prefix.end = 0;
        Map::new()
    };
    // The last mission of the prefix is whole if the damage stands beside it, not in it.
    let last = missions.keys().next_back().cloned().filter(|_| prefix.closers.len() > 1);
    let (later, read) = missions_after(bytes, prefix.end);
    let mut cut: Vec<String> = last.into_iter().collect();
    for (slug, value) in later {
        // A mission that is whole after the damage is better than its own torn beginning.
        cut.retain(|torn| *torn != slug);
        missions.insert(slug, value);
    }
    Salvaged { missions, cut, lost: bytes.len() - prefix.end - read }
}

/// The whole missions after the damage, found by the indentation that `telnyx_api.py` and we write, and how many bytes
/// they take.
fn missions_after(bytes: &[u8], from: usize) -> (Vec<(String, Value)>, usize) {
    let mark = b"\n  \"";
    let (mut found, mut read, mut at) = (Vec::new(), 0, from);
    while let Some(place) = bytes[at..].windows(mark.len()).position(|window| window == mark) {
        let start = at + place + 3;
        at = start;
        let mut values =
            serde_json::Deserializer::from_slice(&bytes[start..]).into_iter::<String>();
        let Some(Ok(slug)) = values.next() else { continue };
        let key_end = start + values.byte_offset();
        let rest = &bytes[key_end..];
        let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if rest.get(blank) != Some(&b':') {
            continue;
        }
        let value_start = key_end + blank + 1;
        let mut values = serde_json::Deserializer::from_slice(&bytes[value_start..]).into_iter();
        // What is nested deeper than may be stored is passed over: it could not be read again.
        if let Some(Ok(value @ Value::Object(_))) = values.next()
            && nesting::fits(&value, 1)
        {
            at = value_start + values.byte_offset();
            read += at - start;
            found.push((slug, value));
        }
    }
    (found, read)
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
                b'{' | b'[' if takes_value => {
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
    json::parse(&bytes[at..end]).is_ok().then_some(end)
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
