//! `import`: adds the missions of another state file, or of one that `get-state` printed.

use serde_json::{Map, Value, json};
use state::exit::{Exit, Fault};
use state::{out, sanitize};

use crate::args::Import;
use crate::context::CommandContext;
use crate::slug;
use crate::store::{Missions, read_import};

pub(crate) fn run(context: &CommandContext, args: &Import) -> anyhow::Result<Exit> {
    let shown = args.file.display();
    let other = missions_of(&shown.to_string(), read_import(&args.file)?)?;
    let mut done = ImportSummary::default();
    context.store.change(|missions| {
        done = ImportSummary::default();
        for mission in other.iter() {
            done.add(missions, mission.slug(), mission.fields().clone());
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
        "added": done.added, "merged": done.merged, "renamed": renamed, "left_out": done.left_out,
    });
    let text = || {
        let mut text =
            format!("Imported {} missions from {shown}\n", done.added.len() + renamed.len());
        for (from, to) in &done.renamed {
            text.extend([from, " is ", to, " here\n"]);
        }
        text
    };
    context.printer.print_after_change(&document, text)?;
    Ok(Exit::Done)
}

/// The missions of the other file: a state file, or one mission as `get-state` prints it.
///
/// Fails (exit 2) if something in it is no mission: it would be among the missions for ever.
fn missions_of(shown: &str, other: Missions) -> Result<Missions, Fault> {
    if let Some((name, fields)) = other.as_single_mission() {
        return Ok(Missions::new(Map::from_iter([(slug::of_name(name), fields.clone().into())])));
    }
    let hint = "give a `.missions_state.json`, or what `missions get-state SLUG` printed";
    if let Some(one) = other.iter().find(|one| !one.is_mission()) {
        let slug = sanitize::line_up_to(one.slug(), 40);
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

/// The keys that name programs or say when they run. They are left out: a file that is imported is data, and may have come
/// from anywhere.
const PROGRAM_KEYS: [&str; 4] = ["cron", "scheduler", "program", "command"];

/// What became of the missions of the other file, by their slugs.
#[derive(Default)]
struct ImportSummary {
    /// Those of which keys that name programs were left out.
    left_out: Vec<String>,
    /// Those that were added.
    added: Vec<String>,
    /// Those that were here already and got keys that were missing.
    merged: Vec<String>,
    /// Those whose slug another mission has, with their new slug.
    renamed: Vec<(String, String)>,
}

impl ImportSummary {
    fn add(&mut self, missions: &mut Missions, slug: &str, mut fields: Map<String, Value>) {
        let n_keys = fields.len();
        fields.retain(|key, _| !PROGRAM_KEYS.contains(&key.as_str()));
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
            let mut mission = missions.get_or_create(slug);
            let changed = mission.add_missing(&fields);
            if changed {
                self.merged.push(slug.to_owned());
            }
            return;
        }
        // Another mission has the slug: the new one gets a number, by which it is found when the file is imported again.
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
