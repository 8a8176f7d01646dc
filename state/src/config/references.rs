//! `${NAME}` in a configured value: replaced by what the environment or a `.env` file says, when the value is used.

use std::path::Path;

use crate::exit::Fault;
use crate::process::env;
use crate::storage::{file, paths};
use crate::text::dotenv;

/// Replaces each `${NAME}` in `value`: from the environment, else from `~/.openclaw/.env`, `~/.clawdbot/.env`,
/// `<skill>/.env`, the first that has it, else from `other`. `key` is the configuration key, for the error.
///
/// Fails (exit 3) if a name is set nowhere: a value is never sent with a reference still in it.
pub(super) fn resolve(
    key: &str,
    value: &str,
    skill: &Path,
    other: impl Fn(&str) -> Option<String>,
) -> Result<String, Fault> {
    let set = |name: &str| env::var(name).or_else(|| from_files(name, skill));
    resolve_with(key, value, |name| set(name).or_else(|| other(name)))
}

fn resolve_with(
    key: &str,
    value: &str,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<String, Fault> {
    let mut resolved = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(start) = rest.find("${") {
        let after = &rest[start + 2..];
        let Some(end) = after.find('}').filter(|end| dotenv::is_name(&after[..*end])) else {
            resolved.push_str(&rest[..start + 2]);
            rest = after;
            continue;
        };
        let name = &after[..end];
        let Some(found) = lookup(name) else {
            return Err(Fault::not_configured(format!(
                "`{key}` refers to ${{{name}}}, which is not set"
            ))
            .hint(format!("set {name} in the environment or in the skill folder's .env file")));
        };
        resolved.push_str(&rest[..start]);
        resolved.push_str(&found);
        rest = &after[end + 1..];
    }
    resolved.push_str(rest);
    Ok(resolved)
}

fn from_files(name: &str, skill: &Path) -> Option<String> {
    let home = env::home();
    let of_home = |dir: &str| home.as_ref().map(|home| home.join(dir).join(".env"));
    [of_home(".openclaw"), of_home(".clawdbot"), Some(paths::dotenv(skill))]
        .into_iter()
        .flatten()
        .filter_map(|path| file::read(&path).ok().flatten())
        .find_map(|bytes| dotenv::parse(&String::from_utf8_lossy(&bytes)).remove(name))
}

#[cfg(test)]
mod tests {
    use super::resolve_with;
    use proptest::prelude::*;

    #[test]
    fn a_reference_is_replaced_and_a_name_that_is_not_set_is_named() {
        let lookup = |name: &str| (name == "TOKEN").then(|| "abc".to_owned());
        assert_eq!(resolve_with("k", "x${TOKEN}y", lookup).unwrap(), "xabcy");
        assert_eq!(resolve_with("k", "${}${ a}$", lookup).unwrap(), "${}${ a}$");
        let fault = resolve_with("api_key", "${NOPE}", lookup).unwrap_err();
        assert_eq!(fault.to_string(), "`api_key` refers to ${NOPE}, which is not set");
    }

    proptest! {
        #[test]
        fn what_replaces_a_reference_is_not_searched_for_references(value in ".*", text in "[a-z ]*") {
            let resolved = resolve_with("k", &format!("{text}${{A}}{text}"), |_| Some(value.clone()));
            prop_assert_eq!(resolved.unwrap(), format!("{text}{value}{text}"));
        }
    }
}
