//! The missions of a state file, by slug.

use std::path::Path;
use std::sync::Once;

use serde_json::{Map, Value};
use state::exit::Fault;
use state::{json, out, shell};

use super::members::Members;
use super::mission::{Mission, MissionMut};
use super::{errors, nesting};
use crate::suggest;

/// The missions by slug, in the file's order, with every key in it that is not known here.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Missions(Map<String, Value>);

/// Reads the bytes of a state file. What python wrote for no number is null, and a slug that stands twice keeps both missions;
/// both are warned of, once.
///
/// Fails (exit 2) if they are broken, with the place of the damage.
pub(crate) fn parse(path: &Path, bytes: Option<&[u8]>) -> anyhow::Result<Missions> {
    let Some(bytes) = bytes else { return Ok(Missions::default()) };
    if let Err(err) = std::str::from_utf8(bytes) {
        return Err(errors::not_text(path, bytes, err.valid_up_to()).into());
    }
    match json::parse_of_python::<Members>(bytes) {
        Ok((members, has_constants)) => {
            warn_of_changes(path, &members.renamed, has_constants);
            Ok(Missions(members.map))
        }
        Err(err) if err.is_data() => Err(errors::not_an_object(path).into()),
        Err(err) => Err(errors::not_json(path, bytes, &err).into()),
    }
}

/// Warns of what was read otherwise than it stands in the file; once, since one command reads it several times.
fn warn_of_changes(path: &Path, renamed: &[String], has_constants: bool) {
    static ONCE: Once = Once::new();
    let shown = path.display();
    let slugs =
        || renamed.iter().take(5).map(|slug| format!("`{slug}`")).collect::<Vec<_>>().join(", ");
    let texts = [
        has_constants.then(|| format!("`{shown}` holds NaN or Infinity, which is read as null")),
        (!renamed.is_empty())
            .then(|| format!("`{shown}` holds a slug twice; the later mission is {} now", slugs())),
    ];
    let texts: Vec<String> = texts.into_iter().flatten().collect();
    if !texts.is_empty() {
        ONCE.call_once(|| texts.iter().for_each(|text| out::warning(text)));
    }
}

impl Missions {
    /// Missions by slug, as a recovered or imported file holds them.
    pub(crate) fn new(missions: Map<String, Value>) -> Self {
        Self(missions)
    }

    /// Whether there is nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The file's bytes, indented as `telnyx_api.py` writes it.
    ///
    /// Fails (exit 2) for what could not be read again ([`nesting`]).
    pub(crate) fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        nesting::check(&self.0)?;
        let mut bytes = serde_json::to_vec_pretty(&self.0)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// All missions in the file's order. What is no object is left out here, and left alone in the file.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Mission<'_>> {
        self.0.iter().filter_map(|(slug, value)| Some(Mission::new(slug, value.as_object()?)))
    }

    /// The name and the keys of a file that is one mission, as `get-state` prints it, and not missions by slug.
    pub(crate) fn as_single_mission(&self) -> Option<(&str, &Map<String, Value>)> {
        self.0.get("mission_name").and_then(Value::as_str).map(|name| (name, &self.0))
    }

    /// The mission of that slug, if there is one.
    pub(crate) fn get<'a>(&'a self, slug: &'a str) -> Option<Mission<'a>> {
        self.0.get(slug).and_then(Value::as_object).map(|fields| Mission::new(slug, fields))
    }

    /// The mission of that slug.
    ///
    /// Fails (exit 2) if there is none; the error lists the known slugs, the nearest first.
    pub(crate) fn require<'a>(&'a self, slug: &'a str) -> Result<Mission<'a>, Fault> {
        self.get(slug).ok_or_else(|| self.unknown(slug))
    }

    /// The mission of that slug, to be changed. Fails as [`require`](Self::require).
    pub(crate) fn require_mut<'a>(&'a mut self, slug: &'a str) -> Result<MissionMut<'a>, Fault> {
        if self.get(slug).is_none() {
            return Err(self.unknown(slug));
        }
        Ok(self.get_or_create(slug))
    }

    /// The mission in whose memory something is to be saved; created if `create` says so.
    ///
    /// Fails (exit 2) if there is none, or if the mission or its memory is no object.
    pub(crate) fn get_for_memory<'a>(
        &'a mut self,
        slug: &'a str,
        create: bool,
    ) -> Result<MissionMut<'a>, Fault> {
        if let Some(what) = self.0.get(slug).and_then(misplaced) {
            let text = format!("{what} `{slug}` is no object; nothing was changed");
            return Err(Fault::usage(text).hint("fix the state file, or choose another slug"));
        }
        if create {
            return Ok(self.get_or_create(slug));
        }
        if self.is_empty() {
            let hint =
                "`--create` makes the mission; `missions init` also starts it at the service";
            return Err(self.unknown(slug).hint(hint));
        }
        self.require_mut(slug)
    }

    /// The mission of that slug, created if there is none.
    pub(crate) fn get_or_create<'a>(&'a mut self, slug: &'a str) -> MissionMut<'a> {
        let value = self.0.entry(slug).or_insert_with(|| Value::Object(Map::new()));
        if !value.is_object() {
            *value = Value::Object(Map::new());
        }
        MissionMut::new(slug, value.as_object_mut().expect("it was made an object just now"))
    }

    /// Adds a mission of another file under a slug that is free.
    pub(crate) fn insert(&mut self, slug: &str, fields: Map<String, Value>) {
        self.0.insert(slug.to_owned(), Value::Object(fields));
    }

    /// Whether there is anything under a slug.
    pub(crate) fn has(&self, slug: &str) -> bool {
        self.0.contains_key(slug)
    }

    /// Removes a mission; false if there was none.
    pub(crate) fn remove(&mut self, slug: &str) -> bool {
        self.0.shift_remove(slug).is_some()
    }

    /// Gives a mission another slug; its place in the file stays.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let renamed = std::mem::take(&mut self.0).into_iter();
        self.0 = renamed
            .map(|(slug, value)| (if slug == from { to.to_owned() } else { slug }, value))
            .collect();
    }

    /// The slug of the mission with this mission id and, where one is given, this run.
    pub(crate) fn slug_of(&self, mission_id: &str, run_id: Option<&str>) -> Option<&str> {
        let is_meant = |mission: &Mission| {
            mission.mission_id() == Some(mission_id)
                && (run_id.is_none() || mission.run_id() == run_id)
        };
        self.iter().find(is_meant).map(|mission| mission.slug())
    }

    /// The error for a slug that is not there.
    pub(crate) fn unknown(&self, slug: &str) -> Fault {
        let known = self.nearest(slug);
        if known.is_empty() {
            return Fault::usage(format!("there is no mission `{slug}`, nor any other"))
                .hint("`missions init NAME INSTRUCTIONS REQUEST` starts one");
        }
        let listed = suggest::listed(&known, 5);
        let hint = match suggest::probable(slug, known.iter().copied()) {
            Some(slug) => format!("copy the slug exactly, probably `{}`", shell::quote(slug)),
            None => "`missions list-state` lists the slugs".to_owned(),
        };
        Fault::usage(format!("there is no mission `{slug}`; known, nearest first: {listed}"))
            .hint(hint)
    }

    /// The known slugs, the nearest first.
    pub(crate) fn nearest(&self, slug: &str) -> Vec<&str> {
        suggest::sorted(slug, self.iter().map(|mission| mission.slug()))
    }
}

/// Names what is in the place of a mission or of its memory and is no object.
fn misplaced(mission: &Value) -> Option<&'static str> {
    let is_other = |value: &Value| !value.is_null() && !value.is_object();
    if is_other(mission) {
        return Some("what is kept under");
    }
    mission.get("memory").is_some_and(is_other).then_some("the memory of")
}
