//! The same edits on the parsed value: what the edited text has to be read as.

use serde_json::{Map, Value};

/// The array at `path`, made with the objects around it where they were missing; `None` if something else stands there.
pub(super) fn array_at<'a>(root: &'a mut Value, path: &[&str]) -> Option<&'a mut Vec<Value>> {
    let Some((last, parents)) = path.split_last() else { return root.as_array_mut() };
    let parent = object_at(root, parents)?;
    parent.entry(*last).or_insert_with(|| Value::Array(Vec::new())).as_array_mut()
}

/// The object at `path`, made in the same way.
pub(super) fn object_at<'a>(
    root: &'a mut Value,
    path: &[&str],
) -> Option<&'a mut Map<String, Value>> {
    path.iter()
        .try_fold(root, |value, key| {
            Some(value.as_object_mut()?.entry(*key).or_insert_with(|| Value::Object(Map::new())))
        })?
        .as_object_mut()
}

/// `value` inside an object for each key of `path`, outermost first.
pub(super) fn nested(path: &[&str], value: Value) -> Value {
    path.iter()
        .rev()
        .fold(value, |value, key| Value::Object(Map::from_iter([((*key).to_owned(), value)])))
}
