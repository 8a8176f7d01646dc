//! `uninstall`: undoes exactly what setup did, and says what it left.

use crate::args::Uninstall;
use crate::client;
use crate::installed_links;
use crate::manifest::Manifest;
use crate::owned_files;
use crate::terminal::Terminal;
use crate::uninstall_steps::{self, UninstallStep};
use serde_json::{Value, json};
use state::config::Config;
use state::exit::{self, Exit};
use state::{out, paths, script_client};
use std::path::{Path, PathBuf};

/// Undoes what setup did. After a step that fails the others are done all the same; the first failure decides the exit
/// code, and running it again goes on.
pub fn run(args: &Uninstall) -> anyhow::Result<Exit> {
    let printer = super::printer(&args.common);
    let skill = paths::skill_dir(args.common.skill_dir.as_deref())?;
    let config = Config::load(&args.common)?;
    let manifest = Manifest::of(config.values())?;
    let delete_config = args.delete_config || (!args.keep_config && !args.dry_run && ask(&skill)?);
    let old_client = script_client::find(&skill);
    if let Some(pid) = old_client {
        out::warning(&format!(
            "the client of the old scripts still runs as process {pid}; end it with: kill {pid}"
        ));
    }
    let steps = steps(&skill, &manifest, args.delete_state, delete_config);
    let (mut done, mut failed, mut first) = (Vec::new(), Vec::new(), None);
    for step in &steps {
        let holds_manifest =
            matches!(step, UninstallStep::File(path) if *path == paths::config(&skill));
        let result = match holds_manifest && first.is_some() {
            _ if args.dry_run => Ok(()),
            true => Err(anyhow::anyhow!("it records what could not be undone")),
            false => step.run(&skill),
        };
        match result {
            Ok(()) => done.push(step.as_json()),
            Err(err) => {
                let mut step = step.as_json();
                step["why"] = json!(exit::one_line(&err));
                failed.push(step);
                first = first.or(Some(err));
            }
        }
    }
    let mut remaining = remaining(&skill, old_client.is_some());
    remaining.retain(|one| {
        let is_removed =
            |step: &UninstallStep| matches!(step, UninstallStep::File(path) if path == one);
        !(args.dry_run && steps.iter().any(is_removed))
    });
    let kept: Vec<_> = remaining.iter().map(|path| path.display().to_string()).collect();
    let verb = if args.dry_run { "would_do" } else { "done" };
    let document = json!({"skill_dir": skill.display().to_string(), verb: done, "failed": failed, "kept": kept, "removal": installed_links::removal(&skill)});
    printer.print(&document, || as_text(&document, verb))?;
    first.map_or(Ok(Exit::Done), Err)
}

/// Everything there is to do, in order. What would start the client again goes first, and the configuration last: it
/// holds the manifest of the rest.
fn steps(
    skill: &Path,
    manifest: &Manifest,
    delete_state: bool,
    delete_config: bool,
) -> Vec<UninstallStep> {
    let mut steps: Vec<UninstallStep> =
        manifest.supervisor.map(UninstallStep::Supervisor).into_iter().collect();
    steps.extend(uninstall_steps::mission_schedules(skill));
    if client::is_running(skill) {
        steps.push(UninstallStep::Client);
    }
    steps.extend(uninstall_steps::gateway_steps(manifest, skill));
    let mut files = owned_files::runtime_files(skill);
    if script_client::find(skill).is_some() {
        files.retain(|path| *path != paths::connect_pid(skill));
    }
    if delete_state {
        files.extend(owned_files::state_files(skill));
    }
    if delete_config {
        files.extend(owned_files::config_files(skill));
    }
    steps.extend(files.into_iter().map(UninstallStep::File));
    steps
}

/// Whether the owner, at a terminal, wants the configuration deleted; no without one.
fn ask(skill: &Path) -> anyhow::Result<bool> {
    let path = paths::config(skill);
    match Terminal::find().filter(|_| path.exists()) {
        Some(terminal) => {
            terminal.confirm(&format!("Delete {}? It holds your API key.", path.display()), false)
        }
        None => Ok(false),
    }
}

/// Our files that stay in the folder.
fn remaining(skill: &Path, script_client_runs: bool) -> Vec<PathBuf> {
    let mut remaining = owned_files::config_files(skill);
    remaining.extend(owned_files::state_files(skill));
    if script_client_runs {
        remaining.push(paths::connect_pid(skill));
    }
    remaining.retain(|path| path.extension().is_none_or(|end| end != "lock"));
    remaining
}

fn as_text(document: &Value, verb: &str) -> String {
    let label = if verb == "done" { "done" } else { "would do" };
    let mut text = String::new();
    let text_of = |step: &Value, key: &str| {
        step.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    for (key, label) in [(verb, label), ("failed", "FAILED")] {
        for step in document[key].as_array().into_iter().flatten() {
            let line = format!(
                "{label}: {} {} {}",
                text_of(step, "what"),
                text_of(step, "file"),
                text_of(step, "why")
            );
            text = format!("{text}{}\n", line.trim_end());
        }
    }
    for path in document["kept"].as_array().into_iter().flatten() {
        text = format!("{text}kept: {}\n", path.as_str().unwrap_or_default());
    }
    if text.is_empty() {
        text.push_str("Nothing of setup is left here.\n");
    }
    if let Some(command) = document["removal"].as_str() {
        text = format!(
            "{text}The programs are still there. They go, with what is kept, by:\n  {command}\n"
        );
    }
    text
}
