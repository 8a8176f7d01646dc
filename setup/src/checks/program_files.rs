//! The check `programs`: whether all of them are there, and those of the system that something here needs.

use super::finding::{Finding, Found};
use super::fix::Fix;
use super::installation::Installation;
use crate::programs::program_of;
use state::invocation::PROGRAMS;

pub(super) fn check(installation: &Installation) -> Vec<Found> {
    let skill = &installation.skill;
    let is_missing = |name: &&&str| program_of(skill, name).is_err();
    let missing: Vec<&str> = PROGRAMS.iter().filter(is_missing).copied().collect();
    let finding = if missing.is_empty() {
        Finding::pass("all eight are there")
    } else {
        let detail =
            format!("missing in `{}`: {}", skill.join("bin").display(), missing.join(", "));
        // Without the client nothing works; the others are missed by whoever calls them.
        let is_needed = missing.contains(&"connect");
        if is_needed {
            Finding::fail(detail, Fix::Reinstall)
        } else {
            Finding::warn(detail, Fix::Reinstall)
        }
    };
    vec![finding.into()]
}
