//! Edits of a JSON5 document that leave every other byte where it was.
//!
//! The gateway's own command line rewrites its config as plain JSON and drops its owner's comments
//! (facts/gateway.md 6), and `jsonc-parser` 0.34 refuses JSON5 that the gateway reads: escapes in names,
//! a byte order mark, a comment before a colon. So the text is spliced here, and every result is parsed
//! again and compared with the change that was wanted before anyone sees it.

mod error;
mod model;
mod place;
mod splice;
mod style;
mod tree;

pub use error::Error;

use place::{Place, entry_of, find};
use serde_json::Value;
use splice::{Splice, append, apply, delete};
use style::Style;
use tree::{Node, Shape};

/// A document to which something was added, and what has to be remembered to take exactly that away again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The whole new text.
    pub text: String,
    /// How many objects and arrays of the path's end had to be made.
    pub created: usize,
    /// The text of the value that was replaced, if one was.
    pub replaced: Option<String>,
}

/// Appends `value` to the array at `path`, making what is missing on the way. `None` if it holds it already.
pub fn add_to_array(text: &str, path: &[&str], value: &Value) -> Result<Option<Added>, Error> {
    let (root, mut wanted) = Node::read(text)?;
    let style = Style::of(text, &root);
    let (splices, created) = match find(text, &root, path)? {
        Place::There(node) => {
            let Shape::Array(items) = &node.shape else {
                return Err(wrong_type(text, path, node, "an array"));
            };
            if items.iter().any(|item| item.value.decode(text).as_ref() == Some(value)) {
                return Ok(None);
            }
            (append(text, &style, node, None, value), 0)
        }
        Place::Missing { parent, rest } => {
            let new = model::nested(&rest[1..], Value::Array(vec![value.clone()]));
            (append(text, &style, parent, Some(rest[0]), &new), rest.len())
        }
    };
    model::array_at(&mut wanted, path).ok_or(Error::Unverified)?.push(value.clone());
    Ok(Some(Added { text: verified(text, splices, &wanted)?, created, replaced: None }))
}

/// Takes `value` out of the array at `path`, then up to `created` of the path's containers, from the inside,
/// if they are left with nothing in them. `None` if the array does not hold it.
pub fn remove_from_array(
    text: &str,
    path: &[&str],
    value: &Value,
    created: usize,
) -> Result<Option<String>, Error> {
    let (root, mut wanted) = Node::read(text)?;
    let Place::There(node) = find(text, &root, path)? else { return Ok(None) };
    let Shape::Array(items) = &node.shape else {
        return Err(wrong_type(text, path, node, "an array"));
    };
    let Some(index) = items.iter().position(|item| item.value.decode(text).as_ref() == Some(value))
    else {
        return Ok(None);
    };
    model::array_at(&mut wanted, path).ok_or(Error::Unverified)?.remove(index);
    let edited = verified(text, delete(text, node, index), &wanted)?;
    prune(edited, path, created).map(Some)
}

/// Makes `value` stand at `path`, with what is missing on the way. `None` if it does already.
pub fn set(text: &str, path: &[&str], value: &Value) -> Result<Option<Added>, Error> {
    let Some((last, parents)) = path.split_last() else { return Err(Error::Unverified) };
    let (root, mut wanted) = Node::read(text)?;
    let style = Style::of(text, &root);
    let (splices, created, replaced) = match find(text, &root, path)? {
        Place::There(node) if node.decode(text).as_ref() == Some(value) => return Ok(None),
        Place::There(node) => {
            let old = text[node.span.clone()].to_owned();
            (vec![Splice(node.span.clone(), style.entry(None, value, None))], 0, Some(old))
        }
        Place::Missing { parent, rest } => {
            let new = model::nested(&rest[1..], value.clone());
            (append(text, &style, parent, Some(rest[0]), &new), rest.len() - 1, None)
        }
    };
    model::object_at(&mut wanted, parents)
        .ok_or(Error::Unverified)?
        .insert((*last).to_owned(), value.clone());
    Ok(Some(Added { text: verified(text, splices, &wanted)?, created, replaced }))
}

/// Undoes a `set` of `value`: puts `replaced` back, or removes the member. `None` if the value is no longer that one.
pub fn unset(
    text: &str,
    path: &[&str],
    value: &Value,
    added: (usize, Option<&str>),
) -> Result<Option<String>, Error> {
    let (root, mut wanted) = Node::read(text)?;
    let Place::There(node) = find(text, &root, path)? else { return Ok(None) };
    if node.decode(text).as_ref() != Some(value) {
        return Ok(None);
    }
    let (created, Some(old)) = added else { return remove(text, path, added.0) };
    debug_assert_eq!(created, 0, "what was replaced had its parents");
    let Some((last, parents)) = path.split_last() else { return Err(Error::Unverified) };
    let old_value = state::gateway_config::json5::parse(old)?;
    model::object_at(&mut wanted, parents)
        .ok_or(Error::Unverified)?
        .insert((*last).to_owned(), old_value);
    verified(text, vec![Splice(node.span.clone(), old.to_owned())], &wanted).map(Some)
}

/// Removes the member at `path`, then up to `created` of the objects around it if they are left empty.
/// `None` if there is none.
pub fn remove(text: &str, path: &[&str], created: usize) -> Result<Option<String>, Error> {
    let Some((last, parents)) = path.split_last() else { return Err(Error::Unverified) };
    let (root, mut wanted) = Node::read(text)?;
    let Place::There(_) = find(text, &root, path)? else { return Ok(None) };
    let Place::There(parent) = find(text, &root, parents)? else { return Err(Error::Unverified) };
    let Some(index) = entry_of(parent, last) else { return Err(Error::Unverified) };
    model::object_at(&mut wanted, parents).ok_or(Error::Unverified)?.shift_remove(*last);
    let edited = verified(text, delete(text, parent, index), &wanted)?;
    prune(edited, parents, created).map(Some)
}

/// Removes up to `most` containers at the end of `path` that hold neither an entry nor a comment.
fn prune(text: String, path: &[&str], most: usize) -> Result<String, Error> {
    let empty = || -> Result<bool, Error> {
        let (root, _) = Node::read(&text)?;
        let Place::There(node) = find(&text, &root, path)? else { return Ok(false) };
        let span = node.span.start + 1..node.span.end - 1;
        Ok(!matches!(node.shape, Shape::Leaf)
            && node.entries().is_empty()
            && text[span].trim().is_empty())
    };
    if most == 0 || path.is_empty() || !empty()? {
        return Ok(text);
    }
    Ok(remove(&text, path, most - 1)?.unwrap_or(text))
}

fn verified(text: &str, splices: Vec<Splice>, wanted: &Value) -> Result<String, Error> {
    let edited = apply(text, splices);
    match state::gateway_config::json5::parse(&edited) {
        Ok(value) if value == *wanted => Ok(edited),
        _ => Err(Error::Unverified),
    }
}

fn wrong_type(text: &str, path: &[&str], node: &Node, wanted: &'static str) -> Error {
    Error::WrongType { path: path.join("."), wanted, found: node.found(text) }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
