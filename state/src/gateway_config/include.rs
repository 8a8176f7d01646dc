//! Reads a configuration with the files that it includes, merged as the gateway merges them, and finds the file that a
//! value comes from.

use super::json5;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

const INCLUDE: &str = "$include";

/// The gateway's own limit.
const MAX_NESTING: usize = 10;

/// Why a configuration cannot be used. No variant contains a value of it.
#[derive(Debug, thiserror::Error)]
pub enum GatewayConfigError {
    /// When the file cannot be read.
    #[error("reading `{}`: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// When the file is no JSON5.
    #[error("`{}` is not the JSON5 that a gateway reads: {cause}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Where and why.
        cause: json5::Json5Error,
    },
    /// When an `$include` is one that the gateway refuses too.
    #[error("`{}`: {why}", path.display())]
    BadInclude {
        /// The file that holds the `$include`.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// Where a value stands, or would have to: the file and the keys inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueLocation {
    /// The file to edit.
    pub file: PathBuf,
    /// The keys that lead to the value from the root of that file.
    pub keys: Vec<String>,
}

/// A configuration: each of its files, and all of them merged.
#[derive(Debug)]
pub(super) struct Sources {
    main: PathBuf,
    files: HashMap<PathBuf, Value>,
    pub(super) merged: Value,
}

impl Sources {
    /// Reads `main` and everything it includes.
    pub(super) fn read(main: &Path) -> Result<Self, GatewayConfigError> {
        // Of a symlink its own folder and not that of its target: there the gateway looks for includes too.
        let mut reader = IncludeReader {
            root: main.parent().unwrap_or(Path::new("/")).to_owned(),
            files: HashMap::new(),
        };
        let merged = reader.file(main, &mut Vec::new())?;
        Ok(Self { main: main.to_owned(), files: reader.files, merged })
    }

    /// Which file has the value at `path`, or is the one to add it to: the file with the key itself, else the one with
    /// the innermost object; of several that are included into one object the last, which wins.
    pub(super) fn location(&self, path: &[&str]) -> ValueLocation {
        let here = ValueLocation { file: self.main.clone(), keys: Vec::new() };
        self.follow(here.clone(), path).unwrap_or(here)
    }

    fn follow(&self, mut at: ValueLocation, path: &[&str]) -> Option<ValueLocation> {
        let mut node = self.files.get(&at.file)?;
        for (depth, key) in path.iter().enumerate() {
            if let Some(next) = node.get(*key) {
                node = next;
            } else if let Some(files) = self.included_in(&at.file, node) {
                let inside =
                    |file: &PathBuf| ValueLocation { file: file.clone(), keys: Vec::new() };
                let has_key = |file: &&PathBuf| {
                    self.files.get(*file).is_some_and(|root| root.get(*key).is_some())
                };
                let file = files.iter().rev().find(has_key).or(files.last())?;
                return self.follow(inside(file), &path[depth..]);
            } else {
                node = &Value::Null;
            }
            at.keys.push((*key).to_owned());
        }
        // The value itself may be an include: then it is the whole of the other file.
        match self.included_in(&at.file, node) {
            Some(files) => {
                self.follow(ValueLocation { file: files.last()?.clone(), keys: Vec::new() }, &[])
            }
            None => Some(at),
        }
    }

    fn included_in(&self, file: &Path, node: &Value) -> Option<Vec<PathBuf>> {
        let names = names(node.get(INCLUDE)?)?;
        Some(
            names
                .iter()
                .map(|name| resolve(file, name))
                .filter(|path| self.files.contains_key(path))
                .collect(),
        )
    }
}

/// Reads files and what they include.
struct IncludeReader {
    root: PathBuf,
    files: HashMap<PathBuf, Value>,
}

impl IncludeReader {
    /// Reads one file. `chain` holds the files that are being read, outermost first.
    fn file(&mut self, path: &Path, chain: &mut Vec<PathBuf>) -> Result<Value, GatewayConfigError> {
        let value = load(path)?;
        self.files.insert(path.to_owned(), value.clone());
        chain.push(path.to_owned());
        let merged = self.merge_includes(value, chain)?;
        chain.pop();
        Ok(merged)
    }

    fn merge_includes(
        &mut self,
        value: Value,
        chain: &mut Vec<PathBuf>,
    ) -> Result<Value, GatewayConfigError> {
        match value {
            Value::Array(items) => items
                .into_iter()
                .map(|item| self.merge_includes(item, chain))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Value::Object(mut object) => {
                let include = object.shift_remove(INCLUDE);
                let own = object
                    .into_iter()
                    .map(|(key, value)| Ok((key, self.merge_includes(value, chain)?)))
                    .collect::<Result<Map<_, _>, GatewayConfigError>>()?;
                let Some(include) = include else { return Ok(Value::Object(own)) };
                let included = self.include(&include, chain)?;
                if own.is_empty() {
                    return Ok(included);
                }
                if !included.is_object() {
                    return Err(bad(
                        chain,
                        "an `$include` with keys beside it brings no object".to_owned(),
                    ));
                }
                Ok(merge(included, Value::Object(own)))
            }
            other => Ok(other),
        }
    }

    fn include(
        &mut self,
        include: &Value,
        chain: &mut Vec<PathBuf>,
    ) -> Result<Value, GatewayConfigError> {
        let names = names(include).ok_or_else(|| {
            bad(chain, "`$include` is neither a file name nor a list of them".to_owned())
        })?;
        let mut merged: Option<Value> = None;
        for name in names {
            let from = chain.last().expect("a file is being read");
            let path = resolve(from, &name);
            self.ensure_allowed(&path, &name, chain)?;
            let value = self.file(&path, chain)?;
            merged = Some(match merged {
                Some(before) => merge(before, value),
                None if include.is_array() => merge(Value::Object(Map::new()), value),
                None => value,
            });
        }
        Ok(merged.unwrap_or_else(|| Value::Object(Map::new())))
    }

    /// Refuses an include that the gateway refuses.
    fn ensure_allowed(
        &self,
        path: &Path,
        name: &str,
        chain: &[PathBuf],
    ) -> Result<(), GatewayConfigError> {
        let outside =
            || bad(chain, format!("`$include` of `{name}` leads out of the config's folder"));
        if !path.starts_with(&self.root) {
            return Err(outside());
        }
        if let (Ok(real), Ok(root)) = (path.canonicalize(), self.root.canonicalize())
            && !real.starts_with(root)
        {
            return Err(outside());
        }
        if chain.iter().any(|open| open == path) {
            return Err(bad(chain, format!("`$include` of `{name}` goes round in a circle")));
        }
        if chain.len() > MAX_NESTING {
            return Err(bad(
                chain,
                format!("more than {MAX_NESTING} `$include`s inside each other"),
            ));
        }
        Ok(())
    }
}

fn bad(chain: &[PathBuf], why: String) -> GatewayConfigError {
    GatewayConfigError::BadInclude { path: chain.last().cloned().unwrap_or_default(), why }
}

/// Reads one file, at most as much of it as the gateway would.
fn load(path: &Path) -> Result<Value, GatewayConfigError> {
    let unreadable = |cause| GatewayConfigError::Unreadable { path: path.to_owned(), cause };
    let broken = |cause| GatewayConfigError::Broken { path: path.to_owned(), cause };
    let limit = json5::MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        unreadable(std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not UTF-8"))
    })?;
    json5::parse(&text).map_err(broken)
}

fn names(include: &Value) -> Option<Vec<String>> {
    match include {
        Value::String(name) => Some(vec![name.clone()]),
        Value::Array(names) => names.iter().map(|name| name.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// The file that `name` means in the file `from`; `.` and `..` are resolved without looking at the disk.
fn resolve(from: &Path, name: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in from.parent().unwrap_or(Path::new("/")).join(name).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                path.pop();
            }
            other => path.push(other),
        }
    }
    path
}

/// The gateway's rule: objects by key, lists one after the other, otherwise the later value.
fn merge(before: Value, after: Value) -> Value {
    match (before, after) {
        (Value::Object(mut before), Value::Object(after)) => {
            for (key, value) in after {
                let merged = match before.shift_remove(&key) {
                    Some(old) => merge(old, value),
                    None => value,
                };
                before.insert(key, merged);
            }
            Value::Object(before)
        }
        (Value::Array(mut before), Value::Array(after)) => {
            before.extend(after);
            Value::Array(before)
        }
        (_, after) => after,
    }
}
