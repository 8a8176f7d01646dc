//! The checks `state` and `disk`: whether the stored files can be read, and whether more can be written.

use super::finding::{Finding, Found};
use super::fix::Fix;
use super::folder;
use super::installation::Installation;
use super::mission_ticks;
use jiff::Timestamp;
use serde_json::{Map, Value};
use state::clock::Clock;
use state::config::Config;
use state::{env, exit, file, json, paths};
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes free below which the check fails, and below which it warns; configuration, state and log take a few MiB.
const TOO_LITTLE: u64 = 10 << 20;
const LITTLE: u64 = 100 << 20;

/// The size of the file that is written as a trial, in bytes: that of a state file of some missions.
const TRIAL_SIZE: usize = 64 << 10;

pub(super) fn check(installation: &Installation) -> Vec<Found> {
    let clock = installation.config.as_ref().map_or_else(|_| Clock::system(), Config::clock);
    vec![readable(&installation.skill, clock.now()).into(), writable(&installation.skill)]
}

fn readable(skill: &Path, now: Timestamp) -> Finding {
    let missions = match object(&missions_file(skill), Fix::RecoverMissions) {
        Ok(missions) => missions,
        Err(finding) => return finding,
    };
    let others = [paths::intents(skill), paths::do_not_call(skill), paths::placed_calls(skill)];
    let broken = |path: &PathBuf| object(path, Fix::SetAside(path.clone())).err();
    let broken = others.iter().find_map(broken);
    broken.unwrap_or_else(|| mission_ticks::check(&missions, now))
}

/// The file of the missions.
pub(super) fn missions_file(skill: &Path) -> PathBuf {
    env::path("CLAWDTALK_STATE_FILE").unwrap_or_else(|| paths::missions_state(skill))
}

/// The object in a stored file, empty if there is none. Fails with the finding, which has this fix if the file is broken.
pub(super) fn object(path: &Path, fix: Fix) -> Result<Map<String, Value>, Finding> {
    let bytes = file::read(path)
        .map_err(|err| Finding::fail(exit::one_line(&err), Fix::ShowFile(path.to_owned())))?;
    let Some(bytes) = bytes else { return Ok(Map::new()) };
    let why = match json::parse_of_python(&bytes) {
        Ok((Value::Object(object), _)) => return Ok(object),
        Ok(_) => "it is no JSON object".to_owned(),
        Err(err) => err.to_string(),
    };
    Err(Finding::fail(format!("`{}` cannot be read: {why}", path.display()), fix))
}

fn writable(skill: &Path) -> Found {
    match folder::missing(skill).or_else(|| folder::unwritable(skill)) {
        Some(unusable) => unusable.blocks("folder", "not tried: see `folder`"),
        None => room(skill).into(),
    }
}

fn room(skill: &Path) -> Finding {
    let fix = Fix::ShowSpace(skill.to_owned());
    let free = match rustix::fs::statvfs(skill) {
        Ok(stat) => stat.f_bavail.saturating_mul(stat.f_frsize),
        Err(err) => return Finding::fail(format!("`{}`: {err}", skill.display()), fix),
    };
    let trial = skill.join(format!(".status-trial-{}", std::process::id()));
    file::catch_size_limit_signal();
    let written = file::replace_unsynced(&trial, &vec![b'x'; TRIAL_SIZE]);
    // There is none if it could not be written.
    let _ = fs::remove_file(&trial);
    if let Err(err) = written {
        return Finding::fail(exit::one_line(&err), fix);
    }
    let detail = format!("{} MiB free", free >> 20);
    if free < TOO_LITTLE {
        Finding::fail(detail, fix)
    } else if free < LITTLE {
        Finding::warn(detail, fix)
    } else {
        Finding::pass(detail)
    }
}
