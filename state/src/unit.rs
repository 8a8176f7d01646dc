//! The user unit of systemd that runs `connect`: its name, its place, and whose client it runs.
//!
//! There is one name for all skill folders, so whoever uses the unit looks first whether it is theirs.

use std::path::{Path, PathBuf};

use crate::exit::Fault;
use crate::{env, file};

/// The unit's name.
pub const NAME: &str = "clawdtalk-connect.service";

/// What stands between the two paths in the line that starts the client.
const BETWEEN: &str = "\" run --skill-dir \"";

/// Where the unit's file is. `None` if no home directory is known.
pub fn path() -> Option<PathBuf> {
    let config = env::path("XDG_CONFIG_HOME").or_else(|| Some(env::home()?.join(".config")))?;
    Some(config.join("systemd/user").join(NAME))
}

/// The line that starts the client.
///
/// Fails (exit 2) if a path holds a line break, which a unit cannot carry.
pub fn exec_start(skill: &Path, connect: &Path) -> Result<String, Fault> {
    let escaped = |path: &Path, dollar: &str| -> Result<String, Fault> {
        let path = path.display().to_string();
        if path.contains(|letter: char| letter.is_control()) {
            return Err(Fault::usage("a path with a line break cannot stand in a systemd unit")
                .hint("install the skill in a folder with a plainer name"));
        }
        // `%` is systemd's own, the rest is what its quotes need.
        let path = path.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
        Ok(path.replace('$', dollar))
    };
    // Variables are replaced in arguments and not in the program's own path.
    let (skill, connect) = (escaped(skill, "$$")?, escaped(connect, "$")?);
    Ok(format!("ExecStart=\"{connect}{BETWEEN}{skill}\""))
}

/// The skill folder whose client the installed unit runs. `None` if there is no unit, or none of setup's.
pub fn folder() -> Option<PathBuf> {
    let text = String::from_utf8(file::read(&path()?).ok()??).ok()?;
    folder_in(&text)
}

/// Whether two paths name the same folder.
pub fn is_same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|o| o == one))
}

/// Whether the installed unit runs the client of this skill folder.
pub fn is_of(skill: &Path) -> bool {
    folder().is_some_and(|folder| is_same(&folder, skill))
}

fn folder_in(text: &str) -> Option<PathBuf> {
    let line = text.lines().find(|line| line.starts_with("ExecStart="))?;
    let escaped = line.split_once(BETWEEN)?.1.strip_suffix('"')?;
    let mut letters = escaped.chars();
    let mut plain = String::with_capacity(escaped.len());
    while let Some(letter) = letters.next() {
        // Each of these stands before the letter that is meant.
        let is_mark = matches!(letter, '\\' | '%' | '$');
        plain.push(if is_mark { letters.next()? } else { letter });
    }
    Some(PathBuf::from(plain))
}

#[cfg(test)]
mod tests {
    use super::{exec_start, folder_in};
    use std::path::Path;

    #[test]
    fn a_path_of_any_letters_stays_one_word_and_is_read_again() {
        let (skill, connect) = (Path::new("/a b\"c\\d%e$f"), Path::new("/x $y/connect"));
        let line = exec_start(skill, connect).unwrap();
        assert_eq!(line, r#"ExecStart="/x $y/connect" run --skill-dir "/a b\"c\\d%%e$$f""#);
        let unit = format!("[Service]\nType=exec\n{line}\nRestart=on-failure\n");
        assert_eq!(folder_in(&unit).as_deref(), Some(skill));
        assert!(exec_start(Path::new("/a\nb"), connect).is_err());
    }

    #[test]
    fn a_unit_of_somebody_else_is_nobodys() {
        assert_eq!(folder_in(""), None);
        assert_eq!(folder_in("ExecStart=/usr/bin/connect run"), None);
    }
}
