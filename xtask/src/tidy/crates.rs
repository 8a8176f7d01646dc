//! The sources of each crate, parsed: its modules without their tests.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use syn::{Attribute, Item, Meta};

use super::tree::SourceFile;

/// Where a module stands below the root of its crate: `["journal", "replay"]`; a root is empty.
pub(super) type ModulePath = Vec<String>;

/// One crate: a library or a program.
pub(super) struct Crate {
    pub(super) modules: BTreeMap<ModulePath, Module>,
}

/// One source file of a crate.
pub(super) struct Module {
    pub(super) path: String,
    pub(super) syntax: syn::File,
}

/// Parses every crate of the tree. Fails for a source that is no Rust.
pub(super) fn parse(files: &[SourceFile]) -> anyhow::Result<Vec<Crate>> {
    let mut crates: BTreeMap<String, Crate> = BTreeMap::new();
    for file in files.iter().filter(|file| file.is("rs")) {
        let Some((name, at)) = place(&file.path) else { continue };
        let parse = || format!("parsing `{}`", file.path);
        let mut syntax = syn::parse_file(&file.text).with_context(parse)?;
        without_tests(&mut syntax.items);
        let module = Module { path: file.path.clone(), syntax };
        let one = crates.entry(name);
        one.or_insert_with(|| Crate { modules: BTreeMap::new() }).modules.insert(at, module);
    }
    let mut crates: Vec<Crate> = crates.into_values().collect();
    for one in &mut crates {
        one.drop_undeclared();
    }
    Ok(crates)
}

/// The crate of a source, and its module there. Tests of whole programs are crates of their own and have no modules.
fn place(path: &str) -> Option<(String, ModulePath)> {
    let (package, inside) = path.split_once("/src/")?;
    let segments: Vec<&str> = inside.trim_end_matches(".rs").split('/').collect();
    if let ["bin", program] = segments[..] {
        return Some((format!("{package}/src/bin/{program}"), Vec::new()));
    }
    let own = match segments.split_last() {
        Some((&("mod" | "main" | "lib"), folders)) => folders,
        _ => &segments[..],
    };
    Some((format!("{package}/src"), own.iter().map(|&segment| segment.to_owned()).collect()))
}

impl Crate {
    /// The module of this path, or the nearest one above it that has a file of its own.
    pub(super) fn nearest(&self, path: &[String]) -> Option<&ModulePath> {
        let shorter = (0..=path.len()).rev();
        shorter.into_iter().find_map(|n| self.modules.get_key_value(&path[..n]).map(|(at, _)| at))
    }

    /// Takes out the files that only tests declare.
    fn drop_undeclared(&mut self) {
        let mut declared: BTreeSet<ModulePath> = BTreeSet::from([Vec::new()]);
        for (at, module) in &self.modules {
            for item in &module.syntax.items {
                if let Item::Mod(inner) = item {
                    declared.insert([&at[..], &[inner.ident.to_string()]].concat());
                }
            }
        }
        let is_declared = |at: &ModulePath| (0..=at.len()).all(|n| declared.contains(&at[..n]));
        self.modules.retain(|at, _| is_declared(at));
    }
}

/// Whether an item exists in tests alone.
pub(super) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => {
            attribute.path().is_ident("cfg") && list.tokens.to_string().trim() == "test"
        }
        Meta::Path(path) => path.is_ident("test"),
        Meta::NameValue(_) => false,
    })
}

fn without_tests(items: &mut Vec<Item>) {
    items.retain(|item| !is_for_tests(attributes(item)));
    for item in items {
        if let Item::Mod(inner) = item
            && let Some((_, items)) = &mut inner.content
        {
            without_tests(items);
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Crate, parse};
    use crate::tidy::tree::SourceFile;

    /// A crate from the texts of its files.
    pub(in super::super) fn crate_of(files: &[(&str, &str)]) -> Crate {
        let file = |&(path, text): &(&str, &str)| SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let files: Vec<SourceFile> = files.iter().map(file).collect();
        parse(&files).unwrap().pop().expect("one crate")
    }

    #[test]
    fn a_file_is_a_module_unless_only_tests_declare_it() {
        let one = crate_of(&[
            ("a/src/main.rs", "mod b; #[cfg(test)] mod t; fn main() {}"),
            ("a/src/b/mod.rs", "mod c;"),
            ("a/src/b/c.rs", ""),
            ("a/src/t.rs", ""),
        ]);
        let found: Vec<_> = one.modules.keys().map(|at| at.join("::")).collect();
        assert_eq!(found, ["", "b", "b::c"]);
        assert_eq!(
            one.nearest(&["b".into(), "c".into(), "Type".into()]).unwrap().join("::"),
            "b::c"
        );
    }
}
