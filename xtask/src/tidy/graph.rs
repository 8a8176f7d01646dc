//! Which file of a crate uses which, and the circles among them.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Item, UseTree, Visibility};

use super::crates::{Crate, ModulePath};

/// Every file with the files it uses.
type Uses = BTreeMap<ModulePath, BTreeSet<ModulePath>>;

/// The names that a file brings into scope or passes on, with what they stand for.
type Imports = BTreeMap<String, Vec<String>>;

/// The circles of a crate, each as the paths of its files.
pub(super) fn circles(one: &Crate) -> Vec<Vec<String>> {
    let uses = uses(one);
    let reach: BTreeMap<&ModulePath, BTreeSet<&ModulePath>> =
        uses.keys().map(|at| (at, reached(&uses, at))).collect();
    let mut seen: BTreeSet<&ModulePath> = BTreeSet::new();
    let mut found = Vec::new();
    for at in uses.keys() {
        if seen.contains(at) || !reach[at].contains(at) {
            continue;
        }
        let circle: Vec<_> =
            reach[at].iter().copied().filter(|other| reach[other].contains(at)).collect();
        seen.extend(&circle);
        found.push(circle.iter().map(|at| one.modules[*at].path.clone()).collect());
    }
    found
}

fn reached<'a>(uses: &'a Uses, from: &ModulePath) -> BTreeSet<&'a ModulePath> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&ModulePath> = uses[from].iter().collect();
    while let Some(at) = open.pop() {
        if reached.insert(at) {
            open.extend(&uses[at]);
        }
    }
    reached
}

/// What each file takes from which other. A `pub use` of something below itself is a signpost and no use: who follows it
/// uses the file that it points to.
fn uses(one: &Crate) -> Uses {
    let imports: BTreeMap<&ModulePath, Imports> =
        one.modules.keys().map(|at| (at, imports_of(one, at))).collect();
    let file = |at: &ModulePath| {
        let mut reader = UseCollector { one, at, imports: &imports, found: BTreeSet::new() };
        for item in &one.modules[at].syntax.items {
            reader.visit_item(item);
        }
        reader.found.remove(at);
        reader.found
    };
    one.modules.keys().map(|at| (at.clone(), file(at))).collect()
}

/// The names that the `use` items of a file bring into scope.
fn imports_of(one: &Crate, at: &ModulePath) -> Imports {
    let mut imports = Imports::new();
    for item in &one.modules[at].syntax.items {
        if let Item::Use(item) = item {
            leaves(&item.tree, &mut Vec::new(), &mut |path, name| {
                if let Some(path) = absolute(one, at, path) {
                    imports.insert(name.to_owned(), path);
                }
            });
        }
    }
    imports
}

/// Calls `each` with every path of a `use`, and the name that it gets here.
fn leaves(tree: &UseTree, above: &mut Vec<String>, each: &mut impl FnMut(&[String], &str)) {
    match tree {
        UseTree::Path(path) => {
            above.push(path.ident.to_string());
            leaves(&path.tree, above, each);
            above.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|item| leaves(item, above, each)),
        UseTree::Glob(_) => each(above, "*"),
        UseTree::Name(_) | UseTree::Rename(_) => {
            let (own, name) = match tree {
                UseTree::Rename(rename) => (rename.ident.to_string(), rename.rename.to_string()),
                UseTree::Name(name) => (name.ident.to_string(), name.ident.to_string()),
                _ => return,
            };
            if own == "self" {
                let name = above.last().cloned().unwrap_or_default();
                each(above, &name);
            } else {
                let path = [&above[..], &[own]].concat();
                each(&path, &name);
            }
        }
    }
}

/// A path of the crate's own from its root; `None` for one of another crate.
fn absolute(one: &Crate, at: &ModulePath, path: &[String]) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([&at[..], rest].concat()),
        "super" => {
            let above = &at[..at.len().checked_sub(1)?];
            match rest.first().map(String::as_str) {
                Some("super") => absolute(one, &above.to_vec(), rest),
                _ => Some([above, rest].concat()),
            }
        }
        child => {
            let inside = [&at[..], &[child.to_owned()]].concat();
            one.modules.contains_key(&inside).then(|| [&at[..], path].concat())
        }
    }
}

struct UseCollector<'a> {
    one: &'a Crate,
    at: &'a ModulePath,
    imports: &'a BTreeMap<&'a ModulePath, Imports>,
    found: BTreeSet<ModulePath>,
}

impl UseCollector<'_> {
    /// The file that defines what a path from the root leads to, signposts followed.
    fn defined_in(&self, path: &[String], hops: usize) -> Option<ModulePath> {
        let at = self.one.nearest(path)?;
        let imports = &self.imports[at];
        match path.get(at.len()).and_then(|name| imports.get(name)) {
            Some(further) if hops > 0 => {
                let rest = &path[at.len() + 1..];
                self.defined_in(&[&further[..], rest].concat(), hops - 1)
            }
            _ => Some(at.clone()),
        }
    }

    fn note(&mut self, path: &[String]) {
        self.found.extend(self.defined_in(path, 8));
    }
}

impl<'ast> Visit<'ast> for UseCollector<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_signpost = !matches!(item.vis, Visibility::Inherited);
        let mut paths = Vec::new();
        leaves(&item.tree, &mut Vec::new(), &mut |path, _| paths.push(path.to_vec()));
        for path in paths {
            let Some(path) = absolute(self.one, self.at, &path) else { continue };
            let is_below = path.starts_with(self.at) && path.len() > self.at.len();
            // A module that is brought into scope is used where its name is.
            let is_module = self.one.modules.contains_key(&path);
            if !(is_module || is_signpost && is_below) {
                self.note(&path);
            }
        }
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {
        // `pub(crate)` holds a path, and uses nothing.
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|one| one.ident.to_string()).collect();
        let own = absolute(self.one, self.at, &segments);
        let named = || {
            let (first, rest) = segments.split_first()?;
            let to = self.imports[self.at].get(first)?;
            Some([&to[..], rest].concat())
        };
        if let Some(path) = own.or_else(named) {
            self.note(&path);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        // Most macros that are called here take expressions.
        let parser = syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        if let Ok(arguments) = called.parse_body_with(parser) {
            for argument in &arguments {
                self.visit_expr(argument);
            }
        }
        visit::visit_macro(self, called);
    }
}

#[cfg(test)]
mod tests {
    use super::circles;
    use crate::tidy::crates::tests::crate_of;

    #[track_caller]
    fn case(files: &[(&str, &str)], wanted: &[&[&str]]) {
        assert_eq!(circles(&crate_of(files)), wanted);
    }

    #[test]
    fn files_that_use_each_other_are_a_circle() {
        let main = ("a/src/main.rs", "mod b; mod c; mod d; fn main() { b::go(); }");
        let there = ("a/src/b.rs", "use crate::c::Thing; pub fn go() -> Thing { Thing }");
        let leaf = ("a/src/d.rs", "pub fn leaf() {}");
        let alone = ("a/src/c.rs", "pub struct Thing;");
        case(&[main, there, alone, leaf], &[]);
        for back in [
            "pub struct Thing; fn x() { crate::b::go(); }",
            "use super::b; pub struct Thing; fn x() { b::go(); }",
            "use crate::b::go as other; pub struct Thing; fn x() { println!(\"{:?}\", other()); }",
        ] {
            case(&[main, there, ("a/src/c.rs", back), leaf], &[&["a/src/b.rs", "a/src/c.rs"]]);
        }
        let in_tests =
            "pub struct Thing; #[cfg(test)] mod tests { use crate::b; fn x() { b::go(); } }";
        case(&[main, there, ("a/src/c.rs", in_tests), leaf], &[]);
    }

    #[test]
    fn a_signpost_is_no_use_and_is_followed() {
        let main = ("a/src/main.rs", "mod b; fn main() { b::go(); }");
        let post =
            ("a/src/b/mod.rs", "mod c; mod d; pub(crate) use c::go; pub(crate) use d::Thing;");
        let user = ("a/src/b/c.rs", "use super::Thing; pub fn go() -> Thing { Thing }");
        case(&[main, post, user, ("a/src/b/d.rs", "pub struct Thing;")], &[]);
        let back = ("a/src/b/d.rs", "pub struct Thing; fn x() { super::go(); }");
        case(&[main, post, user, back], &[&["a/src/b/c.rs", "a/src/b/d.rs"]]);
        // What stands in the file of the folder itself is used like anything else.
        let own = ("a/src/b/mod.rs", "mod c; pub struct Thing; pub fn go() { c::go(); }");
        let user = ("a/src/b/c.rs", "use super::Thing; pub fn go() -> Thing { Thing }");
        case(&[main, own, user], &[&["a/src/b/mod.rs", "a/src/b/c.rs"]]);
    }
}
