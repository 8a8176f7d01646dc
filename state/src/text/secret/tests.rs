//! A secret is found in every form it may be written in, and nothing else is taken for one.

use super::patterns::Patterns;
use super::{Secret, redact, redact_json};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::{
    Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use serde_json::{Value, json};

const KEY: &str = "cc_live_0123456789abcdef0123456789abcdef01234567";
const TOKEN: &str = "n/gw+tok~en";

fn patterns() -> Patterns {
    let mut patterns = Patterns::none();
    patterns.add(KEY, 8);
    patterns.add(TOKEN, 8);
    patterns
}

/// The text with `***` in place of what is found.
fn redacted(patterns: &Patterns, text: &str) -> String {
    let mut redacted = text.to_owned();
    for found in patterns.occurrences(text).into_iter().rev() {
        redacted.replace_range(found, "***");
    }
    redacted
}

#[track_caller]
fn case(text: &str, wanted: &str) {
    assert_eq!(redacted(&patterns(), text), wanted, "{text}");
}

/// A text with every character in some escape.
fn each(text: &str, write: impl Fn(u32) -> String) -> String {
    text.chars().map(|c| write(c.into())).collect()
}

#[test]
fn is_never_printed() {
    let secret = Secret::new("cc_live_0123456789abcdef");
    assert_eq!(format!("{secret} {secret:?}"), "*** ***");
}

#[test]
fn is_found_in_every_escape() {
    for secret in [KEY, TOKEN] {
        for written in [
            secret.to_owned(),
            each(secret, |c| format!("\\u{c:04x}")),
            each(secret, |c| format!("\\\\u{c:04X}")),
            each(secret, |c| format!("\\u{{{c:x}}}")),
            each(secret, |c| format!("\\U{c:08x}")),
            each(secret, |c| format!("\\x{c:02x}")),
            each(secret, |c| format!("%{c:02X}")),
            each(secret, |c| format!("%25{c:02x}")),
            each(secret, |c| format!("%2525{c:02x}")),
            each(secret, |c| format!("&#{c};")),
            each(secret, |c| format!("&#x{c:x};")),
            each(secret, |c| format!("&amp;#X{c:X};")),
            secret.replace('/', "\\/"),
            secret.replace('/', "%2F").replace('+', "%2b"),
            format!("{}{}", each(&secret[..4], |c| format!("%{c:02x}")), &secret[4..]),
            format!("{}{}", &secret[..4], each(&secret[4..], |c| format!("\\u{c:04x}"))),
        ] {
            case(&format!("bad key {written}, sorry"), "bad key ***, sorry");
            case(&format!("http://h/x/{written}/y?k={written}#z"), "http://h/x/***/y?k=***#z");
            case(&written, "***");
        }
    }
}

#[test]
fn is_found_however_it_is_split() {
    for mark in [
        "\u{200b}",
        "\u{ad}",
        "\u{feff}\u{202e}",
        "\0",
        "\u{e0041}",
        "\\u200b",
        "%E2%80%8B",
        "&#8203;",
        "\\",
    ] {
        for at in [1, 5, KEY.len() - 1] {
            case(&format!("x {}{mark}{} y", &KEY[..at], &KEY[at..]), "x *** y");
        }
        let between = KEY.chars().map(String::from).collect::<Vec<_>>().join(mark);
        case(&format!("x {between} y"), "x *** y");
    }
    // A long one in two lines is one, and a short one that is two words is none.
    for end in [" ", "\n", "\r\n  ", "\\n", "%0A", "&#10;"] {
        case(&format!("{}{end}{}", &KEY[..20], &KEY[20..]), "***");
        let words = format!("{}{end}{}", &TOKEN[..4], &TOKEN[4..]);
        case(&words, &words);
    }
    let far = format!("{}{}{}", &KEY[..20], "\u{200b}".repeat(500), &KEY[20..]);
    case(&far, &far);
}

#[test]
fn is_found_in_base64_wherever_it_stands_in_it() {
    for before in ["", "B", "Be", "Bearer ", "user:"] {
        for behind in ["", "\n", "@x"] {
            for secret in [KEY, TOKEN] {
                let whole = format!("{before}{secret}{behind}");
                for encoded in [STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
                    let redacted_text = redacted(&patterns(), &format!("<{encoded}>"));
                    assert!(
                        redacted_text.contains("***") && redacted_text.len() < 26,
                        "{whole:?} {redacted_text}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_escape_before_it_goes_with_it() {
    // The token begins like `\n`.
    case(&format!("a\\{TOKEN} b"), "a*** b");
    case(&format!("a\\\\{TOKEN} b"), "a*** b");
    case(&format!("\"{KEY}\\\" and {KEY}\""), "\"***\\\" and ***\"");
}

#[test]
fn nothing_else_is_taken_for_a_secret() {
    for text in [
        "",
        "no key here",
        "cc_live_",
        &KEY[..KEY.len() - 1],
        &KEY[1..],
        "cc_live_0123456789abcdef0123456789abcdef0123456x7",
        "100% \\ & %2 \\u00 &#; &#x; %zz \\u{} \\u{zz",
        "ёжик % \\ & ü",
    ] {
        case(text, text);
    }
}

#[test]
fn a_short_secret_is_not_redacted_and_the_oldest_is_dropped() {
    for short in ["", "cat", "1234567", "        x       "] {
        let _ = Secret::new(short);
    }
    assert_eq!(redact("the cat, 1234567 x"), "the cat, 1234567 x");
    let mut patterns = Patterns::none();
    for n in 0..4 {
        patterns.add(&format!("secret-{n}-of-many"), 3);
    }
    assert_eq!(redacted(&patterns, "secret-0-of-many secret-3-of-many"), "secret-0-of-many ***");
}

#[test]
fn a_json_document_stays_one() {
    let _ = Secret::new("known-\"quoted\"-secret");
    let _ = Secret::new("987654321987654321");
    let document = json!({
        "known-\"quoted\"-secret": ["a known-\"quoted\"-secret b", {"n": 987_654_321_987_654_321_u64}],
        "escaped": "\\u006bnown-\\\"quoted\\\"-secret", "other": [1, null, true, "x"],
    });
    let wanted =
        json!({"***": ["a *** b", {"n": "***"}], "escaped": "***", "other": [1, null, true, "x"]});
    assert_eq!(*redact_json(&document), wanted);
    let printed = redact(&serde_json::to_string_pretty(&document).unwrap()).into_owned();
    assert_eq!(
        serde_json::from_str::<Value>(&printed.replace("\"n\": ***", "\"n\": \"***\"")).unwrap(),
        wanted
    );
    let harmless = json!({"a": "b"});
    assert!(matches!(redact_json(&harmless), std::borrow::Cow::Borrowed(_)));
}

/// One character, written in some way, with something unseen behind it or not.
fn written(c: char) -> impl Strategy<Value = String> {
    let code = u32::from(c);
    let way = prop_oneof![
        Just(c.to_string()),
        Just(format!("\\u{code:04x}")),
        Just(format!("%{code:02x}")),
        Just(format!("%25{code:02X}")),
        Just(format!("&#{code};")),
        Just(format!("\\{c}")),
    ];
    let behind = prop_oneof![Just(""), Just("\u{200b}"), Just("\\u200c"), Just("%E2%80%8B")];
    (way, behind).prop_map(|(way, behind)| way + behind)
}

proptest! {
    #[test]
    fn any_mix_of_escapes_is_found(
        pieces in KEY.chars().map(written).collect::<Vec<_>>(), before in "[ a-z<\"]{0,9}", behind in "[ .,<\"]{0,9}",
    ) {
        let text = format!("{before}{}{behind}", pieces.concat());
        let redacted_text = redacted(&patterns(), &text);
        prop_assert!(redacted_text.starts_with(&format!("{before}***")), "{text} {redacted_text}");
        prop_assert!(redacted_text.ends_with(&behind));
    }

    #[test]
    fn no_text_panics(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        patterns().occurrences(&text);
        patterns().occurrences(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn texts_around_it_stay_as_they_were(before in "[^c\\\\%&n]{0,20}", behind in "[^c\\\\%&n]{0,20}") {
        let redacted_text = redacted(&patterns(), &format!("{before}{KEY}{behind}"));
        prop_assert_eq!(redacted_text, format!("{before}***{behind}"));
    }
}
