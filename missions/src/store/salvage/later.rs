//! The whole missions behind the damage of a state file.

use std::collections::HashSet;

use serde_json::Value;
use state::json;

use crate::store::errors;
use crate::store::mission::Mission;
use crate::store::nesting::{self, DEEPEST};

/// The missions after a place, and how many bytes they take: objects under a key, with the indentation that
/// `telnyx_api.py` and we write, or, in a file that is laid out otherwise, with the keys of a mission.
pub(super) fn missions(bytes: &[u8], from: usize) -> (Vec<(String, Value)>, usize) {
    let (mut found, mut read) = (Vec::new(), 0);
    // The end of a text that was cut may be taken for the beginning of the next key, and that for its end.
    let mut at = if bytes[..from].ends_with(b"\"") { from - 1 } else { from };
    let mut objects = ObjectReader::new(bytes);
    while let Some(place) = bytes[at..].iter().position(|byte| *byte == b'"') {
        let start = at + place;
        at = start + 1;
        // A quote that is escaped stands inside a text, which would be read again and again from each of them.
        if bytes[..start].ends_with(b"\\") {
            continue;
        }
        let Some((slug, value_start)) = key(bytes, start) else { continue };
        let Some((value, end)) = objects.read(value_start) else { continue };
        at = end;
        let is_indented = bytes[..start].ends_with(b"\n  ");
        let is_mission =
            || value.as_object().is_some_and(|it| Mission::new(&slug, it).is_mission());
        // What is nested deeper than may be stored is passed over: it could not be read again.
        if (is_indented || is_mission()) && nesting::fits(&value, 1) {
            read += end - start.max(from);
            found.push((slug, value));
        }
    }
    (found, read)
}

/// The key that begins at a quote, and where its object begins; `None` if this is no key of an object.
fn key(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let mut values = serde_json::Deserializer::from_slice(&bytes[start..]).into_iter::<String>();
    let slug = values.next()?.ok()?;
    let after_blanks = |at: usize| {
        let rest = bytes.get(at..)?;
        Some(at + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count())
    };
    let colon = after_blanks(start + values.byte_offset())?;
    let value = after_blanks(colon + 1).filter(|_| bytes.get(colon) == Some(&b':'))?;
    (bytes.get(value) == Some(&b'{')).then_some((slug, value))
}

/// Reads objects, none twice that is known to be broken: what is around a damage is opened many times and closed never.
struct ObjectReader<'a> {
    bytes: &'a [u8],
    /// Where objects begin around the places of damage that were found.
    broken: HashSet<usize>,
    /// How many bytes may still be looked at a second time, for objects that hold what python wrote for no number.
    patience: usize,
}

impl<'a> ObjectReader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let has = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
        let patience = if has(b"NaN") || has(b"Infinity") { 8 * bytes.len() } else { 0 };
        Self { bytes, broken: HashSet::new(), patience }
    }

    /// The object that begins at a place, and its end; `None` if it is not whole.
    fn read(&mut self, start: usize) -> Option<(Value, usize)> {
        if self.broken.contains(&start) {
            return None;
        }
        let text = &self.bytes[start..];
        let mut values = serde_json::Deserializer::from_slice(text).into_iter::<Value>();
        let err = match values.next()? {
            Ok(value) => return Some((value, start + values.byte_offset())),
            Err(err) => err,
        };
        if self.patience > 0 {
            let end = self.end_of_object(start)?;
            let (value, _) = json::parse_of_python(&self.bytes[start..end]).ok()?;
            return Some((value, end));
        }
        // Up to the error all is as it should be, so that brackets and quotes can be trusted.
        let damage = start + errors::offset(text, &err);
        let (mut open, mut is_in_string, mut at) = (Vec::new(), false, start);
        while at < damage {
            match self.bytes[at] {
                b'\\' if is_in_string => at += 1,
                b'"' => is_in_string = !is_in_string,
                b'{' | b'[' if !is_in_string => open.push(at),
                b'}' | b']' if !is_in_string => drop(open.pop()),
                _ => {}
            }
            at += 1;
        }
        self.broken.extend(open);
        None
    }

    /// The end of the object that begins at a place, by its brackets.
    fn end_of_object(&mut self, start: usize) -> Option<usize> {
        let (mut depth, mut is_in_string, mut at) = (0, false, start);
        loop {
            self.patience = self.patience.checked_sub(1)?;
            match *self.bytes.get(at)? {
                b'\\' if is_in_string => at += 1,
                b'"' => is_in_string = !is_in_string,
                b'{' | b'[' if !is_in_string => depth += 1,
                b'}' | b']' if !is_in_string => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 || depth > DEEPEST {
                return (depth == 0).then_some(at);
            }
        }
    }
}
