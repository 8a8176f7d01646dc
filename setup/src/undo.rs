//! The steps back: what each would do, and doing it.

use crate::edits::Edit;
use crate::gateway_file::Opened;
use crate::json5;
use crate::ledger::{Ledger, change_config};
use crate::service::{Kind, connect_of, program_of};
use anyhow::Context as _;
use serde_json::{Value, json};
use state::exit::{Exit, Fault};
use state::gateway_config::{Around, GatewayConfig, Place, find};
use state::lock::Lock;
use state::{crontab, file, paths, words};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One step.
#[derive(Clone, Debug)]
pub enum Step {
    /// Remove the unit or the crontab lines.
    Service(Kind),
    /// Remove the line that runs the ticks of a mission, by its mark.
    Mission(String),
    /// Remove the gateway's job that runs the ticks of a mission, by its slug.
    Job(String),
    /// End the running client.
    Client,
    /// Take back an edit of the gateway's configuration.
    Edit(Edit),
    /// Take the early versions' voice agent out of the gateway's configuration: from a list, or as an entry.
    VoiceAgent(Place, Option<Value>),
    /// Remove a file of ours.
    File(PathBuf),
}

impl Step {
    /// The step as JSON: what, and where.
    pub fn as_json(&self) -> Value {
        match self {
            Self::Service(kind) => {
                json!({"what": format!("remove the {kind} service"), "file": kind.place()})
            }
            Self::Mission(mark) => {
                json!({"what": format!("remove the line `{mark}`"), "file": "crontab"})
            }
            Self::Job(slug) => {
                json!({"what": format!("remove the gateway's job of the mission `{slug}`")})
            }
            Self::Client => json!({"what": "stop the client"}),
            Self::Edit(edit) => {
                json!({"what": format!("take back {}", edit.told()), "file": edit.file.display().to_string()})
            }
            Self::VoiceAgent(place, _) => {
                json!({"what": "remove the voice agent of early versions", "file": place.file.display().to_string()})
            }
            Self::File(path) => json!({"what": "remove", "file": path.display().to_string()}),
        }
    }

    /// Takes the step, and the entry about it out of the ledger.
    pub fn take(&self, skill: &Path) -> anyhow::Result<()> {
        match self {
            Self::Service(kind) => {
                kind.remove(skill)?;
                forget(skill, |ledger| ledger.service = None)
            }
            Self::Mission(mark) => crontab::set(skill, mark, &[]).map(|_| ()),
            Self::Job(slug) => remove_job(skill, slug),
            Self::Client => stop(skill),
            Self::Edit(edit) => {
                edit.undo()?;
                forget(skill, |ledger| ledger.gateway.retain(|entry| entry != edit))
            }
            Self::VoiceAgent(place, item) => remove_agent(place, item.as_ref()),
            Self::File(path) => match fs::remove_file(path) {
                // It went with the one that it belonged to: a copy that a kill had left, say.
                Err(err) if err.kind() == ErrorKind::NotFound => Ok(()),
                removed => removed.with_context(|| format!("removing `{}`", path.display())),
            },
        }
    }
}

/// The lines and jobs of missions, which nothing would remove once the programs are gone. A crontab that cannot be
/// read has none: `missions` could not have written there.
pub fn of_missions(skill: &Path) -> Vec<Step> {
    let lines = crontab::mission_marks(skill).unwrap_or_default().into_iter().map(Step::Mission);
    let state = file::read(&paths::missions_state(skill)).ok().flatten().unwrap_or_default();
    let state: Value = serde_json::from_slice(&state).unwrap_or_default();
    let missions = state.as_object().into_iter().flatten();
    let with_job = missions.filter(|(_, kept)| kept["cron"]["scheduler"] == "openclaw");
    lines.chain(with_job.map(|(slug, _)| Step::Job(slug.clone()))).collect()
}

/// `missions` knows how to speak to the gateway's scheduler.
fn remove_job(skill: &Path, slug: &str) -> anyhow::Result<()> {
    let missions = program_of(skill, "missions")?;
    let mut command = Command::new(&missions);
    command.args(["cron", "remove", "--quiet", "--skill-dir"]).arg(skill).args(["--", slug]);
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("running `{}`", missions.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = words::line(&String::from_utf8_lossy(&output.stderr));
    Err(Fault::new(Exit::Unavailable, format!("the gateway's job is still there: {said}"))
        .hint("start the gateway, then run `uninstall` again")
        .into())
}

/// The steps that concern the gateway's configuration, newest edit first: so that the oldest finds the file as
/// it left it.
pub fn of_gateway(ledger: &Ledger) -> Vec<Step> {
    let edits = ledger.gateway.iter().rev().cloned().map(Step::Edit);
    edits.chain(voice_agent()).collect()
}

fn voice_agent() -> Option<Step> {
    let around = Around::here()?;
    let own = GatewayConfig::read(find(&around).first()?, &around).ok()?;
    let item = own.early_voice_agent()?.cloned();
    let path: &[&str] =
        if item.is_some() { &["agents", "list"] } else { &["agents", "entries", "voice"] };
    Some(Step::VoiceAgent(own.owner(path), item))
}

fn remove_agent(place: &Place, item: Option<&Value>) -> anyhow::Result<()> {
    let opened = Opened::read(&place.file)?;
    let keys: Vec<&str> = place.keys.iter().map(String::as_str).collect();
    let text = match item {
        Some(item) => json5::remove_from_array(&opened.text, &keys, item, 0),
        None => json5::remove(&opened.text, &keys, 0),
    };
    match text.with_context(|| format!("editing `{}`", place.file.display()))? {
        Some(text) => opened.restore(&text),
        None => Ok(()),
    }
}

fn forget(skill: &Path, change: impl FnOnce(&mut Ledger)) -> anyhow::Result<()> {
    change_config(skill, |config| {
        let mut ledger = Ledger::of(config)?;
        change(&mut ledger);
        ledger.enter(config)
    })
}

/// Whether a client of ours runs.
pub fn is_running(skill: &Path) -> bool {
    Lock::is_held(&paths::connect_lock(skill))
}

/// `connect` knows how to stop itself without hitting a stranger's process.
fn stop(skill: &Path) -> anyhow::Result<()> {
    if !is_running(skill) {
        return Ok(());
    }
    let connect = connect_of(skill)?;
    let mut command = Command::new(&connect);
    command.args(["stop", "--quiet", "--skill-dir"]).arg(skill).stdin(Stdio::null());
    let output = command.output().with_context(|| format!("running `{}`", connect.display()))?;
    if output.status.success() || !is_running(skill) {
        return Ok(());
    }
    let said = words::line(&String::from_utf8_lossy(&output.stderr));
    let text = format!("the client could not be stopped: {said}");
    Err(Fault::new(Exit::Busy, text).hint("stop it, then run `uninstall` again").into())
}
