//! `recover` and `import`: what was broken, and what was elsewhere, becomes part of the state file.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use state::exit::{Exit, Fault};
use state::{file, out, words};

use crate::args::Import;
use crate::context::Context;
use crate::slug;
use crate::state_file::{Missions, Salvaged, parse, read_other, salvage};
use crate::suggest;

/// What `recover` did.
enum Recovered {
    /// There is no file.
    NoFile,
    /// The file is whole and was left alone.
    Whole,
    /// What could be read stands in the file now, the broken one beside it.
    Saved(Salvaged, PathBuf),
}

pub(crate) fn recover(context: &Context) -> anyhow::Result<Exit> {
    let path = context.file.path();
    let done = file::update(path, |bytes| {
        let Some(bytes) = bytes else { return Ok((None, Recovered::NoFile)) };
        if parse(path, Some(&bytes)).is_ok() {
            return Ok((None, Recovered::Whole));
        }
        let kept = copy_of(path, &bytes).unwrap_or_else(|| beside(path, context.now()));
        if !kept.exists() {
            file::replace(&kept, &bytes)?;
        }
        let saved = salvage(&bytes);
        let new = Missions::new(saved.missions.clone()).to_bytes()?;
        Ok((Some(new), Recovered::Saved(saved, kept)))
    })?;
    let state = path.display().to_string();
    let (document, text) = match done {
        Recovered::NoFile => (
            json!({ "state": state, "broken": false, "kept": null, "whole": [], "cut": [], "lost_bytes": 0 }),
            format!("`{state}` does not exist: nothing to recover"),
        ),
        Recovered::Whole => (
            json!({ "state": state, "broken": false, "kept": null, "whole": [], "cut": [], "lost_bytes": 0 }),
            format!("`{state}` is not broken: it was left alone"),
        ),
        Recovered::Saved(saved, kept) => told(&state, &saved, &kept),
    };
    context.printer.done(&document, || text)?;
    Ok(Exit::Done)
}

fn told(state: &str, saved: &Salvaged, kept: &Path) -> (Value, String) {
    let all = saved.missions.keys().map(String::as_str);
    let (cut, whole): (Vec<&str>, Vec<&str>) =
        all.partition(|slug| saved.cut.iter().any(|cut| cut == slug));
    let kept = kept.display().to_string();
    let list = |slugs: &[&str]| {
        if slugs.is_empty() { "none".to_owned() } else { suggest::listed(slugs, 20) }
    };
    let text = format!(
        "Saved whole: {}\nSaved in part: {}\nLost: {} bytes\nThe broken file is kept as {kept}",
        list(&whole),
        list(&cut),
        saved.lost
    );
    let document = json!({
        "state": state, "broken": true, "kept": kept, "whole": whole, "cut": cut, "lost_bytes": saved.lost,
    });
    (document, text)
}

/// A copy of the broken file that is there already: on a full disk, each attempt would make another one.
fn copy_of(path: &Path, bytes: &[u8]) -> Option<PathBuf> {
    let name = format!("{}.broken-", path.file_name().unwrap_or_default().to_string_lossy());
    let files = std::fs::read_dir(path.parent()?).ok()?.flatten();
    let mut copies = files.filter(|file| {
        file.file_name().to_string_lossy().starts_with(&name) && file::holds(&file.path(), bytes)
    });
    copies.next().map(|file| file.path())
}

/// A name for the broken file that nothing has yet.
fn beside(path: &Path, now: Timestamp) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stamp = now.strftime("%Y%m%dT%H%M%SZ");
    let names = (0..1000).map(|n| match n {
        0 => format!("{name}.broken-{stamp}"),
        n => format!("{name}.broken-{stamp}.{n}"),
    });
    let mut paths = names.map(|name| path.with_file_name(name));
    paths.find(|path| !path.exists()).unwrap_or_else(|| path.with_extension("broken"))
}

pub(crate) fn import(context: &Context, args: &Import) -> anyhow::Result<Exit> {
    let shown = args.file.display();
    let other = missions_of(&shown.to_string(), read_other(&args.file)?)?;
    let mut done = Merged::default();
    context.file.change(|missions| {
        done = Merged::default();
        for mission in other.iter() {
            done.take_over(missions, mission.slug(), mission.fields().clone());
        }
        Ok(())
    })?;
    if !done.renamed.is_empty() {
        out::warning("some slugs were taken by other missions; see `renamed`");
    }
    if !done.left_out.is_empty() {
        out::warning(
            "what runs the ticks of missions is not taken over; `missions cron add SLUG` sets it up",
        );
    }
    let renamed: Map<String, Value> =
        done.renamed.iter().map(|(from, to)| (from.clone(), to.as_str().into())).collect();
    let document = json!({
        "added": done.added, "merged": done.filled, "renamed": renamed, "left_out": done.left_out,
    });
    let text = || {
        let mut text =
            format!("Imported {} missions from {shown}\n", done.added.len() + renamed.len());
        for (from, to) in &done.renamed {
            text.extend([from, " is ", to, " here\n"]);
        }
        text
    };
    context.printer.done(&document, text)?;
    Ok(Exit::Done)
}

/// The missions of another file: a state file, or one mission as `get-state` prints it.
///
/// Fails (exit 2) if something in it is no mission: whatever else it is, it would stand among the missions for ever.
fn missions_of(shown: &str, other: Missions) -> Result<Missions, Fault> {
    if let Some((name, fields)) = other.as_one() {
        return Ok(Missions::new(Map::from_iter([(slug::of_name(name), fields.clone().into())])));
    }
    let hint = "give a `.missions_state.json`, or what `missions get-state SLUG` printed";
    if let Some(one) = other.iter().find(|one| !one.is_mission()) {
        let slug = words::bounded(one.slug(), 40);
        return Err(Fault::usage(format!(
            "`{shown}` is no state file: `{slug}` is no mission (it has no mission_id, mission_name or memory); nothing was imported"
        ))
        .hint(hint));
    }
    if other.iter().next().is_none() && !other.is_empty() {
        let text = format!("`{shown}` is no state file: no mission is in it");
        return Err(Fault::usage(text).hint(hint));
    }
    Ok(other)
}

/// What names programs or says when they run. A file that is imported is data, and may have come from anywhere.
const MACHINERY: [&str; 4] = ["cron", "scheduler", "program", "command"];

/// What became of the missions of the other file.
#[derive(Default)]
struct Merged {
    /// The missions that came with machinery.
    left_out: Vec<String>,
    added: Vec<String>,
    filled: Vec<String>,
    renamed: Vec<(String, String)>,
}

impl Merged {
    fn take_over(&mut self, missions: &mut Missions, slug: &str, mut fields: Map<String, Value>) {
        let n_keys = fields.len();
        fields.retain(|key, _| !MACHINERY.contains(&key.as_str()));
        if fields.len() < n_keys {
            self.left_out.push(slug.to_owned());
        }
        let Some(ours) = missions.get(slug) else {
            missions.insert(slug, fields);
            self.added.push(slug.to_owned());
            return;
        };
        let id =
            |fields: &Map<String, Value>| fields.get("mission_id").cloned().unwrap_or_default();
        let (here, there) = (id(ours.fields()), id(&fields));
        if here == there || here.is_null() || there.is_null() {
            let mut mission = missions.entry(slug);
            let changed = mission.fill(&fields);
            if changed {
                self.filled.push(slug.to_owned());
            }
            return;
        }
        // Another mission has the slug: told apart, and found again when the file is imported once more.
        let names = (2..).map(|n| format!("{slug}-{n}"));
        for name in names {
            match missions.get(&name) {
                None => {
                    missions.insert(&name, fields);
                    self.renamed.push((slug.to_owned(), name));
                    return;
                }
                Some(taken) if id(taken.fields()) == there => return,
                Some(_) => {}
            }
        }
    }
}
