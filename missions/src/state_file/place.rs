//! Where an item goes that is added to a long list of a large file: found in one pass over the text, so that
//! nothing else of the file has to be taken apart and put together again.

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;
use std::fmt;

/// Places in the text of a state file, in bytes from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// How many items the list has.
    pub(super) items: usize,
    /// Where its last item begins and ends.
    pub(super) last: (usize, usize),
    /// Where the time of the mission's last change begins and ends.
    pub(super) changed: (usize, usize),
}

/// Finds the list under a key of a mission's memory. `None` if the text is no JSON, if there is no such list or
/// it is empty, if something stands there twice, or if no time of a change is kept: then the long way is due.
pub(super) fn of(text: &str, slug: &str, key: &str) -> Option<Place> {
    let mut found = Found { base: text.as_ptr() as usize, ..Found::default() };
    let mut json = serde_json::Deserializer::from_str(text);
    Level { path: &[slug, "memory", key], found: &mut found }.deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(Place { items: found.items, last: found.last?, changed: found.changed? })
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

/// An object on the way to the list, or the list itself at the path's end.
struct Level<'a> {
    path: &'a [&'a str],
    found: &'a mut Found,
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        if self.path.is_empty() { json.deserialize_seq(self) } else { json.deserialize_map(self) }
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
                map.next_value_seed(Level { path: &self.path[1..], found: &mut *self.found })?;
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
