//! The check `inbound_line`: whether the owner's number rings the agent, or the assistant of a mission that took it.

use super::finding::{Finding, Found};
use super::fix::Fix;
use super::installation::Installation;
use super::mission_ticks::has_ended;
use super::storage::{missions_file, object};
use serde_json::Value;
use state::sanitize;

pub(super) fn check(installation: &Installation) -> Vec<Found> {
    let missions = match object(&missions_file(&installation.skill), Fix::RecoverMissions) {
        Ok(missions) => missions,
        Err(broken) => return vec![broken.blocks("state", "not checked: see `state`")],
    };
    let is_moved = |mission: &Value| mission["inbound_line"] == "moved";
    let number = |mission: &Value| {
        let number = mission["agent_phone"].as_str().unwrap_or("the number");
        sanitize::line_up_to(number, 20)
    };
    let moved = || missions.iter().filter(|(_, mission)| is_moved(mission));
    let finding = if let Some((slug, mission)) = moved().find(|(_, mission)| has_ended(mission)) {
        let detail = format!(
            "{} rings the assistant of `{slug}`, which has ended, and no longer you",
            number(mission)
        );
        Finding::warn(detail, Fix::GiveLineBack(slug.clone()))
    } else if let Some((slug, mission)) = moved().next() {
        Finding::pass(format!("moved: {} rings the assistant of `{slug}`", number(mission)))
    } else {
        Finding::pass("no mission has moved it")
    };
    vec![finding.into()]
}
