//! Finds what a path leads to in a document; an error where more than one reading is possible.

use super::error::EditError;
use super::tree::{Node, NodeKind};

/// What a path leads to.
pub(super) enum Location<'a, 'p> {
    /// A value.
    Found(&'a Node),
    /// The innermost object that exists, and the keys missing in it; never without a key.
    Missing { parent: &'a Node, rest: &'p [&'p str] },
}

/// Follows `path` from the document's root.
///
/// Fails at a repeated key, at a value that comes from another file, and at a parent that is not an object.
pub(super) fn locate<'a, 'p>(
    text: &str,
    root: &'a Node,
    path: &'p [&'p str],
) -> Result<Location<'a, 'p>, EditError> {
    let mut node = root;
    for (depth, key) in path.iter().enumerate() {
        let NodeKind::Object(elements) = &node.kind else {
            return Err(wrong_type(text, &path[..depth], node, "an object"));
        };
        let mut named = elements.iter().filter(|element| element.is(key));
        match (named.next(), named.next()) {
            (Some(_), Some(_)) => {
                return Err(EditError::Duplicate { path: path[..=depth].join(".") });
            }
            (Some(element), None) => node = &element.value,
            (None, _) if element_of(node, "$include").is_some() => {
                return Err(EditError::Included { path: path[..depth].join(".") });
            }
            (None, _) => return Ok(Location::Missing { parent: node, rest: &path[depth..] }),
        }
    }
    if element_of(node, "$include").is_some() {
        return Err(EditError::Included { path: path.join(".") });
    }
    Ok(Location::Found(node))
}

/// The error for a value that is not of the type that an edit needs.
pub(super) fn wrong_type(
    text: &str,
    path: &[&str],
    node: &Node,
    wanted: &'static str,
) -> EditError {
    EditError::WrongType { path: path.join("."), wanted, found: node.type_name(text) }
}

/// The index of the member of `node` that has this key.
pub(super) fn element_of(node: &Node, key: &str) -> Option<usize> {
    node.elements().iter().position(|element| element.is(key))
}
