//! The table of countries: the country code behind which each country's numbers stand.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::Value;

/// The table as text.
pub(super) fn table(metadata: &Value, version: &str) -> anyhow::Result<String> {
    let mut countries: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for region in metadata["regions"].as_array().context("the metadata has no regions")? {
        let name = region["name"].as_str().context("a region has no name")?;
        // What is of no country has a number for its name.
        if name.bytes().all(|byte| byte.is_ascii_uppercase()) {
            countries.entry(region["code"].to_string()).or_default().push(name);
        }
    }
    let mut text = format!(
        "# Countries, from libphonenumber {version} by `cargo xtask numbers`.\n\
         # country code | the countries that have it, by ISO 3166\n"
    );
    for (code, mut names) in countries {
        names.sort_unstable();
        let _ = writeln!(text, "{code}|{}", names.join(" "));
    }
    Ok(text)
}
