//! Names of types that stand for different things in two modules: a reader has to ask which one is meant.

use std::collections::BTreeMap;

use syn::Item;

use super::crates::Crate;

/// Each name that is declared more than once in the workspace, with the files that declare it.
pub(super) fn doubled(crates: &[Crate]) -> Vec<(String, Vec<String>)> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for module in crates.iter().flat_map(|one| one.modules.values()) {
        for name in declared(&module.syntax.items) {
            places.entry(name).or_default().push(module.path.clone());
        }
    }
    places.into_iter().filter(|(_, files)| files.len() > 1).collect()
}

fn declared(items: &[Item]) -> Vec<String> {
    let name = |item: &Item| match item {
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Trait(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        _ => None,
    };
    items.iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::doubled;
    use crate::tidy::crates::tests::crate_of;

    #[test]
    fn one_name_for_two_things_is_found() {
        let one = crate_of(&[
            ("a/src/main.rs", "mod b; mod c;"),
            ("a/src/b.rs", "struct Thing; enum Other {}"),
            ("a/src/c.rs", "type Thing = u8; #[cfg(test)] mod tests { struct Other; }"),
        ]);
        let wanted = vec!["a/src/b.rs".to_owned(), "a/src/c.rs".to_owned()];
        assert_eq!(doubled(&[one]), [("Thing".to_owned(), wanted)]);
    }
}
