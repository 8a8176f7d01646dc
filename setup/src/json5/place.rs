//! Follows a path through a document, and refuses where more than one reading is possible.

use super::tree::{Node, Shape};
use super::{Error, wrong_type};

/// What a path leads to.
pub(super) enum Place<'a, 'p> {
    /// A value.
    There(&'a Node),
    /// The innermost object that exists, and the keys missing in it; never without a key.
    Missing { parent: &'a Node, rest: &'p [&'p str] },
}

/// Follows `path` from the document's root. A repeated key, a value from another file, or something that is
/// no object on the way is an error.
pub(super) fn find<'a, 'p>(
    text: &str,
    root: &'a Node,
    path: &'p [&'p str],
) -> Result<Place<'a, 'p>, Error> {
    let mut node = root;
    for (depth, key) in path.iter().enumerate() {
        let Shape::Object(entries) = &node.shape else {
            return Err(wrong_type(text, &path[..depth], node, "an object"));
        };
        let mut named = entries.iter().filter(|entry| entry.is(key));
        match (named.next(), named.next()) {
            (Some(_), Some(_)) => return Err(Error::Duplicate { path: path[..=depth].join(".") }),
            (Some(entry), None) => node = &entry.value,
            (None, _) if entry_of(node, "$include").is_some() => {
                return Err(Error::Included { path: path[..depth].join(".") });
            }
            (None, _) => return Ok(Place::Missing { parent: node, rest: &path[depth..] }),
        }
    }
    if entry_of(node, "$include").is_some() {
        return Err(Error::Included { path: path.join(".") });
    }
    Ok(Place::There(node))
}

/// Which entry of `node` has this key.
pub(super) fn entry_of(node: &Node, key: &str) -> Option<usize> {
    node.entries().iter().position(|entry| entry.is(key))
}
