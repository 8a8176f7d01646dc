//! The client of the scripts that these tools replace (`ws-client.js`), which may still run after an upgrade: it takes the
//! connection from ours, and ours from it. It is shown to the owner and never signalled.

use std::fs;
use std::path::Path;

use crate::storage::paths;

const PROGRAM: &str = "ws-client.js";

/// The pid of one that runs for this skill folder: by the file that it was started from, the folder that it was started in,
/// or the pid file. `None` too where the processes of others cannot be seen.
pub fn find(skill: &Path) -> Option<u32> {
    let real = skill.canonicalize().ok()?;
    let written = fs::read_to_string(paths::connect_pid(skill)).ok();
    let written = written.and_then(|pid| pid.trim().parse::<u32>().ok());
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).find(|pid| {
        script(*pid).is_some_and(|script| written == Some(*pid) || is_of(*pid, &script, &real))
    })
}

/// The script that a process runs, if it is the client's.
fn script(pid: u32) -> Option<String> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let line = String::from_utf8_lossy(&line);
    let mut words = line.split('\0');
    let program = words.next()?.rsplit('/').next()?;
    // What edits, shows or searches it has it among its words too.
    let runs_scripts = ["node", "nodejs", "bun", "sh", "dash", "bash"].contains(&program);
    words.find(|word| runs_scripts && word.rsplit('/').next() == Some(PROGRAM)).map(str::to_owned)
}

fn is_of(pid: u32, script: &str, skill: &Path) -> bool {
    let folder = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
    let script = folder.join(script);
    script.canonicalize().unwrap_or(script).starts_with(skill) || folder.starts_with(skill)
}
