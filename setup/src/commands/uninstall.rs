//! `uninstall`: undoes exactly what setup did, and says what it left.

use crate::args::Uninstall;
use crate::ledger::Ledger;
use crate::terminal::Terminal;
use crate::undo::{self, Step};
use crate::{remains, undo::is_running};
use serde_json::{Value, json};
use state::config::Config;
use state::exit::{self, Exit};
use state::out;
use state::paths;
use std::path::{Path, PathBuf};

/// Undoes it. A step that fails does not keep the others from being taken; the first failure decides the exit
/// code, and running it again goes on.
pub fn run(args: &Uninstall) -> anyhow::Result<Exit> {
    let printer = super::printer(&args.common);
    let skill = paths::skill_dir(args.common.skill_dir.as_deref())?;
    let config = Config::load(&args.common)?;
    let ledger = Ledger::of(config.raw())?;
    let delete_config = args.delete_config || (!args.keep_config && !args.dry_run && ask(&skill)?);
    let old_client = remains::old_client(&skill);
    if let Some(pid) = old_client {
        out::warning(&format!(
            "the reference's client still runs as process {pid}; end it with: kill {pid}"
        ));
    }
    let steps = steps(&skill, &ledger, args.delete_state, delete_config);
    let (mut done, mut failed, mut first) = (Vec::new(), Vec::new(), None);
    for step in &steps {
        let is_memory = matches!(step, Step::File(path) if *path == paths::config(&skill));
        let result = match is_memory && first.is_some() {
            _ if args.dry_run => Ok(()),
            true => Err(anyhow::anyhow!("it remembers what could not be undone")),
            false => step.take(&skill),
        };
        match result {
            Ok(()) => done.push(step.as_json()),
            Err(err) => {
                let mut step = step.as_json();
                step["why"] = json!(exit::told(&err));
                failed.push(step);
                first = first.or(Some(err));
            }
        }
    }
    let mut kept = kept(&skill, old_client.is_some());
    kept.retain(|kept| {
        !steps.iter().any(|step| matches!(step, Step::File(path) if path == kept) && args.dry_run)
    });
    let kept: Vec<_> = kept.iter().map(|path| path.display().to_string()).collect();
    let verb = if args.dry_run { "would_do" } else { "done" };
    let document = json!({"skill_dir": skill.display().to_string(), verb: done, "failed": failed, "kept": kept});
    printer.document(&document, || as_text(&document, verb))?;
    first.map_or(Ok(Exit::Done), Err)
}

/// Everything there is to do, in order: first nothing may start the client again, last goes what knows the rest.
fn steps(skill: &Path, ledger: &Ledger, delete_state: bool, delete_config: bool) -> Vec<Step> {
    let mut steps: Vec<Step> = ledger.service.map(Step::Service).into_iter().collect();
    steps.extend(undo::of_missions(skill));
    if is_running(skill) {
        steps.push(Step::Client);
    }
    steps.extend(undo::of_gateway(ledger));
    let mut files = remains::of_running(skill);
    if remains::old_client(skill).is_some() {
        files.retain(|path| *path != paths::connect_pid(skill));
    }
    if delete_state {
        files.extend(remains::of_state(skill));
    }
    if delete_config {
        files.extend(remains::of_config(skill));
    }
    steps.extend(files.into_iter().map(Step::File));
    steps
}

fn ask(skill: &Path) -> anyhow::Result<bool> {
    let path = paths::config(skill);
    match Terminal::find().filter(|_| path.exists()) {
        Some(terminal) => {
            terminal.confirm(&format!("Delete {}? It holds your API key.", path.display()), false)
        }
        None => Ok(false),
    }
}

/// What stays in the folder although it is ours.
fn kept(skill: &Path, runs_old: bool) -> Vec<PathBuf> {
    let mut kept = remains::of_config(skill);
    kept.extend(remains::of_state(skill));
    if runs_old {
        kept.push(paths::connect_pid(skill));
    }
    kept.retain(|path| path.extension().is_none_or(|end| end != "lock"));
    kept
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
    if text.is_empty() { "Nothing of setup is left here.\n".to_owned() } else { text }
}
