//! Whether what is remembered can be read, and whether more can be written.

use super::folder::{self, quoted};
use super::{Finding, Subject, missions};
use jiff::Timestamp;
use serde_json::Value;
use state::clock::Clock;
use state::config::Config;
use state::{env, exit, file, paths};
use std::fs;
use std::path::{Path, PathBuf};

/// A config, a state file and a log fit into this with ease.
const TOO_LITTLE: u64 = 10 << 20;
const LITTLE: u64 = 100 << 20;

/// As much as a state file of some size takes.
const TRIED: usize = 64 << 10;

pub(super) fn look(subject: &Subject) -> Vec<Finding> {
    let clock = subject.config.as_ref().map_or_else(|_| Clock::real(), Config::clock);
    vec![readable(&subject.skill, clock.now()), writable(&subject.skill)]
}

fn readable(skill: &Path, now: Timestamp) -> Finding {
    let state = env::path("CLAWDTALK_STATE_FILE").unwrap_or_else(|| paths::missions_state(skill));
    let files = [
        (state, "missions recover"),
        (paths::intents(skill), "mv"),
        (paths::do_not_call(skill), "mv"),
        (paths::own_calls(skill), "mv"),
    ];
    let broken = |(path, fix): &(PathBuf, &str)| {
        let bytes = match file::read(path) {
            Ok(bytes) => bytes?,
            Err(err) => {
                return Some(Finding::fail(exit::told(&err), format!("ls -l {}", quoted(path))));
            }
        };
        let why = match serde_json::from_slice::<Value>(&bytes) {
            Ok(Value::Object(_)) => return None,
            Ok(_) => "it is no JSON object".to_owned(),
            Err(err) => err.to_string(),
        };
        let fix = if *fix == "mv" {
            format!("mv {0} {0}.broken", quoted(path))
        } else {
            (*fix).to_owned()
        };
        Some(Finding::fail(format!("`{}` cannot be read: {why}", path.display()), fix))
    };
    files.iter().find_map(broken).unwrap_or_else(|| {
        let missions = file::read(&files[0].0).ok().flatten().unwrap_or_default();
        missions::looked_after(&serde_json::from_slice(&missions).unwrap_or_default(), now)
    })
}

fn writable(skill: &Path) -> Finding {
    if let Some(Finding::Fail { fix, .. }) = folder::unwritable(skill) {
        return Finding::warn("not tried: see `folder`", fix);
    }
    let fix = format!("df -h {}", quoted(skill));
    let free = match rustix::fs::statvfs(skill) {
        Ok(stat) => stat.f_bavail.saturating_mul(stat.f_frsize),
        Err(err) => return Finding::fail(format!("`{}`: {err}", skill.display()), fix),
    };
    let trial = skill.join(format!(".status-trial-{}", std::process::id()));
    file::survive_size_limit();
    let written = file::publish(&trial, &vec![b'x'; TRIED]);
    // It is gone already if it could not be written.
    let _ = fs::remove_file(&trial);
    if let Err(err) = written {
        return Finding::fail(exit::told(&err), fix);
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
