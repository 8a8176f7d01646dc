//! JSON off a wire: a text that was cut in the middle of an emoji must not cost the whole document.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Value};

/// Reads one JSON document as `serde_json` does, but repairs what it refuses and senders produce all the same: a `\u`
/// escape of half a surrogate pair, or bytes that are no UTF-8, become U+FFFD.
///
/// Numbers and the order of keys stay as they were sent. Fails as `serde_json` fails, and for documents
/// nested deeper than its limit of 128.
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    read(bytes)
}

/// [`parse`] for a document that python may have written: its `NaN`, `Infinity` and `-Infinity`, which are no JSON, are read
/// as null, and a byte-order mark before it is left out. Returns with it whether there were any of those.
///
/// Fails as [`parse`] does.
pub fn parse_of_python<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, bool), Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    read(bytes).map(|value| (value, false)).or_else(|err| {
        let mended = without_constants(bytes).ok_or(err)?;
        read(&mended).map(|value| (value, true))
    })
}

/// The first of these keys that holds an id: a text that is not blank, or a number.
pub fn id_of(object: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match object.get(*key)? {
        Value::String(id) if !id.trim().is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    })
}

/// The document with null in place of python's constants outside its strings; `None` if it has none.
fn without_constants(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut document = Vec::with_capacity(bytes.len() + 16);
    let (mut at, mut is_in_string) = (0, false);
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let constant = PYTHON_CONSTANTS.iter().find(|constant| rest.starts_with(constant));
        if let Some(constant) = constant.filter(|_| !is_in_string) {
            document.extend_from_slice(b"null");
            at += constant.len();
            continue;
        }
        is_in_string ^= byte == b'"';
        let taken = if is_in_string && byte == b'\\' { 2 } else { 1 };
        document.extend_from_slice(&rest[..taken.min(rest.len())]);
        at += taken;
    }
    (document != bytes).then_some(document)
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    // A `str` is known to be UTF-8 as a whole; of bytes serde_json checks every string by itself.
    let read = match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(bytes),
    };
    read.or_else(|err| repaired(bytes).ok_or(err).and_then(|bytes| serde_json::from_slice(&bytes)))
}

/// What python writes for numbers that JSON does not have.
const PYTHON_CONSTANTS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

/// The document without lone surrogates and broken UTF-8; `None` if it had neither.
fn repaired(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut document = String::from_utf8_lossy(bytes).into_owned().into_bytes();
    let mut at = 0;
    while at < document.len() {
        if document[at] != b'\\' {
            at += 1;
            continue;
        }
        match surrogate(&document, at) {
            Some(Half::High) if surrogate(&document, at + 6) == Some(Half::Low) => at += 12,
            Some(_) => {
                document[at + 2..at + 6].copy_from_slice(b"fffd");
                at += 6;
            }
            // An escape of two characters is skipped whole, so that `\\ud83d` stays the text that it is.
            None => at += 2,
        }
    }
    (document != bytes).then_some(document)
}

#[derive(PartialEq)]
enum Half {
    High,
    Low,
}

/// Which half of a pair the escape at `at` is, if it is a `\u` escape of one.
fn surrogate(document: &[u8], at: usize) -> Option<Half> {
    let digits = document.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let unit = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    match unit {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

/// Whether some object of a document has a key twice, also if the two differ only in case: which of the values counts is
/// then a matter of the reader. True as well for what is no JSON.
pub fn has_repeated_key(bytes: &[u8]) -> bool {
    let bytes = repaired(bytes).unwrap_or_else(|| bytes.to_vec());
    let mut reader = serde_json::Deserializer::from_slice(&bytes);
    UniqueKeys.deserialize(&mut reader).and_then(|()| reader.end()).is_err()
}

/// Passes over a value, and fails at a key that its object has had before.
#[derive(Clone, Copy)]
struct UniqueKeys;

impl<'de> DeserializeSeed<'de> for UniqueKeys {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without a repeated key")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            if !seen.insert(key.to_lowercase()) {
                return Err(serde::de::Error::custom("a key is there twice"));
            }
            fields.next_value_seed(self)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// The name of a value's type, for errors that must not show the value: it may be a secret, or long.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::{has_repeated_key, parse, parse_of_python};
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};
    use serde_json::{Value, json};

    #[track_caller]
    fn case(document: &str, wanted: &Value) {
        assert_eq!(&parse(document.as_bytes()).unwrap(), wanted, "{document}");
    }

    #[test]
    fn half_a_pair_becomes_the_replacement_character() {
        case(r#"{"text":"cut \ud83d"}"#, &json!({"text": "cut \u{fffd}"}));
        case(r#"["\udE00 low first"]"#, &json!(["\u{fffd} low first"]));
        case(r#"["\ud83d\ud83d\ude00"]"#, &json!(["\u{fffd}😀"]));
        case(r#"["\ud83dx\ude00"]"#, &json!(["\u{fffd}x\u{fffd}"]));
        case(r#"["\ud83d\n"]"#, &json!(["\u{fffd}\n"]));
        case(r#"{"\ud83d":1}"#, &json!({"\u{fffd}": 1}));
    }

    #[test]
    fn whole_pairs_and_escaped_backslashes_stay() {
        case(r#"["\ud83d\ude00 \ud83d"]"#, &json!(["😀 \u{fffd}"]));
        case(r#"["\\ud83d \ud83d"]"#, &json!(["\\ud83d \u{fffd}"]));
        assert_eq!(parse(b"[\"\xf0\x9f\x98\"]").unwrap(), json!(["\u{fffd}"]));
    }

    #[test]
    fn a_key_that_is_there_twice_is_found_at_any_depth() {
        for document in [
            r#"{"status":"pending","status":"approved"}"#,
            r#"{"status":"approved","st\u0061tus":"approved"}"#,
            r#"{"status":"approved","Status":"denied"}"#,
            r#"{"a":1,"b":[{"c":{"d":1,"e":2,"d":1}}]}"#,
            r#"{"a":1}{"a":1}"#,
            "",
            "{",
        ] {
            assert!(has_repeated_key(document.as_bytes()), "{document}");
        }
        for document in [
            r#"{"a":{"b":-1,"c":1.5e3},"b":["a","a",{"a":null},{"a":true}],"c":99999999999999999999}"#,
            r#"{"cut":"\ud83d","a":"status"}"#,
            "null",
        ] {
            assert!(!has_repeated_key(document.as_bytes()), "{document}");
        }
    }

    #[test]
    fn numbers_and_order_are_those_of_the_sender() {
        let document = r#"{"z":2911183098009880238123,"a":1.10,"m":"\ud83d"}"#;
        let read = parse(document.as_bytes()).unwrap().to_string();
        assert_eq!(read, "{\"z\":2911183098009880238123,\"a\":1.10,\"m\":\"\u{fffd}\"}");
    }

    #[test]
    fn what_python_writes_for_no_number_is_null() {
        let read = |document: &str| parse_of_python::<Value>(document.as_bytes());
        let document =
            r#"{"a": NaN, "b": [Infinity, -Infinity], "c": "NaN \" Infinity", "NaN": 1}"#;
        let wanted = json!({"a": null, "b": [null, null], "c": "NaN \" Infinity", "NaN": 1});
        assert_eq!(read(document).unwrap(), (wanted, true));
        assert_eq!(read(r#"["NaN", "\\"]"#).unwrap(), (json!(["NaN", "\\"]), false));
        for bad in ["[NaNa]", "[--Infinity]", "[+NaN]", "[NaN", "{NaN: 1}", "[nan]", "[1NaN]"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_json_stays_an_error() {
        for document in ["", "<html>", r#"{"a":"\ud83d""#, r#"["\ud83d\u"]"#, r#"["\u+123"]"#] {
            assert!(parse(document.as_bytes()).is_err(), "{document}");
        }
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn reads_any_mix_of_escaped_units(units in prop::collection::vec(any::<u16>(), 0..40)) {
            let escaped = units.iter().fold(String::new(), |text, unit| format!("{text}\\u{unit:04x}"));
            let read = parse(format!("\"{escaped}\"").as_bytes()).unwrap();
            prop_assert_eq!(read.as_str().unwrap(), String::from_utf16_lossy(&units));
        }
    }
}
