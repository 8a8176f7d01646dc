//! Where something goes that is remembered in a large file: found in one pass over the text, so that nothing else of
//! the file has to be taken apart and put together again.

use jiff::Timestamp;
use serde::de::{
    Deserialize as _, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// Places in the text of a state file, in bytes from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// How many items the list has; of a value that is no list for us, none.
    pub(super) items: usize,
    /// Where its last item, or the value, begins and ends.
    pub(super) last: (usize, usize),
    /// Where the time of the mission's last change begins and ends.
    pub(super) changed: (usize, usize),
}

/// Finds the list under a key of a mission's memory. `None` if the text is no JSON, if there is no such list or
/// it is empty, if something stands there twice, or if no time of a change is kept: then the long way is due.
pub(super) fn of(text: &str, slug: &str, key: &str) -> Option<Place> {
    find(text, &[slug, "memory", key], End::List)
}

/// Finds the value under a key of a mission's memory, whatever it is; `None` as [`of`].
pub(super) fn of_value(text: &str, slug: &str, key: &str) -> Option<Place> {
    find(text, &[slug, "memory", key], End::Value)
}

impl Place {
    /// The text with `new` from one byte to another, with the new time of the mission's last change, and with all the
    /// rest as it was.
    pub(super) fn change(
        self,
        text: &str,
        (from, to, new): (usize, usize, String),
        now: Timestamp,
    ) -> Vec<u8> {
        let time = Value::from(now.to_string()).to_string();
        let mut changes = [(from, to, new), (self.changed.0, self.changed.1, time)];
        changes.sort_by_key(|(from, _, _)| *from);
        let mut bytes = Vec::with_capacity(text.len() + 256);
        let mut at = 0;
        for (from, to, new) in changes {
            bytes.extend_from_slice(&text.as_bytes()[at..from]);
            bytes.extend_from_slice(new.as_bytes());
            at = to;
        }
        bytes.extend_from_slice(&text.as_bytes()[at..]);
        bytes
    }
}

/// A value over several lines, each but the first behind `deeper`.
pub(super) fn indented(value: &Value, deeper: &str) -> String {
    format!("{value:#}").replace('\n', &format!("\n{deeper}"))
}

fn find(text: &str, path: &[&str], end: End) -> Option<Place> {
    let mut found = Found { base: text.as_ptr() as usize, ..Found::default() };
    let mut json = serde_json::Deserializer::from_str(text);
    Level { path, end, found: &mut found }.deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(Place { items: found.items, last: found.last?, changed: found.changed? })
}

/// What is looked for at the path's end.
#[derive(Clone, Copy)]
enum End {
    List,
    Value,
}

#[derive(Default)]
struct Found {
    base: usize,
    items: usize,
    last: Option<(usize, usize)>,
    changed: Option<(usize, usize)>,
}

impl Found {
    fn span(&self, raw: &RawValue) -> (usize, usize) {
        let start = raw.get().as_ptr() as usize - self.base;
        (start, start + raw.get().len())
    }
}

/// An object on the way, or what is looked for at the path's end.
struct Level<'a> {
    path: &'a [&'a str],
    end: End,
    found: &'a mut Found,
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        match self.end {
            _ if !self.path.is_empty() => json.deserialize_map(self),
            End::List => json.deserialize_seq(self),
            End::Value => {
                self.found.last = Some(self.found.span(<&RawValue>::deserialize(json)?));
                Ok(())
            }
        }
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a mission's list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let is_mission = self.path.len() == 2;
        let mut seen = false;
        while let Some(key) = map.next_key::<std::borrow::Cow<str>>()? {
            if key == self.path[0] {
                if std::mem::replace(&mut seen, true) {
                    return Err(A::Error::custom("a key stands twice"));
                }
                let below = Level { path: &self.path[1..], end: self.end, found: &mut *self.found };
                map.next_value_seed(below)?;
            } else if is_mission && key == super::CHANGED {
                let raw: &RawValue = map.next_value()?;
                if self.found.changed.replace(self.found.span(raw)).is_some() {
                    return Err(A::Error::custom("a key stands twice"));
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(raw) = list.next_element::<&RawValue>()? {
            self.found.items += 1;
            self.found.last = Some(self.found.span(raw));
        }
        Ok(())
    }
}
