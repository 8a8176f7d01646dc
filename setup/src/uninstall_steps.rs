//! The steps of an uninstall: what each one is, and doing it.

use crate::client;
use crate::gate_plugin;
use crate::gateway_edit::Edit;
use crate::gateway_file::GatewayFile;
use crate::json5;
use crate::manifest::{self, Manifest};
use crate::programs::program_of;
use crate::supervisor::Supervisor;
use anyhow::Context as _;
use serde_json::{Value, json};
use state::exit::{Exit, Fault};
use state::gateway_config::{GatewayConfig, GatewayEnv, ValueLocation, find};
use state::{crontab, file, json as state_json, paths, sanitize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One step.
#[derive(Clone, Debug)]
pub enum UninstallStep {
    /// Remove the unit or the crontab lines.
    Supervisor(Supervisor),
    /// Remove the crontab line that runs the ticks of a mission, by the comment that marks it.
    MissionLine(String),
    /// Remove the gateway's job that runs the ticks of a mission, by its slug.
    MissionJob(String),
    /// Stop the running client.
    Client,
    /// Take back an edit of the gateway's configuration, which was made after these others.
    GatewayEdit(Edit, Vec<Edit>),
    /// Remove the gate's folder, which the gateway's configuration no longer names.
    Gate(PathBuf),
    /// Take the early versions' voice agent out of the gateway's configuration: from a list, or as an entry.
    VoiceAgent(ValueLocation, Option<Value>),
    /// Remove a file of ours.
    File(PathBuf),
}

impl UninstallStep {
    /// The step as JSON: what is done, and to which file.
    pub fn as_json(&self) -> Value {
        match self {
            Self::Supervisor(supervisor) => {
                json!({"what": format!("remove the {supervisor} service"), "file": supervisor.place()})
            }
            Self::MissionLine(mark) => {
                json!({"what": format!("remove the line `{mark}`"), "file": "crontab"})
            }
            Self::MissionJob(slug) => {
                json!({"what": format!("remove the gateway's job of the mission `{slug}`")})
            }
            Self::Client => json!({"what": "stop the client"}),
            Self::GatewayEdit(edit, _) => {
                json!({"what": format!("take back {}", edit.description()), "file": edit.file.display().to_string()})
            }
            Self::Gate(folder) => {
                json!({"what": "remove the gate", "file": folder.display().to_string()})
            }
            Self::VoiceAgent(place, _) => {
                json!({"what": "remove the voice agent of early versions", "file": place.file.display().to_string()})
            }
            Self::File(path) => json!({"what": "remove", "file": path.display().to_string()}),
        }
    }

    /// Does the step, and removes its entry from the manifest.
    pub fn run(&self, skill: &Path) -> anyhow::Result<()> {
        match self {
            Self::Supervisor(supervisor) => {
                supervisor.remove(skill)?;
                manifest::update(skill, |manifest| manifest.supervisor = None)
            }
            Self::MissionLine(mark) => crontab::set_lines(skill, mark, &[]).map(|_| ()),
            Self::MissionJob(slug) => remove_job(skill, slug),
            Self::Client => client::stop(skill),
            Self::GatewayEdit(edit, earlier) => {
                edit.undo(earlier)?;
                manifest::update(skill, |manifest| manifest.gateway.retain(|entry| entry != edit))
            }
            Self::Gate(folder) => {
                gate_plugin::remove(folder)?;
                manifest::update_config(skill, |config| {
                    if let Some(gate) = config.get_mut("gate").and_then(Value::as_object_mut) {
                        gate.shift_remove("on");
                        if gate.is_empty() {
                            config.shift_remove("gate");
                        }
                    }
                    Ok(())
                })?;
                manifest::update(skill, |manifest| manifest.gate = None)
            }
            Self::VoiceAgent(place, item) => remove_voice_agent(place, item.as_ref()),
            Self::File(path) => match fs::remove_file(path) {
                // An earlier step may have removed it, such as the copy that a killed write had left.
                Err(err) if err.kind() == ErrorKind::NotFound => Ok(()),
                removed => removed.with_context(|| format!("removing `{}`", path.display())),
            },
        }
    }
}

/// The crontab lines and gateway jobs of missions, which nothing would remove once the programs are gone. A crontab that
/// cannot be read has none: `missions` could not have written there.
pub fn mission_schedules(skill: &Path) -> Vec<UninstallStep> {
    let marks = crontab::mission_marks(skill).unwrap_or_default();
    let lines = marks.into_iter().map(UninstallStep::MissionLine);
    let state = file::read(&paths::missions_state(skill)).ok().flatten().unwrap_or_default();
    let state: Value = state_json::parse_of_python(&state).map_or(Value::Null, |(state, _)| state);
    let missions = state.as_object().into_iter().flatten();
    let with_job = missions.filter(|(_, mission)| mission["cron"]["scheduler"] == "openclaw");
    lines.chain(with_job.map(|(slug, _)| UninstallStep::MissionJob(slug.clone()))).collect()
}

/// Removes the job by `missions`, which knows how to speak to the gateway's scheduler.
fn remove_job(skill: &Path, slug: &str) -> anyhow::Result<()> {
    let missions = program_of(skill, "missions")?;
    let mut command = Command::new(&missions);
    command.args(["cron", "remove", "--quiet", "--skill-dir"]).arg(skill).args(["--", slug]);
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("running `{}`", missions.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = sanitize::line(&String::from_utf8_lossy(&output.stderr));
    Err(Fault::new(Exit::Unavailable, format!("the gateway's job is still there: {stderr}"))
        .hint("start the gateway, then run `uninstall` again")
        .into())
}

/// The steps that concern the gateway's configuration, newest edit first: each finds the file as it had left it.
pub fn gateway_steps(manifest: &Manifest, skill: &Path) -> Vec<UninstallStep> {
    let edits = &manifest.gateway;
    let step =
        |(at, edit): (usize, &Edit)| UninstallStep::GatewayEdit(edit.clone(), edits[..at].to_vec());
    let gate = manifest.gate.clone().map(UninstallStep::Gate);
    edits.iter().enumerate().rev().map(step).chain(gate).chain(voice_agent(skill)).collect()
}

fn voice_agent(skill: &Path) -> Option<UninstallStep> {
    let env = GatewayEnv::of_process()?;
    let gateway = GatewayConfig::read(find(&env, Some(skill)).first()?, &env).ok()?;
    let item = gateway.early_voice_agent()?.cloned();
    let path: &[&str] =
        if item.is_some() { &["agents", "list"] } else { &["agents", "entries", "voice"] };
    Some(UninstallStep::VoiceAgent(gateway.location(path), item))
}

fn remove_voice_agent(place: &ValueLocation, item: Option<&Value>) -> anyhow::Result<()> {
    let file = GatewayFile::read(&place.file)?;
    let keys: Vec<&str> = place.keys.iter().map(String::as_str).collect();
    let text = match item {
        Some(item) => json5::remove_item(&file.text, &keys, item),
        None => json5::remove_member(&file.text, &keys),
    };
    match text.with_context(|| format!("editing `{}`", place.file.display()))? {
        Some(text) => file.restore(&text),
        None => Ok(()),
    }
}
