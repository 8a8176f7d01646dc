//! The state file: what `missions` remembers of every mission, shared with the reference (spec 4).

mod append;
mod damage;
mod depth;
mod elsewhere;
mod last;
mod mission;
mod place;
mod salvage;
mod save;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};
use state::config::Config;
use state::exit::Fault;
use state::words::for_shell;
use state::{env, file, json, paths};

use crate::suggest;

use last::Last;

pub(crate) use append::Appended;
pub(crate) use mission::{Mission, MissionMut, Status};
pub(crate) use salvage::{Salvaged, salvage};

/// The key of the time at which a mission's memory was last changed, as the reference keeps it.
const CHANGED: &str = "last_updated";

/// Where the missions of one installation are kept.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    last: Last,
}

/// The missions of the file by slug, in the file's order, with everything in it that we do not know.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Missions(Map<String, Value>);

impl StateFile {
    /// `--state`, else `CLAWDTALK_STATE_FILE`, else the skill folder's `.missions_state.json`. Names, once,
    /// another one in the current folder.
    ///
    /// Fails (exit 2) if a folder is there.
    pub(crate) fn find(flag: Option<&Path>, config: &Config) -> anyhow::Result<Self> {
        let path = match flag.map(Path::to_owned).or_else(|| env::path("CLAWDTALK_STATE_FILE")) {
            Some(given) => std::path::absolute(given)?,
            None => paths::missions_state(config.skill_dir()),
        };
        if path.is_dir() {
            return Err(damage::a_folder(&path, "list-state --state").into());
        }
        elsewhere::point_out(&path, config.skill_dir());
        Ok(Self { path, last: Last::default() })
    }

    /// The file's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The missions as they stand now; none if there is no file.
    ///
    /// Fails (exit 2) if the file is broken: it is named, the damage shown, and nothing is changed.
    pub(crate) fn read(&self) -> anyhow::Result<Arc<Missions>> {
        if let Some(missions) = self.last.still_in(&self.path) {
            return Ok(missions);
        }
        let Some(bytes) = file::read(&self.path)? else { return Ok(Arc::default()) };
        let missions = self.last.take(&self.path, &bytes)?;
        self.last.keep(Arc::new(bytes), Arc::clone(&missions));
        Ok(missions)
    }

    /// Changes the missions under the lock, durably; what is not changed is not written.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Missions) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        file::update_with(&self.path, |old| {
            let mut missions = match &old {
                Some(bytes) => self.last.take(&self.path, bytes)?,
                None => Arc::default(),
            };
            let result = change(Arc::make_mut(&mut missions))?;
            let new = Arc::new(missions.to_bytes()?);
            let is_news =
                old.as_deref() != Some(&new[..]) && !(old.is_none() && missions.is_empty());
            self.last.keep(Arc::clone(&new), missions);
            Ok((is_news.then_some(new), result))
        })
    }

    /// Changes one mission that must exist; see [`Missions::known`] and [`StateFile::change`].
    pub(crate) fn change_mission<T>(
        &self,
        slug: &str,
        change: impl FnOnce(&mut MissionMut) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.change(|missions| change(&mut missions.known_mut(slug)?))
    }
}

/// Reads another file than the one that is used. Fails (exit 2) if there is none, or if it is broken.
pub(crate) fn read_other(path: &Path) -> anyhow::Result<Missions> {
    if path.is_dir() {
        return Err(damage::a_folder(path, "import").into());
    }
    let Some(bytes) = file::read(path)? else {
        return Err(Fault::usage(format!("`{}` does not exist", path.display())).into());
    };
    parse(path, Some(&bytes))
}

/// Reads the bytes of a state file. Fails (exit 2) if they are broken, with the place of the damage.
pub(crate) fn parse(path: &Path, bytes: Option<&[u8]>) -> anyhow::Result<Missions> {
    let Some(bytes) = bytes else { return Ok(Missions::default()) };
    if let Err(err) = std::str::from_utf8(bytes) {
        return Err(damage::not_text(path, bytes, err.valid_up_to()).into());
    }
    match json::parse(damage::without_mark(bytes)) {
        Ok(Value::Object(missions)) => Ok(Missions(missions)),
        Ok(_) => Err(damage::not_an_object(path).into()),
        Err(err) => Err(damage::told(path, bytes, &err).into()),
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

    /// The file's bytes, indented as the reference writes it.
    ///
    /// Fails (exit 2) for what could not be read again.
    pub(crate) fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        depth::check(&self.0)?;
        let mut bytes = serde_json::to_vec_pretty(&self.0)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// All missions in the file's order. What is no object is left out (and left alone).
    pub(crate) fn iter(&self) -> impl Iterator<Item = Mission<'_>> {
        self.0.iter().filter_map(|(slug, value)| Some(Mission::new(slug, value.as_object()?)))
    }

    /// The name and the keys of the one mission that this is, not under its slug but itself, as `get-state` prints it.
    pub(crate) fn as_one(&self) -> Option<(&str, &Map<String, Value>)> {
        self.0.get("mission_name").and_then(Value::as_str).map(|name| (name, &self.0))
    }

    /// The mission of that slug, if there is one.
    pub(crate) fn get<'a>(&'a self, slug: &'a str) -> Option<Mission<'a>> {
        self.0.get(slug).and_then(Value::as_object).map(|fields| Mission::new(slug, fields))
    }

    /// The mission of that slug.
    ///
    /// Fails (exit 2) if there is none, naming the known slugs, the nearest first.
    pub(crate) fn known<'a>(&'a self, slug: &'a str) -> Result<Mission<'a>, Fault> {
        self.get(slug).ok_or_else(|| self.unknown(slug))
    }

    /// The same, to be changed.
    pub(crate) fn known_mut<'a>(&'a mut self, slug: &'a str) -> Result<MissionMut<'a>, Fault> {
        if self.get(slug).is_none() {
            return Err(self.unknown(slug));
        }
        Ok(self.entry(slug))
    }

    /// The mission that something is remembered for: known, or made if `create` says so.
    ///
    /// Fails (exit 2) if there is none, or if something stands in the place of the mission or of its memory.
    pub(crate) fn writable<'a>(
        &'a mut self,
        slug: &'a str,
        create: bool,
    ) -> Result<MissionMut<'a>, Fault> {
        if let Some(taken) = self.0.get(slug).and_then(taken) {
            let what = format!("{taken} `{slug}` is no object; nothing was changed");
            return Err(Fault::usage(what).hint("mend the state file, or choose another slug"));
        }
        if create {
            return Ok(self.entry(slug));
        }
        if self.is_empty() {
            let hint =
                "`--create` makes the mission; `missions init` also starts it at the service";
            return Err(self.unknown(slug).hint(hint));
        }
        self.known_mut(slug)
    }

    /// The mission of that slug, made if there is none.
    pub(crate) fn entry<'a>(&'a mut self, slug: &'a str) -> MissionMut<'a> {
        let value = self.0.entry(slug).or_insert_with(|| Value::Object(Map::new()));
        if !value.is_object() {
            *value = Value::Object(Map::new());
        }
        MissionMut::new(slug, value.as_object_mut().expect("it was made an object just now"))
    }

    /// Adds what another file holds under a slug that is free.
    pub(crate) fn insert(&mut self, slug: &str, fields: Map<String, Value>) {
        self.0.insert(slug.to_owned(), Value::Object(fields));
    }

    /// Whether a slug is taken by anything.
    pub(crate) fn has(&self, slug: &str) -> bool {
        self.0.contains_key(slug)
    }

    /// Takes a mission out; false if there was none.
    pub(crate) fn remove(&mut self, slug: &str) -> bool {
        self.0.shift_remove(slug).is_some()
    }

    /// Gives a mission another slug, in its place.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let renamed = std::mem::take(&mut self.0).into_iter();
        self.0 = renamed
            .map(|(slug, value)| (if slug == from { to.to_owned() } else { slug }, value))
            .collect();
    }

    /// The slug of the mission with this mission id and, where one is given, this run.
    pub(crate) fn slug_of(&self, mission_id: &str, run_id: Option<&str>) -> Option<&str> {
        let is_it = |mission: &Mission| {
            mission.mission_id() == Some(mission_id)
                && (run_id.is_none() || mission.run_id() == run_id)
        };
        self.iter().find(is_it).map(|mission| mission.slug())
    }

    /// The refusal of a slug that is not there.
    pub(crate) fn unknown(&self, slug: &str) -> Fault {
        let known = self.nearest(slug);
        if known.is_empty() {
            return Fault::usage(format!("there is no mission `{slug}`, nor any other"))
                .hint("`missions init NAME INSTRUCTIONS REQUEST` starts one");
        }
        let listed = suggest::listed(&known, 5);
        let hint = match suggest::probable(slug, known.iter().copied()) {
            Some(slug) => format!("copy the slug exactly, probably `{}`", for_shell(slug)),
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

/// What has another kind than it needs, of a mission that something is to be remembered for.
fn taken(mission: &Value) -> Option<&'static str> {
    let is_other = |value: &Value| !value.is_null() && !value.is_object();
    if is_other(mission) {
        return Some("what is kept under");
    }
    mission.get("memory").is_some_and(is_other).then_some("the memory of")
}
