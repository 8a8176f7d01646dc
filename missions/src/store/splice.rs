//! Where a value is replaced or added in the text of a large state file: found in one pass over the text, so that the rest
//! of the file is neither parsed nor written anew. The long way is to parse the file, change it, and write it out: an append
//! at 10,000 items takes 25 ms of processor time by that, and 5 ms by this (release build, 2 cores), of the 15 ms that it may.

use jiff::Timestamp;
use serde::de::{
    Deserialize as _, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::Value;
use serde_json::value::RawValue;
use state::exit::Fault;
use state::file;
use std::fmt;
use std::path::Path;

use super::missions::{Missions, parse};

/// The places in the text of a state file that a change touches, in bytes from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SpliceSite {
    /// How many items the list has; 0 for a value that is to be replaced.
    pub(super) items: usize,
    /// Where the last item of the list, or the value, begins and ends.
    pub(super) last: (usize, usize),
    /// Where the time of the last change of the mission's memory begins and ends.
    pub(super) last_updated: (usize, usize),
}

/// Changes a state file the short way if it `fits` and there is a place for that, else the long way; under the lock, durably.
pub(super) fn change<T>(
    path: &Path,
    fits: bool,
    short: impl FnOnce(&str) -> Option<(Vec<u8>, T)>,
    long: impl FnOnce(&mut Missions) -> Result<T, Fault>,
) -> anyhow::Result<T> {
    file::update(path, |old| {
        let text = old.as_deref().filter(|_| fits).and_then(|old| std::str::from_utf8(old).ok());
        if let Some((new, result)) = text.and_then(short) {
            return Ok((Some(new), result));
        }
        let mut missions = parse(path, old.as_deref())?;
        let result = long(&mut missions)?;
        Ok((Some(missions.to_bytes()?), result))
    })
}

/// Finds the list under a key of a mission's memory. `None` if the text is no JSON, if there is no such list or it is
/// empty, if a key on the way is there twice, or if no time of a change is stored: then the long way is needed.
pub(super) fn list_site(text: &str, slug: &str, key: &str) -> Option<SpliceSite> {
    find(text, &[slug, "memory", key], Sought::List)
}

/// Finds the value under a key of a mission's memory, whatever it is; `None` as for [`list_site`].
pub(super) fn value_site(text: &str, slug: &str, key: &str) -> Option<SpliceSite> {
    find(text, &[slug, "memory", key], Sought::Value)
}

impl SpliceSite {
    /// The text with `new` from one byte to another and the new time of the last change; the rest stays as it is.
    pub(super) fn splice(
        self,
        text: &str,
        (from, to, new): (usize, usize, String),
        now: Timestamp,
    ) -> Vec<u8> {
        let time = Value::from(now.to_string()).to_string();
        let mut changes = [(from, to, new), (self.last_updated.0, self.last_updated.1, time)];
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

/// A value over several lines, each but the first indented by `deeper`.
pub(super) fn indented(value: &Value, deeper: &str) -> String {
    format!("{value:#}").replace('\n', &format!("\n{deeper}"))
}

fn find(text: &str, path: &[&str], sought: Sought) -> Option<SpliceSite> {
    let mut found = FoundSpans { base: text.as_ptr() as usize, ..FoundSpans::default() };
    let mut json = serde_json::Deserializer::from_str(text);
    PathLevel { path, sought, found: &mut found }.deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(SpliceSite { items: found.items, last: found.last?, last_updated: found.last_updated? })
}

/// What is sought at the end of the path.
#[derive(Clone, Copy)]
enum Sought {
    List,
    Value,
}

#[derive(Default)]
struct FoundSpans {
    base: usize,
    items: usize,
    last: Option<(usize, usize)>,
    last_updated: Option<(usize, usize)>,
}

impl FoundSpans {
    fn span(&self, raw: &RawValue) -> (usize, usize) {
        let start = raw.get().as_ptr() as usize - self.base;
        (start, start + raw.get().len())
    }
}

/// An object on the way, or what is sought at the end of the path.
struct PathLevel<'a> {
    path: &'a [&'a str],
    sought: Sought,
    found: &'a mut FoundSpans,
}

impl<'de> DeserializeSeed<'de> for PathLevel<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        match self.sought {
            _ if !self.path.is_empty() => json.deserialize_map(self),
            Sought::List => json.deserialize_seq(self),
            Sought::Value => {
                self.found.last = Some(self.found.span(<&RawValue>::deserialize(json)?));
                Ok(())
            }
        }
    }
}

impl<'de> Visitor<'de> for PathLevel<'_> {
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
                let below = PathLevel {
                    path: &self.path[1..],
                    sought: self.sought,
                    found: &mut *self.found,
                };
                map.next_value_seed(below)?;
            } else if is_mission && key == super::mission::LAST_UPDATED {
                let raw: &RawValue = map.next_value()?;
                if self.found.last_updated.replace(self.found.span(raw)).is_some() {
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
