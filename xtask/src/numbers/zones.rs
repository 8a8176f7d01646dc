//! The table of time zones: in which zones a number may ring, by its first digits.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::Value;

use super::prefixes::Pattern;

/// Where a number of North America rings whose area code nobody knows yet: on the continent. The metadata lists every zone
/// from Guam to Newfoundland, and no hour is a business hour in all of them.
const NORTH_AMERICA: (&str, [&str; 4]) =
    ("1", ["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"]);

/// Where mobile numbers have area codes (libphonenumber's list).
const MOBILE_AREAS: [u64; 5] = [52, 54, 55, 62, 86];

/// The table as text: zones, and the prefixes that ring there. The longest prefix of a number counts.
pub(super) fn table(metadata: &Value, version: &str) -> anyhow::Result<String> {
    let zones = metadata["zones"].as_object().context("the metadata has no zones")?;
    let mut by_prefix: BTreeMap<&str, String> = BTreeMap::new();
    for (prefix, zones) in zones {
        // A mobile phone rings wherever its owner is: in any zone of the country.
        if is_mobile_alone(metadata, prefix)? {
            continue;
        }
        let zones = zones.as_array().into_iter().flatten().filter_map(Value::as_str);
        by_prefix.insert(prefix, zones.collect::<Vec<_>>().join(","));
    }
    by_prefix.insert(NORTH_AMERICA.0, NORTH_AMERICA.1.join(","));
    let mut by_zones: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (prefix, zones) in &by_prefix {
        let shorter = (1..prefix.len()).rev().find_map(|n| by_prefix.get(&prefix[..n]));
        if shorter != Some(zones) {
            by_zones.entry(zones).or_default().push(prefix);
        }
    }
    let mut text = format!(
        "# Time zones of numbers, from libphonenumber {version} by `cargo xtask numbers`.\n\
         # zones | the first digits of the numbers that may ring in any of them; the longest that fits counts\n"
    );
    for (zones, prefixes) in &by_zones {
        let _ = writeln!(text, "{zones}|{}", prefixes.join(" "));
    }
    Ok(text)
}

/// Whether the numbers that begin so are mobile ones, without an area code in them.
fn is_mobile_alone(metadata: &Value, prefix: &str) -> anyhow::Result<bool> {
    let (mut is_mobile, mut is_fixed) = (false, false);
    for region in metadata["regions"].as_array().into_iter().flatten() {
        let code = region["code"].as_u64().unwrap_or_default();
        let Some(digits) = prefix.strip_prefix(&code.to_string()).filter(|rest| !rest.is_empty())
        else {
            continue;
        };
        if MOBILE_AREAS.contains(&code) {
            return Ok(false);
        }
        let has = |kind: &str| -> anyhow::Result<bool> {
            let Some(pattern) = region[kind]["pattern"].as_str() else { return Ok(false) };
            Ok(!Pattern::new(pattern)?.lengths_behind(digits).is_empty())
        };
        is_mobile |= has("mobile")?;
        is_fixed |= has("fixed")?;
    }
    Ok(is_mobile && !is_fixed)
}
