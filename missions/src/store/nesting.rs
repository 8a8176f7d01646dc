//! How deep a state file may be nested: anything deeper could be written, but never be read again.

use serde_json::{Map, Value};
use state::exit::Fault;

/// The most lists and objects inside each other that are read (serde_json refuses the 128th).
pub(super) const DEEPEST: usize = 127;

/// Whether a value can be read again inside `outside` lists and objects.
pub(super) fn fits(value: &Value, outside: usize) -> bool {
    outside + depth(value) <= DEEPEST
}

/// Refuses (exit 2) missions that could not be read again.
pub(super) fn check(missions: &Map<String, Value>) -> Result<(), Fault> {
    match missions.iter().find(|(_, mission)| !fits(mission, 1)) {
        None => Ok(()),
        Some((slug, _)) => Err(Fault::usage(format!(
            "what is to be stored under `{slug}` is nested deeper than {DEEPEST} levels; nothing was changed"
        ))
        .hint("store it as a text: `--string`")),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use serde_json::{Map, Value};

    #[test]
    fn the_limit_is_that_of_the_reader() {
        for levels in [1, 126, 127, 128] {
            let list = (1..levels).fold(Value::Null, |value, _| Value::Array(vec![value]));
            let missions = Map::from_iter([("m".to_owned(), list)]);
            let text = Value::from(missions.clone()).to_string();
            let is_read = serde_json::from_str::<Value>(&text).is_ok();
            assert_eq!(check(&missions).is_ok(), is_read, "{levels} levels");
        }
    }
}
