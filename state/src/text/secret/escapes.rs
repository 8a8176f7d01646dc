//! Reads one character of a text, in whatever escape it was written: `\u0063`, `%63`, `&#99;`.

/// The longest escape that is recognised, in bytes. Bounds the work on a text of nothing but backslashes.
const LONGEST: usize = 32;

/// What one piece of a text stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Decoded {
    /// A byte, by a percent sign.
    Byte(u8),
    /// A character.
    Char(char),
}

/// What the escape or the character at `at` stands for, and its length in bytes. A run of backslashes is one piece: each
/// program that the text passed through may have doubled it.
pub(super) fn decode(text: &str, at: usize) -> Option<(usize, Decoded)> {
    let rest = text.get(at..)?;
    let end = (0..=rest.len().min(LONGEST)).rev().find(|end| rest.is_char_boundary(*end))?;
    let rest = &rest[..end];
    let escape = match rest.as_bytes().first()? {
        b'\\' => backslashed(rest),
        b'%' => percent(rest),
        b'&' => entity(rest),
        _ => None,
    };
    escape.or_else(|| rest.chars().next().map(|c| (c.len_utf8(), Decoded::Char(c))))
}

/// `\u0063`, `\u{63}`, `\U00000063`, `\x63`, with any number of backslashes; else the backslashes themselves.
fn backslashed(rest: &str) -> Option<(usize, Decoded)> {
    let n = rest.bytes().take_while(|byte| *byte == b'\\').count();
    let after = &rest[n..];
    let coded = |head: usize, n_digits: usize| {
        let code = u32::from_str_radix(after.get(head..head + n_digits)?, 16).ok()?;
        Some((n + head + n_digits, Decoded::Char(char::from_u32(code)?)))
    };
    let escape = match after.as_bytes() {
        [b'u', b'{', ..] => {
            let n_digits = after[2..].find('}')?;
            coded(2, n_digits).map(|(len, decoded)| (len + 1, decoded))
        }
        [b'u', ..] => coded(1, 4),
        [b'U', ..] => coded(1, 8),
        [b'x', ..] => coded(1, 2),
        _ => None,
    };
    escape.or(Some((n, Decoded::Char('\\'))))
}

/// `%63`, also encoded again as `%2563`, and the two to four of one character beyond ASCII.
fn percent(rest: &str) -> Option<(usize, Decoded)> {
    let coded = |rest: &str| {
        let mut after = rest.strip_prefix('%')?;
        // Where a text was encoded twice, the sign itself is `%25`.
        while let Some(inner) = after.strip_prefix("25").filter(|inner| is_hex(inner)) {
            after = inner;
        }
        let byte = u8::from_str_radix(after.get(..2)?, 16).ok()?;
        Some((rest.len() - after.len() + 2, byte))
    };
    let (len, first) = coded(rest)?;
    let n_bytes = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((len, Decoded::Byte(first))),
    };
    let (mut whole, mut bytes) = (len, vec![first]);
    while bytes.len() < n_bytes {
        let Some((len, byte)) = rest.get(whole..).and_then(coded) else { break };
        whole += len;
        bytes.push(byte);
    }
    match std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next()) {
        Some(c) => Some((whole, Decoded::Char(c))),
        None => Some((len, Decoded::Byte(first))),
    }
}

fn is_hex(text: &str) -> bool {
    text.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
}

/// `&#99;` and `&#x63;`, also where the ampersand itself was escaped.
fn entity(rest: &str) -> Option<(usize, Decoded)> {
    let mut after = rest.strip_prefix('&')?;
    while let Some(inner) = after.strip_prefix("amp;") {
        after = inner;
    }
    let after = after.strip_prefix('#')?;
    let digits = &after[..after.as_bytes().iter().take(10).position(|byte| *byte == b';')?];
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some((rest.len() - after.len() + digits.len() + 1, Decoded::Char(char::from_u32(code)?)))
}
