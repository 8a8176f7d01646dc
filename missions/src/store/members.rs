//! The missions of a file by slug, none of which takes the place of another: a slug that stands twice gets `~2`.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

/// The members of an object in their order, each under a name of its own.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) map: Map<String, Value>,
    /// The new names of those whose name stood before.
    pub(super) renamed: Vec<String>,
    /// The number from which on a name may be free with it: a file may hold one name a million times.
    numbers: HashMap<String, usize>,
}

impl Members {
    /// Adds a member; its name, which is another one if that is taken.
    pub(super) fn insert(&mut self, name: String, value: Value) -> String {
        if !self.map.contains_key(&name) {
            self.map.insert(name.clone(), value);
            return name;
        }
        let number = self.numbers.entry(name.clone()).or_insert(2);
        let free = loop {
            let free = format!("{name}~{number}");
            *number += 1;
            if !self.map.contains_key(&free) {
                break free;
            }
        };
        self.map.insert(free.clone(), value);
        self.renamed.push(free.clone());
        free
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Members::default();
        while let Some((name, value)) = map.next_entry()? {
            members.insert(name, value);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::Members;
    use serde_json::json;

    #[test]
    fn a_name_that_stands_twice_keeps_both() {
        let text = r#"{"a": 1, "a~2": 2, "a": 3, "b": {"k": 1, "k": 2}, "a": 4}"#;
        let members: Members = serde_json::from_str(text).unwrap();
        let wanted = json!({"a": 1, "a~2": 2, "a~3": 3, "b": {"k": 2}, "a~4": 4});
        assert_eq!(serde_json::Value::Object(members.map), wanted);
        assert_eq!(members.renamed, ["a~3", "a~4"]);
        assert!(serde_json::from_str::<Members>("[1]").is_err_and(|err| err.is_data()));
    }
}
