//! Edits of a JSON5 document that keep its comments: the gateway's own `openclaw config set` would drop them.
//!
//! `jsonc-parser` finds the place and writes the entry. It reads no escape in a bare name and no comment before a colon,
//! which JSON5 has: such a document is refused. Every result is read again by the strict reader and compared with the
//! change that was wanted before it is given out.

mod error;

pub use error::EditError;

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{
    CstInputValue, CstNode, CstObject, CstObjectProp, CstRootNode, ObjectPropName,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::gateway_config::json5;
use state::json;

/// What an edit does at its path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditKind {
    /// The list at the path gets this item.
    Item(Value),
    /// The path gets this value.
    Value(Value),
}

/// A document after an edit, and what has to be stored to take exactly that out again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The whole new text.
    pub text: String,
    /// How many objects and arrays at the path's end had to be made.
    pub created: usize,
    /// The text of the value that was replaced, if one was.
    pub replaced: Option<String>,
}

/// Makes the change at `path`, with the containers that are missing. `None` if the document says so already.
pub fn add(text: &str, path: &[&str], change: &EditKind) -> Result<Option<Added>, EditError> {
    let mut document = Document::read(text)?;
    let (mut created, mut replaced) = (0, None);
    match (document.locate(path)?, change) {
        (Place::Found(node), EditKind::Item(item)) => {
            let list = document.array_at(path)?;
            if list.contains(item) {
                return Ok(None);
            }
            list.push(item.clone());
            node.as_array().ok_or(EditError::Unverified)?.append(input(item));
        }
        (Place::Found(node), EditKind::Value(value)) => {
            if document.value_at(path)? == value {
                return Ok(None);
            }
            replaced = Some(node.to_string());
            document.replace(path, &node, value)?;
        }
        (Place::Missing(object, depth), change) => {
            created = path.len() - depth - 1;
            let value = match change {
                EditKind::Item(item) => {
                    created += 1;
                    Value::Array(vec![item.clone()])
                }
                EditKind::Value(value) => value.clone(),
            };
            let nest = |inner, key: &&str| CstInputValue::Object(vec![((*key).to_owned(), inner)]);
            let inner = path[depth + 1..].iter().rev().fold(input(&value), nest);
            let is_bare =
                |first: &CstObjectProp| matches!(first.name(), Some(ObjectPropName::Word(_)));
            let is_bare =
                document.root.object_value().and_then(|all| all.properties().first().map(is_bare));
            let member = object.append(path[depth], inner);
            if is_bare == Some(true) {
                unquote(&member);
            }
            *document.value_at(path)? = value;
        }
    }
    Ok(Some(Added { text: document.edited()?, created, replaced }))
}

/// Takes a change out again: puts back the value that it replaced, or removes the entry and up to `created` of the
/// containers around it if that leaves them without entry and comment. `None` if the change is no longer there.
pub fn take_out(
    text: &str,
    path: &[&str],
    change: &EditKind,
    added: (usize, Option<&str>),
) -> Result<Option<String>, EditError> {
    let mut document = Document::read(text)?;
    let Place::Found(node) = document.locate(path)? else { return Ok(None) };
    let (taken, mut containers) = match change {
        EditKind::Item(item) => (remove_item(text, path, item)?, path),
        EditKind::Value(value) if document.value_at(path)? != value => return Ok(None),
        EditKind::Value(_) => match added.1 {
            Some(old) => {
                document.replace(path, &node, &json5::parse(old)?)?;
                return document.edited().map(Some);
            }
            None => (remove_member(text, path)?, &path[..path.len().saturating_sub(1)]),
        },
    };
    let Some(mut taken) = taken else { return Ok(None) };
    for _ in 0..added.0.min(containers.len()) {
        let Place::Found(node) = Document::read(&taken)?.locate(containers)? else { break };
        if !["{}", "[]"].contains(&&*node.to_string().replace(char::is_whitespace, "")) {
            break;
        }
        taken = remove_member(&taken, containers)?.ok_or(EditError::Unverified)?;
        containers = &containers[..containers.len() - 1];
    }
    Ok(Some(taken))
}

/// Removes an item of the array at `path`. `None` if the array does not hold it.
pub fn remove_item(text: &str, path: &[&str], item: &Value) -> Result<Option<String>, EditError> {
    let mut document = Document::read(text)?;
    let Place::Found(node) = document.locate(path)? else { return Ok(None) };
    let list = document.array_at(path)?;
    let Some(index) = list.iter().position(|other| other == item) else { return Ok(None) };
    list.remove(index);
    let mut items = node.as_array().ok_or(EditError::Unverified)?.elements();
    if index < items.len() {
        items.swap_remove(index).remove();
    }
    document.edited().map(Some)
}

/// Removes the member at `path`. `None` if there is no such member.
pub fn remove_member(text: &str, path: &[&str]) -> Result<Option<String>, EditError> {
    let mut document = Document::read(text)?;
    let Place::Found(node) = document.locate(path)? else { return Ok(None) };
    let (last, parents) = path.split_last().ok_or(EditError::Unverified)?;
    document.value_at(parents)?.as_object_mut().ok_or(EditError::Unverified)?.shift_remove(*last);
    node.parent().ok_or(EditError::Unverified)?.remove();
    document.edited().map(Some)
}

/// A document that is being edited.
struct Document<'a> {
    /// The byte order mark, where it has one.
    mark: &'a str,
    root: CstRootNode,
    /// What the edited text has to be read as.
    wanted: Value,
}

/// What a path leads to.
enum Place {
    /// A value.
    Found(CstNode),
    /// The innermost object that exists, and how many keys of the path lead to it: not all.
    Missing(CstObject, usize),
}

impl<'a> Document<'a> {
    fn read(text: &'a str) -> Result<Self, EditError> {
        let wanted = json5::parse(text)?;
        let body = text.trim_start_matches('\u{feff}');
        let options = ParseOptions { allow_missing_commas: false, ..ParseOptions::default() };
        let root = CstRootNode::parse(body, &options)
            .map_err(|err| EditError::BeyondEditor { line: err.line_display() })?;
        Ok(Self { mark: &text[..text.len() - body.len()], root, wanted })
    }

    /// The edited text, if it reads as what is wanted.
    fn edited(self) -> Result<String, EditError> {
        let text = format!("{}{}", self.mark, self.root);
        match json5::parse(&text) {
            Ok(value) if value == self.wanted => Ok(text),
            _ => Err(EditError::Unverified),
        }
    }

    /// Follows `path` from the root.
    ///
    /// Fails at a repeated key, at a value that comes from another file, and at a parent that is not an object.
    fn locate(&self, path: &[&str]) -> Result<Place, EditError> {
        let mut node = self.root.value().ok_or(EditError::Unverified)?;
        let is_included = |node: &CstNode| {
            node.as_object().is_some_and(|object| object.get("$include").is_some())
        };
        for (depth, key) in path.iter().enumerate() {
            let object =
                node.as_object().ok_or_else(|| self.wrong_type(&path[..depth], "an object"))?;
            let mut named = object
                .properties()
                .into_iter()
                .filter(|property| property.decoded_name().as_deref() == Some(*key));
            node = match (named.next(), named.next()) {
                (Some(_), Some(_)) => {
                    return Err(EditError::Duplicate { path: path[..=depth].join(".") });
                }
                (Some(property), None) => property.value().ok_or(EditError::Unverified)?,
                (None, _) if is_included(&node) => {
                    return Err(EditError::Included { path: path[..depth].join(".") });
                }
                (None, _) => return Ok(Place::Missing(object, depth)),
            };
        }
        if is_included(&node) {
            return Err(EditError::Included { path: path.join(".") });
        }
        Ok(Place::Found(node))
    }

    /// Puts `value` in the place of `node`, which stands at `path`.
    fn replace(&mut self, path: &[&str], node: &CstNode, value: &Value) -> Result<(), EditError> {
        let member = node.parent().and_then(|parent| parent.as_object_prop());
        member.ok_or(EditError::Unverified)?.set_value(input(value));
        *self.value_at(path)? = value.clone();
        Ok(())
    }

    /// The value at `path` in what is wanted, made with the objects around it where they were missing.
    fn value_at(&mut self, path: &[&str]) -> Result<&mut Value, EditError> {
        let missing = || Value::Object(Map::new());
        path.iter()
            .try_fold(&mut self.wanted, |value, key| {
                Some(value.as_object_mut()?.entry(*key).or_insert_with(missing))
            })
            .ok_or(EditError::Unverified)
    }

    /// The array at `path` in what is wanted.
    fn array_at(&mut self, path: &[&str]) -> Result<&mut Vec<Value>, EditError> {
        let error = self.wrong_type(path, "a list");
        self.value_at(path)?.as_array_mut().ok_or(error)
    }

    fn wrong_type(&self, path: &[&str], wanted: &'static str) -> EditError {
        let found = path.iter().fold(&self.wanted, |value, key| &value[*key]);
        EditError::WrongType { path: path.join("."), wanted, found: json::type_name(found) }
    }
}

/// Takes the quotes off the name of a new member and of those in it.
fn unquote(member: &CstObjectProp) {
    if let Some(ObjectPropName::String(name)) = member.name()
        && let Ok(bare) = name.decoded_value()
        && bare.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && bare.chars().all(|letter| letter.is_ascii_alphanumeric())
    {
        name.set_raw_value(bare);
    }
    member.object_value().iter().flat_map(CstObject::properties).for_each(|inner| unquote(&inner));
}

/// A value as the editor takes it.
fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(flag) => CstInputValue::Bool(*flag),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| (key.clone(), input(value));
            CstInputValue::Object(members.iter().map(member).collect())
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
