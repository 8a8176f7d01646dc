//! Edits of a JSON5 document that leave every other byte where it was.
//!
//! The gateway's own command line (`openclaw config set`) rewrites its configuration as plain JSON and drops its owner's
//! comments, and `jsonc-parser` 0.34 refuses JSON5 that the gateway reads: escapes in names, a byte order mark, a comment
//! before a colon. So the text is spliced here, and every result is parsed again and compared with the change that was
//! wanted before it is given out.

mod error;
mod expected;
mod locate;
mod splice;
mod style;
mod tree;

pub use error::EditError;

use locate::{Location, element_of, locate, wrong_type};
use serde_json::Value;
use splice::{Splice, append, apply, delete};
use style::Style;
use tree::{Node, NodeKind};

/// A document to which something was added, and what has to be stored to take exactly that out again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The whole new text.
    pub text: String,
    /// How many objects and arrays at the path's end had to be made.
    pub created: usize,
    /// The text of the value that was replaced, if one was.
    pub replaced: Option<String>,
}

/// Appends `value` to the array at `path`, making the containers that are missing. `None` if the array holds it already.
pub fn add_to_array(text: &str, path: &[&str], value: &Value) -> Result<Option<Added>, EditError> {
    let (root, mut wanted) = Node::read(text)?;
    let style = Style::of(text, &root);
    let (splices, created) = match locate(text, &root, path)? {
        Location::Found(node) => {
            let NodeKind::Array(items) = &node.kind else {
                return Err(wrong_type(text, path, node, "an array"));
            };
            if items.iter().any(|item| item.value.decode(text).as_ref() == Some(value)) {
                return Ok(None);
            }
            (append(text, &style, node, None, value), 0)
        }
        Location::Missing { parent, rest } => {
            let new = expected::nested(&rest[1..], Value::Array(vec![value.clone()]));
            (append(text, &style, parent, Some(rest[0]), &new), rest.len())
        }
    };
    expected::array_at(&mut wanted, path).ok_or(EditError::Unverified)?.push(value.clone());
    Ok(Some(Added { text: verified(text, splices, &wanted)?, created, replaced: None }))
}

/// Takes `value` out of the array at `path`, then up to `created` of the path's containers, innermost first, if that leaves
/// them empty. `None` if the array does not hold it.
pub fn remove_from_array(
    text: &str,
    path: &[&str],
    value: &Value,
    created: usize,
) -> Result<Option<String>, EditError> {
    let (root, mut wanted) = Node::read(text)?;
    let Location::Found(node) = locate(text, &root, path)? else { return Ok(None) };
    let NodeKind::Array(items) = &node.kind else {
        return Err(wrong_type(text, path, node, "an array"));
    };
    let Some(index) = items.iter().position(|item| item.value.decode(text).as_ref() == Some(value))
    else {
        return Ok(None);
    };
    expected::array_at(&mut wanted, path).ok_or(EditError::Unverified)?.remove(index);
    let edited = verified(text, delete(text, node, index), &wanted)?;
    prune(edited, path, created).map(Some)
}

/// Sets the value at `path`, making the objects that are missing. `None` if it is this value already.
pub fn set(text: &str, path: &[&str], value: &Value) -> Result<Option<Added>, EditError> {
    let Some((last, parents)) = path.split_last() else { return Err(EditError::Unverified) };
    let (root, mut wanted) = Node::read(text)?;
    let style = Style::of(text, &root);
    let (splices, created, replaced) = match locate(text, &root, path)? {
        Location::Found(node) if node.decode(text).as_ref() == Some(value) => return Ok(None),
        Location::Found(node) => {
            let old = text[node.span.clone()].to_owned();
            (vec![Splice(node.span.clone(), style.element(None, value, None))], 0, Some(old))
        }
        Location::Missing { parent, rest } => {
            let new = expected::nested(&rest[1..], value.clone());
            (append(text, &style, parent, Some(rest[0]), &new), rest.len() - 1, None)
        }
    };
    expected::object_at(&mut wanted, parents)
        .ok_or(EditError::Unverified)?
        .insert((*last).to_owned(), value.clone());
    Ok(Some(Added { text: verified(text, splices, &wanted)?, created, replaced }))
}

/// Undoes a `set` of `value`: puts the replaced text back, or removes the member. `None` if the value is no longer that one.
pub fn unset(
    text: &str,
    path: &[&str],
    value: &Value,
    added: (usize, Option<&str>),
) -> Result<Option<String>, EditError> {
    let (root, mut wanted) = Node::read(text)?;
    let Location::Found(node) = locate(text, &root, path)? else { return Ok(None) };
    if node.decode(text).as_ref() != Some(value) {
        return Ok(None);
    }
    let (created, Some(old)) = added else { return remove(text, path, added.0) };
    debug_assert_eq!(created, 0, "what was replaced had its parents");
    let Some((last, parents)) = path.split_last() else { return Err(EditError::Unverified) };
    let old_value = state::gateway_config::json5::parse(old)?;
    expected::object_at(&mut wanted, parents)
        .ok_or(EditError::Unverified)?
        .insert((*last).to_owned(), old_value);
    verified(text, vec![Splice(node.span.clone(), old.to_owned())], &wanted).map(Some)
}

/// Removes the member at `path`, then up to `created` of the objects around it if that leaves them empty. `None` if there
/// is no such member.
pub fn remove(text: &str, path: &[&str], created: usize) -> Result<Option<String>, EditError> {
    let Some((last, parents)) = path.split_last() else { return Err(EditError::Unverified) };
    let (root, mut wanted) = Node::read(text)?;
    let Location::Found(_) = locate(text, &root, path)? else { return Ok(None) };
    let Location::Found(parent) = locate(text, &root, parents)? else {
        return Err(EditError::Unverified);
    };
    let Some(index) = element_of(parent, last) else { return Err(EditError::Unverified) };
    expected::object_at(&mut wanted, parents).ok_or(EditError::Unverified)?.shift_remove(*last);
    let edited = verified(text, delete(text, parent, index), &wanted)?;
    prune(edited, parents, created).map(Some)
}

/// Removes up to `most` containers at the end of `path` that hold neither an element nor a comment.
fn prune(text: String, path: &[&str], most: usize) -> Result<String, EditError> {
    let empty = || -> Result<bool, EditError> {
        let (root, _) = Node::read(&text)?;
        let Location::Found(node) = locate(&text, &root, path)? else { return Ok(false) };
        let span = node.span.start + 1..node.span.end - 1;
        Ok(!matches!(node.kind, NodeKind::Leaf)
            && node.elements().is_empty()
            && text[span].trim().is_empty())
    };
    if most == 0 || path.is_empty() || !empty()? {
        return Ok(text);
    }
    Ok(remove(&text, path, most - 1)?.unwrap_or(text))
}

fn verified(text: &str, splices: Vec<Splice>, wanted: &Value) -> Result<String, EditError> {
    let edited = apply(text, splices);
    match state::gateway_config::json5::parse(&edited) {
        Ok(value) if value == *wanted => Ok(edited),
        _ => Err(EditError::Unverified),
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
