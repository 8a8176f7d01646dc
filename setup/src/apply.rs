//! Carries a plan out. Each step is recorded in the manifest before it is made, so that a kill in between leaves nothing
//! that uninstall would not find.

use crate::folder_modes;
use crate::gate_plugin;
use crate::gateway_edit::PreparedEdit;
use crate::git_ignore;
use crate::manifest::{self, Manifest, update_config};
use crate::plan::{PlannedEdit, SetupPlan, set_or_remove};
use crate::supervisor::{self, Supervisor};
use anyhow::Context as _;
use serde_json::{Value, json};
use state::paths;
use state::terminal::wrapped;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// What was changed: a JSON object for each change, with the file, the key, what happened to it, and its backup or text.
#[derive(Clone, Debug, Default)]
pub struct AppliedChanges(Vec<Value>);

impl AppliedChanges {
    /// The list as JSON.
    pub fn as_json(&self) -> Value {
        json!(self.0)
    }

    /// One line for each, for people, broken at so many columns.
    pub fn as_text(&self, width: Option<usize>) -> String {
        let text = |change: &Value, key: &str| {
            change
                .get(key)
                .and_then(Value::as_str)
                .map(|text| format!("{text} "))
                .unwrap_or_default()
        };
        let line = |change: &Value| {
            let (what, key, file) =
                (text(change, "change"), text(change, "key"), text(change, "file"));
            let line = format!("{what}{key}({})", file.trim_end());
            format!("{}\n", wrapped(&line, width, 2))
        };
        self.0.iter().map(line).collect()
    }

    /// Writes the planned values into `skill-config.json`, and makes the file private.
    pub fn write_config(&mut self, skill: &Path, plan: &SetupPlan) -> anyhow::Result<()> {
        let path = paths::config(skill);
        let was_open = state::file::is_accessible_to_others(&path);
        let mut changed = update_config(skill, |config| {
            let mut changed = Vec::new();
            for (key, value) in &plan.config {
                if config.get(*key) == value.as_ref() {
                    continue;
                }
                let what = set_or_remove(config, key, value.clone());
                changed
                    .push(json!({"file": path.display().to_string(), "key": key, "change": what}));
            }
            Ok(changed)
        })?;
        if was_open {
            changed
                .push(json!({"file": path.display().to_string(), "change": "made private (0600)"}));
        }
        self.0.append(&mut changed);
        Ok(())
    }

    /// Lets nobody else write to the folder or read what is private in it.
    pub fn close_folder(&mut self, skill: &Path) -> anyhow::Result<()> {
        for (path, mode) in folder_modes::too_open(skill) {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))
                .with_context(|| format!("making `{}` private", path.display()))?;
            let change = format!("made private ({mode:04o})");
            self.0.push(json!({"file": path.display().to_string(), "change": change}));
        }
        Ok(())
    }

    /// Keeps the client running while the owner is logged out.
    pub fn enable_lingering(&mut self) -> anyhow::Result<()> {
        supervisor::enable_lingering()?;
        self.0.push(json!({"file": "systemd", "change": "lingering on (uninstall leaves it; loginctl disable-linger)"}));
        Ok(())
    }

    /// Keeps the private files of the folder out of git.
    pub fn write_git_ignore(&mut self, skill: &Path) -> anyhow::Result<()> {
        if git_ignore::write(skill)? {
            let file = git_ignore::path(skill).display().to_string();
            self.0.push(json!({"file": file, "change": "keeps keys out of git"}));
        }
        Ok(())
    }

    /// Makes an edit of the gateway's configuration. Whether there was anything to do.
    ///
    /// Fails if the file cannot be edited without guessing, or cannot be written; then nothing is recorded.
    pub fn edit_gateway(&mut self, skill: &Path, planned: &PlannedEdit) -> anyhow::Result<bool> {
        let Some(prepared) = PreparedEdit::new(&planned.place, planned.change.clone())? else {
            return Ok(false);
        };
        let edit = prepared.edit.clone();
        manifest::update(skill, |manifest| manifest.add(&edit))?;
        match prepared.make() {
            Ok(backup) => {
                self.0.push(json!({"file": edit.file.display().to_string(), "change": edit.description(), "backup": backup.display().to_string()}));
                Ok(true)
            }
            Err(err) => {
                // An entry too many is harmless, so that the edit's own error is the one to report.
                let _ = manifest::update(skill, |manifest| manifest.remove(&edit));
                Err(err)
            }
        }
    }

    /// Puts the gate's folder beside the gateway's configuration, and switches it on in ours. The gateway's configuration is to
    /// name it afterwards.
    pub fn write_gate(&mut self, skill: &Path, folder: &Path) -> anyhow::Result<()> {
        manifest::update(skill, |manifest| manifest.gate = Some(folder.to_owned()))?;
        if gate_plugin::write(folder)? {
            let file = folder.display().to_string();
            self.0.push(json!({"file": file, "change": "gate written"}));
        }
        let is_on = update_config(skill, |config| {
            let gate = config.entry("gate").or_insert_with(|| json!({}));
            let before = gate["on"] == true;
            gate["on"] = json!(true);
            Ok(before)
        })?;
        if !is_on {
            let file = paths::config(skill).display().to_string();
            self.0.push(json!({"file": file, "key": "gate.on", "change": "set"}));
        }
        Ok(())
    }

    /// Makes `chosen` the one thing that keeps the client running, in place of what setup installed before.
    pub fn switch_supervisor(
        &mut self,
        skill: &Path,
        before: Option<Supervisor>,
        chosen: Option<Supervisor>,
    ) -> anyhow::Result<()> {
        let record = |supervisor| {
            manifest::update(skill, |manifest: &mut Manifest| manifest.supervisor = supervisor)
        };
        if let Some(before) = before.filter(|before| Some(*before) != chosen) {
            for text in before.remove(skill)? {
                self.0.push(json!({"file": before.place(), "change": "removed", "text": text}));
            }
            record(None)?;
        }
        let Some(chosen) = chosen else { return Ok(()) };
        if before != Some(chosen) {
            record(Some(chosen))?;
        }
        match chosen.install(skill) {
            Ok(written) => {
                for text in written {
                    self.0.push(json!({"file": chosen.place(), "change": "written", "text": text}));
                }
                Ok(())
            }
            Err(err) => {
                if before != Some(chosen) {
                    // The error of the installation is the one to report.
                    let _ = record(None);
                }
                Err(err)
            }
        }
    }
}
