//! Finds secrets in a text, also escaped, split or in base64, in one pass for all of them.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::escapes::{Decoded, decode};
use crate::text::invisible::is_unseen;

/// How many invisible things may stand between two characters of a secret. More is no secret that was split.
const MAX_BETWEEN: usize = 64;

/// From this length in bytes on, a secret is recognised with blanks and line ends in it. A shorter one may be two words.
const LONG: usize = 16;

/// The secrets that are searched for.
#[derive(Debug)]
pub(super) struct Patterns {
    /// The secrets, oldest first.
    secrets: Vec<String>,
    /// The secrets as they are and in base64, by their first byte.
    forms: [Vec<Vec<u8>>; 256],
    /// The bytes that an occurrence can begin with: most of a text is skipped by these alone.
    begins: [bool; 256],
}

impl Patterns {
    /// No secrets.
    pub(super) const fn none() -> Self {
        Self { secrets: Vec::new(), forms: [const { Vec::new() }; 256], begins: [false; 256] }
    }

    /// Whether this secret is among them.
    pub(super) fn has(&self, secret: &str) -> bool {
        self.secrets.iter().any(|known| known == secret)
    }

    /// Adds a secret; of more than `max` the oldest is dropped.
    pub(super) fn add(&mut self, secret: &str, max: usize) {
        if self.has(secret) {
            return;
        }
        if self.secrets.len() >= max {
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

    /// The byte ranges in which secrets stand, in order and without overlap.
    pub(super) fn occurrences(&self, text: &str) -> Vec<Range<usize>> {
        let bytes = text.as_bytes();
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut at = 0;
        let next = |at: usize| bytes[at..].iter().position(|byte| self.begins[usize::from(*byte)]);
        while let Some(n_between) = next(at) {
            at += n_between;
            let Some(end) = self.end(text, at) else {
                at += 1;
                continue;
            };
            // A backslash before it belongs to it: it escaped the first character.
            let mut start = at;
            while start > found.last().map_or(0, |last| last.end) && bytes[start - 1] == b'\\' {
                start -= 1;
            }
            found.push(start..end);
            at = end;
        }
        found
    }

    /// Where the longest secret that begins at `at` ends.
    fn end(&self, text: &str, at: usize) -> Option<usize> {
        let raw = text.as_bytes()[at];
        let forms = |first: u8| self.forms[usize::from(first)].iter();
        let end = |first| forms(first).filter_map(|form| end_of(form, text, at)).max();
        // A shortcut: where a plain letter follows, it has to be the second one of the secret.
        let second = text.as_bytes().get(at + 1).copied().unwrap_or_default();
        let may_go_on = |form: &Vec<u8>| form[1] == second || !second.is_ascii_alphanumeric();
        let as_it_is = if forms(raw).any(may_go_on) { end(raw) } else { None };
        if !matches!(raw, b'\\' | b'%' | b'&') || as_it_is.is_some() {
            return as_it_is;
        }
        end(match decode(text, at)?.1 {
            Decoded::Byte(byte) => byte,
            Decoded::Char(c) => c.encode_utf8(&mut [0; 4]).as_bytes()[0],
        })
    }
}

/// The base64 forms of a secret, for each place that it can have in what was encoded: only those characters that do not
/// depend on what stands beside it.
fn in_base64(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for n_before in 0..3 {
        let encoded = STANDARD_NO_PAD.encode([&[0; 2][..n_before], secret].concat());
        // Each character holds six bits. The first and the last may hold bits of a neighbour, and are left out.
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
        let (len, decoded) = decode(text, at)?;
        let is_next = match decoded {
            Decoded::Byte(byte) => byte == secret[found],
            Decoded::Char(c) => secret[found..].starts_with(c.encode_utf8(&mut [0; 4]).as_bytes()),
        };
        if is_next {
            let n = if let Decoded::Char(c) = decoded { c.len_utf8() } else { 1 };
            (at, found, between) = (at + len, found + n, 0);
            continue;
        }
        between += 1;
        if found == 0 || between > MAX_BETWEEN {
            return None;
        }
        at = match decoded {
            // It may escape the next character of the secret, or be an escaped line end.
            Decoded::Char('\\') => match bytes.get(at + len) {
                Some(next) if *next == secret[found] => at + len,
                Some(b'n' | b'r' | b't' | b'f' | b'b') if secret.len() >= LONG => at + len + 1,
                _ => at + len,
            },
            Decoded::Char(c)
                if is_unseen(c)
                    || matches!(c, '\u{fffc}' | '\u{fffd}')
                    || (c.is_whitespace() && secret.len() >= LONG) =>
            {
                at + len
            }
            Decoded::Byte(b'\r' | b'\n' | b'\t' | b' ') if secret.len() >= LONG => at + len,
            _ => return None,
        };
    }
    Some(at)
}
