//! Where a secret stands in a text, whatever it was written in: pure, and one pass for all secrets.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// So many things between two characters of a secret are passed over: a whole text of blanks is no split.
const MOST_BETWEEN: usize = 64;

/// An escape is looked for in so many bytes: a text of nothing but backslashes is looked through once, not once a letter.
const LONGEST_ESCAPE: usize = 32;

/// A secret of so many bytes is one even with blanks in it: a shorter one may be two words.
const LONG: usize = 16;

/// What is looked for.
#[derive(Debug)]
pub(super) struct Patterns {
    /// The secrets, oldest first.
    secrets: Vec<String>,
    /// The forms that they are looked for in, by the byte that each begins with.
    forms: [Vec<Vec<u8>>; 256],
    /// The bytes that a place can begin with: most of a text is passed over by these alone.
    begins: [bool; 256],
}

impl Patterns {
    /// Nothing.
    pub(super) const fn none() -> Self {
        Self { secrets: Vec::new(), forms: [const { Vec::new() }; 256], begins: [false; 256] }
    }

    /// Whether this secret is looked for.
    pub(super) fn has(&self, secret: &str) -> bool {
        self.secrets.iter().any(|known| known == secret)
    }

    /// Looks for one more, and for `most` at the most: the oldest is let go.
    pub(super) fn add(&mut self, secret: &str, most: usize) {
        if self.has(secret) {
            return;
        }
        if self.secrets.len() >= most {
            self.secrets.remove(0);
        }
        self.secrets.push(secret.to_owned());
        self.forms = [const { Vec::new() }; 256];
        for secret in self.secrets.iter().map(String::as_bytes) {
            for form in std::iter::once(secret.to_vec()).chain(in_base64(secret)) {
                self.forms[usize::from(form[0])].push(form);
            }
        }
        self.begins = std::array::from_fn(|byte| !self.forms[byte].is_empty());
        for sign in *b"\\%&" {
            self.begins[usize::from(sign)] = true;
        }
    }

    /// Where the secrets stand, in order and apart.
    pub(super) fn places(&self, text: &str) -> Vec<Range<usize>> {
        let bytes = text.as_bytes();
        let mut places: Vec<Range<usize>> = Vec::new();
        let mut at = 0;
        let next = |at: usize| bytes[at..].iter().position(|byte| self.begins[usize::from(*byte)]);
        while let Some(n_between) = next(at) {
            at += n_between;
            let Some(end) = self.end(text, at) else {
                at += 1;
                continue;
            };
            // A backslash before it was to escape its first character.
            let mut start = at;
            while start > places.last().map_or(0, |last| last.end) && bytes[start - 1] == b'\\' {
                start -= 1;
            }
            places.push(start..end);
            at = end;
        }
        places
    }

    /// Where the longest secret that begins at `at` ends.
    fn end(&self, text: &str, at: usize) -> Option<usize> {
        let raw = text.as_bytes()[at];
        let forms = |first: u8| self.forms[usize::from(first)].iter();
        let end = |first| forms(first).filter_map(|form| end_of(form, text, at)).max();
        // Where a plain letter follows, it has to be the right one.
        let second = text.as_bytes().get(at + 1).copied().unwrap_or_default();
        let may_go_on = |form: &Vec<u8>| form[1] == second || !second.is_ascii_alphanumeric();
        let as_it_is = if forms(raw).any(may_go_on) { end(raw) } else { None };
        if !matches!(raw, b'\\' | b'%' | b'&') || as_it_is.is_some() {
            return as_it_is;
        }
        end(match piece(text, at)?.1 {
            Said::Byte(byte) => byte,
            Said::Char(c) => c.encode_utf8(&mut [0; 4]).as_bytes()[0],
        })
    }
}

/// What base64 makes of a secret wherever it stands in what is encoded: the characters that no neighbour has a part in.
fn in_base64(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for n_before in 0..3 {
        let encoded = STANDARD_NO_PAD.encode([&[0; 2][..n_before], secret].concat());
        // Six bits each, of which those before the secret and those behind its last whole character are others'.
        let (start, end) = ((n_before * 8).div_ceil(6), (n_before + secret.len()) * 8 / 6);
        let form = encoded[start..end].to_owned();
        let in_urls = form.replace('+', "-").replace('/', "_");
        if in_urls != form {
            forms.push(in_urls.into_bytes());
        }
        forms.push(form.into_bytes());
    }
    forms
}

/// Where `secret` ends, if it begins at `at`.
fn end_of(secret: &[u8], text: &str, mut at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut found, mut between) = (0, 0);
    while found < secret.len() {
        let byte = *bytes.get(at)?;
        if byte == secret[found] {
            (at, found, between) = (at + 1, found + 1, 0);
            continue;
        }
        if byte.is_ascii_alphanumeric() {
            return None;
        }
        let (len, said) = piece(text, at)?;
        let is_next = match said {
            Said::Byte(byte) => byte == secret[found],
            Said::Char(c) => secret[found..].starts_with(c.encode_utf8(&mut [0; 4]).as_bytes()),
        };
        if is_next {
            let n = if let Said::Char(c) = said { c.len_utf8() } else { 1 };
            (at, found, between) = (at + len, found + n, 0);
            continue;
        }
        between += 1;
        if found == 0 || between > MOST_BETWEEN {
            return None;
        }
        at = match said {
            // It may escape the next character, or make a line end of it.
            Said::Char('\\') => match bytes.get(at + len) {
                Some(next) if *next == secret[found] => at + len,
                Some(b'n' | b'r' | b't' | b'f' | b'b') if secret.len() >= LONG => at + len + 1,
                _ => at + len,
            },
            Said::Char(c) if is_unseen(c) || (c.is_whitespace() && secret.len() >= LONG) => {
                at + len
            }
            Said::Byte(b'\r' | b'\n' | b'\t' | b' ') if secret.len() >= LONG => at + len,
            _ => return None,
        };
    }
    Some(at)
}

/// What stands for one character of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Said {
    Byte(u8),
    Char(char),
}

/// The piece of `text` at `at`, an escape or a character, and its length. A run of backslashes is one: each program on
/// the way may have doubled it.
fn piece(text: &str, at: usize) -> Option<(usize, Said)> {
    let rest = text.get(at..)?;
    let end = (0..=rest.len().min(LONGEST_ESCAPE)).rev().find(|end| rest.is_char_boundary(*end))?;
    let rest = &rest[..end];
    let escape = match rest.as_bytes().first()? {
        b'\\' => backslashed(rest),
        b'%' => percent(rest),
        b'&' => entity(rest),
        _ => None,
    };
    escape.or_else(|| rest.chars().next().map(|c| (c.len_utf8(), Said::Char(c))))
}

/// `\u0063`, `\u{63}`, `\U00000063`, `\x63`, with any number of backslashes; else the backslashes themselves.
fn backslashed(rest: &str) -> Option<(usize, Said)> {
    let n = rest.bytes().take_while(|byte| *byte == b'\\').count();
    let after = &rest[n..];
    let coded = |head: usize, n_digits: usize| {
        let code = u32::from_str_radix(after.get(head..head + n_digits)?, 16).ok()?;
        Some((n + head + n_digits, Said::Char(char::from_u32(code)?)))
    };
    let escape = match after.as_bytes() {
        [b'u', b'{', ..] => {
            let n_digits = after[2..].find('}')?;
            coded(2, n_digits).map(|(len, said)| (len + 1, said))
        }
        [b'u', ..] => coded(1, 4),
        [b'U', ..] => coded(1, 8),
        [b'x', ..] => coded(1, 2),
        _ => None,
    };
    escape.or(Some((n, Said::Char('\\'))))
}

/// `%63`, `%2563`, and the three or four of one character that cannot be seen.
fn percent(rest: &str) -> Option<(usize, Said)> {
    let coded = |rest: &str| {
        let mut after = rest.strip_prefix('%')?;
        // Encoded once more, the sign itself is `%25`.
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
        _ => return Some((len, Said::Byte(first))),
    };
    let (mut whole, mut bytes) = (len, vec![first]);
    while bytes.len() < n_bytes {
        let Some((len, byte)) = rest.get(whole..).and_then(coded) else { break };
        whole += len;
        bytes.push(byte);
    }
    match std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next()) {
        Some(c) => Some((whole, Said::Char(c))),
        None => Some((len, Said::Byte(first))),
    }
}

fn is_hex(text: &str) -> bool {
    text.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
}

/// `&#99;` and `&#x63;`, with the ampersand written out once more or not.
fn entity(rest: &str) -> Option<(usize, Said)> {
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
    Some((rest.len() - after.len() + digits.len() + 1, Said::Char(char::from_u32(code)?)))
}

/// Characters that nobody sees between two others: control characters, joiners, marks of direction, fillers, tags.
fn is_unseen(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffd}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
