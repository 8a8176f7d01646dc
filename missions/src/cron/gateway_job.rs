//! A job of the gateway's own scheduler, through the gateway's program `openclaw`: over HTTP it cannot be reached.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use state::exit::{Exit, Fault};
use state::{env, sanitize};

use super::crontab_line::TickInterval;

/// How long the program waits for the gateway, in milliseconds: an idle one answers within 1.5 seconds.
const TIMEOUT: &str = "15000";

/// A job as it is declared to the gateway.
pub(super) struct GatewayJob<'a> {
    /// Its name and its key: to declare it again changes it.
    pub(super) name: &'a str,
    pub(super) every: TickInterval,
}

/// Where npm and the gateway's installer put programs at home: the PATH of what the gateway runs need not have it.
const AT_HOME: [&str; 2] = [".npm-global/bin", ".local/bin"];

/// The path of the program: searched for on the PATH and at home, and never taken from a file.
///
/// Fails (exit 3) if there is none.
pub(super) fn program() -> Result<PathBuf, Fault> {
    let path = env::var("PATH").unwrap_or_default();
    let at_home = env::home().into_iter().flat_map(|home| AT_HOME.map(|bin| home.join(bin)));
    let folders = std::env::split_paths(&path).chain(at_home);
    let mut places =
        folders.map(|folder| folder.join("openclaw")).filter(|place| place.is_absolute());
    places.find(|place| place.is_file()).ok_or_else(|| {
        Fault::not_configured("the program `openclaw` is not on the PATH")
            .hint("put its folder there, or let the user's cron run ticks: leave out --openclaw")
    })
}

/// Declares the job; its id if it is new.
pub(super) fn add(job: &GatewayJob, command: &[String]) -> anyhow::Result<Option<String>> {
    let (every, command) = (job.every.duration(), serde_json::to_string(command)?);
    let what = ["add", "--name", job.name, "--every", &every, "--command-argv", &command];
    // A command costs no turn of the agent, and what it prints is delivered to nobody.
    let how = ["--declaration-key", job.name, "--no-deliver", "--json"];
    let answer = run(&[&what[..], &how].concat())?;
    let is_new = answer["created"] == true;
    let id = answer["job"]["id"].as_str().ok_or_else(|| unreadable("add"))?;
    Ok(is_new.then(|| id.to_owned()))
}

/// Removes the job; false if there was none.
pub(super) fn remove(name: &str) -> anyhow::Result<bool> {
    let Some(id) = find(name)? else { return Ok(false) };
    run(&["rm", &id, "--json"])?;
    Ok(true)
}

/// The id of the job.
pub(super) fn find(name: &str) -> anyhow::Result<Option<String>> {
    let answer = run(&["list", "--all", "--json"])?;
    let jobs = answer["jobs"].as_array().ok_or_else(|| unreadable("list"))?;
    let ours = jobs.iter().find(|job| job["declarationKey"] == name);
    Ok(ours.and_then(|job| job["id"].as_str()).map(str::to_owned))
}

/// What `openclaw cron …` answers.
fn run(args: &[&str]) -> anyhow::Result<Value> {
    let mut command = Command::new(program()?);
    command.arg("cron").args(args).args(["--timeout", TIMEOUT]).stdin(Stdio::null());
    let output = command.output().map_err(|err| unavailable(args[0], &err.to_string()))?;
    if !output.status.success() {
        let error = sanitize::line(&String::from_utf8_lossy(&output.stderr));
        let error = if error.is_empty() { output.status.to_string() } else { error };
        return Err(unavailable(args[0], &error).into());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    // A banner may stand before it.
    let start = text.find('{').ok_or_else(|| unreadable(args[0]))?;
    serde_json::from_str(&text[start..]).map_err(|_| unreadable(args[0]).into())
}

fn unavailable(verb: &str, why: &str) -> Fault {
    Fault::new(Exit::Unavailable, format!("`openclaw cron {verb}` failed: {why}"))
        .hint("start the gateway, or leave out --openclaw to use the user's cron")
}

fn unreadable(verb: &str) -> Fault {
    unavailable(verb, "its answer is not the JSON that was asked for")
}
