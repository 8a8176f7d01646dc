//! The table of numbering plans: for each country code the lengths of its national numbers, its trunk prefix, and what costs
//! the caller more than a call.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::Value;

use super::prefixes::{DigitPrefix, Pattern};

/// What a region's numbers of one kind look like.
struct Kind<'a> {
    pattern: &'a str,
    lengths: BTreeSet<usize>,
}

/// What all regions of a country code have in common.
#[derive(Default)]
struct RegionsPlan {
    /// Each length with the digits that numbers of it begin with.
    lengths: BTreeMap<usize, BTreeSet<char>>,
    trunk: String,
    /// Whether national numbers may begin with the trunk prefix themselves.
    is_trunk_ambiguous: bool,
    premium: BTreeSet<DigitPrefix>,
}

/// The table as text.
pub(super) fn table(metadata: &Value, version: &str) -> anyhow::Result<String> {
    let mut plans: BTreeMap<String, RegionsPlan> = BTreeMap::new();
    for region in metadata["regions"].as_array().context("the metadata has no regions")? {
        let name = region["name"].as_str().unwrap_or_default();
        let plan = plans.entry(region["code"].to_string()).or_default();
        plan.add(region).with_context(|| format!("reading the region {name}"))?;
    }
    let mut text = format!(
        "# Numbering plans, from libphonenumber {version} by `cargo xtask numbers`.\n\
         # country code | lengths of national numbers:first digits, where not all numbers begin so | trunk prefix, `?` if a number\n\
         # may begin with it | premium prefixes:lengths, where not all lengths are\n"
    );
    for (code, plan) in &plans {
        let lengths = plan.written_lengths();
        let mark = if plan.is_trunk_ambiguous { "?" } else { "" };
        let _ = write!(text, "{code}|{lengths}|{}{mark}|", plan.trunk);
        let lengths = plan.lengths.keys().copied().collect();
        let premium: Vec<String> = plan.premium().iter().map(|one| one.written(&lengths)).collect();
        let _ = writeln!(text, "{}", premium.join(" "));
    }
    Ok(text)
}

impl RegionsPlan {
    fn add(&mut self, region: &Value) -> anyhow::Result<()> {
        let all = kind(&region["all"]).context("it has no numbers")?;
        let pattern = Pattern::new(all.pattern)?;
        region["trunk"].as_str().unwrap_or_default().clone_into(&mut self.trunk);
        if !self.trunk.is_empty() {
            self.is_trunk_ambiguous |= !pattern.lengths_behind(&self.trunk).is_empty();
        }
        for digit in '0'..='9' {
            for length in pattern.lengths_behind(&digit.to_string()).intersection(&all.lengths) {
                self.lengths.entry(*length).or_default().insert(digit);
            }
        }
        if let Some(premium) = kind(&region["premium"]) {
            self.premium.extend(Pattern::new(premium.pattern)?.prefixes(&premium.lengths));
        }
        Ok(())
    }

    /// `7:3,10`: numbers of ten digits, and those of seven that begin with 3.
    fn written_lengths(&self) -> String {
        let any: BTreeSet<char> = self.lengths.values().flatten().copied().collect();
        let written = |(length, digits): (&usize, &BTreeSet<char>)| {
            if *digits == any {
                length.to_string()
            } else {
                format!("{length}:{}", digits.iter().collect::<String>())
            }
        };
        self.lengths.iter().map(written).collect::<Vec<_>>().join(",")
    }

    /// The premium prefixes without those that a shorter one covers: regions that share a country code repeat each other.
    fn premium(&self) -> Vec<&DigitPrefix> {
        let covers = |short: &DigitPrefix, long: &DigitPrefix| {
            short.digits.len() < long.digits.len()
                && long.digits.starts_with(&short.digits)
                && long.lengths.is_subset(&short.lengths)
        };
        let is_needed = |one: &&DigitPrefix| !self.premium.iter().any(|other| covers(other, one));
        self.premium.iter().filter(is_needed).collect()
    }
}

impl DigitPrefix {
    /// `900`, or `845464:7` where it is not all lengths that the country has.
    fn written(&self, lengths: &BTreeSet<usize>) -> String {
        if self.lengths == *lengths {
            return self.digits.clone();
        }
        format!("{}:{}", self.digits, listed(&self.lengths))
    }
}

fn kind(value: &Value) -> Option<Kind<'_>> {
    let lengths = value["lengths"].as_array()?.iter().filter_map(Value::as_u64);
    let lengths = lengths.filter_map(|length| usize::try_from(length).ok()).collect();
    Some(Kind { pattern: value["pattern"].as_str()?, lengths })
}

fn listed(lengths: &BTreeSet<usize>) -> String {
    lengths.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}
