//! Carries a plan out, and remembers each step before it is made: a kill leaves nothing that uninstall would not find.

use crate::edits::{Edit, Prepared};
use crate::ledger::{Ledger, change_config};
use crate::plan::{Plan, Wanted};
use crate::service::Kind;
use serde_json::{Map, Value, json};
use state::paths;
use std::path::Path;

/// What was changed: file, key, what happened to it, and what else is worth knowing.
#[derive(Clone, Debug, Default)]
pub struct Changes(Vec<Value>);

impl Changes {
    /// The list as JSON.
    pub fn as_json(&self) -> Value {
        json!(self.0)
    }

    /// One line for each, for people.
    pub fn as_text(&self) -> String {
        let text = |change: &Value, key: &str| {
            change
                .get(key)
                .and_then(Value::as_str)
                .map(|text| format!("{text} "))
                .unwrap_or_default()
        };
        let line = |change: &Value| {
            format!(
                "{}{}({})\n",
                text(change, "change"),
                text(change, "key"),
                text(change, "file").trim_end()
            )
        };
        self.0.iter().map(line).collect()
    }

    /// Writes the settings into `skill-config.json`, and makes it private.
    pub fn settings(&mut self, skill: &Path, plan: &Plan) -> anyhow::Result<()> {
        let path = paths::config(skill);
        let was_open = state::file::is_open_to_others(&path);
        let mut changed = change_config(skill, |config| {
            let mut changed = Vec::new();
            for (key, value) in &plan.settings {
                if config.get(*key) == value.as_ref() {
                    continue;
                }
                let what = put(config, key, value.clone());
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

    /// Makes an edit of the gateway's configuration. Whether there was anything to do.
    ///
    /// Fails if the file cannot be edited without guessing, or cannot be written; then nothing is remembered.
    pub fn edit(&mut self, skill: &Path, wanted: &Wanted) -> anyhow::Result<bool> {
        let Some(prepared) = Prepared::new(&wanted.place, wanted.change.clone())? else {
            return Ok(false);
        };
        let edit = prepared.edit.clone();
        let remember = |how: fn(&mut Ledger, &Edit)| {
            change_config(skill, |config| {
                let mut ledger = Ledger::of(config)?;
                how(&mut ledger, &edit);
                ledger.enter(config)
            })
        };
        remember(Ledger::add)?;
        match prepared.make() {
            Ok(backup) => {
                self.0.push(json!({"file": edit.file.display().to_string(), "change": edit.told(), "backup": backup.display().to_string()}));
                Ok(true)
            }
            Err(err) => {
                // The first error is the one to tell; an entry too many is harmless.
                let _ = remember(Ledger::forget);
                Err(err)
            }
        }
    }

    /// Makes `kind` the one thing that keeps the client running.
    pub fn service(
        &mut self,
        skill: &Path,
        before: Option<Kind>,
        kind: Option<Kind>,
    ) -> anyhow::Result<()> {
        let remember = |kind| {
            change_config(skill, |config| {
                let mut ledger = Ledger::of(config)?;
                ledger.service = kind;
                ledger.enter(config)
            })
        };
        if let Some(before) = before.filter(|before| Some(*before) != kind) {
            for gone in before.remove(skill)? {
                self.0.push(json!({"file": before.place(), "change": "removed", "text": gone}));
            }
            remember(None)?;
        }
        let Some(kind) = kind else { return Ok(()) };
        if before != Some(kind) {
            remember(Some(kind))?;
        }
        match kind.install(skill) {
            Ok(written) => {
                for text in written {
                    self.0.push(json!({"file": kind.place(), "change": "written", "text": text}));
                }
                Ok(())
            }
            Err(err) => {
                if before != Some(kind) {
                    // The first error is the one to tell.
                    let _ = remember(None);
                }
                Err(err)
            }
        }
    }
}

/// The configuration as the plan would leave it.
pub fn planned(config: &Map<String, Value>, plan: &Plan) -> Map<String, Value> {
    let mut config = config.clone();
    for (key, value) in &plan.settings {
        put(&mut config, key, value.clone());
    }
    config
}

fn put(config: &mut Map<String, Value>, key: &str, value: Option<Value>) -> &'static str {
    let Some(value) = value else {
        config.shift_remove(key);
        return "removed";
    };
    let old = config.insert(key.to_owned(), value);
    if old.is_some_and(|old| !old.is_null()) { "changed" } else { "set" }
}
