//! The systemd user unit that runs `connect`: its name, where its file is, and which skill folder it runs.
//!
//! All skill folders share one unit name, so a program that uses the unit first checks whose it is.

use std::path::{Path, PathBuf};

use crate::exit::Fault;
use crate::process::env;
use crate::storage::file;

/// The name of the unit.
pub const NAME: &str = "clawdtalk-connect.service";

/// The variable of the client's environment that keeps it small, and its value; glibc reads it when a program starts. With
/// seven blocks of each size cached for each thread and an arena for most of them, 256 turns in flight took 31 MiB; with two
/// arenas and two blocks they take 22 (`cargo xtask bench connect`). Other allocators ignore it.
pub const ALLOCATOR: (&str, &str) =
    ("GLIBC_TUNABLES", "glibc.malloc.arena_max=2:glibc.malloc.tcache_count=2");

/// What stands between the two paths in the line that starts the client.
const BETWEEN: &str = "\" run --skill-dir \"";

/// The file of the unit; `None` if no home directory is known.
pub fn path() -> Option<PathBuf> {
    let config = env::path("XDG_CONFIG_HOME").or_else(|| Some(env::home()?.join(".config")))?;
    Some(config.join("systemd/user").join(NAME))
}

/// The line that starts the client.
///
/// Fails (exit 2) if a path contains a control character, which cannot stand in a unit.
pub fn exec_start(skill: &Path, connect: &Path) -> Result<String, Fault> {
    let escaped = |path: &Path, dollar: &str| -> Result<String, Fault> {
        let path = path.display().to_string();
        if path.contains(|letter: char| letter.is_control()) {
            return Err(Fault::usage("a path with a line break cannot stand in a systemd unit")
                .hint("install the skill in a folder with a plainer name"));
        }
        // `%` begins a specifier of systemd; the other two are escaped inside its quotes.
        let path = path.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
        Ok(path.replace('$', dollar))
    };
    // systemd replaces variables in arguments, and not in the path of the program.
    let (skill, connect) = (escaped(skill, "$$")?, escaped(connect, "$")?);
    Ok(format!("ExecStart=\"{connect}{BETWEEN}{skill}\""))
}

/// The skill folder that the installed unit runs; `None` if there is no unit, or one that `setup` did not write.
pub fn installed_skill_dir() -> Option<PathBuf> {
    let text = String::from_utf8(file::read(&path()?).ok()??).ok()?;
    skill_dir_in(&text)
}

/// Whether two paths name the same folder.
pub fn is_same_dir(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|o| o == one))
}

/// Whether the installed unit runs this skill folder.
pub fn runs_skill(skill: &Path) -> bool {
    installed_skill_dir().is_some_and(|folder| is_same_dir(&folder, skill))
}

fn skill_dir_in(text: &str) -> Option<PathBuf> {
    let line = text.lines().find(|line| line.starts_with("ExecStart="))?;
    let escaped = line.split_once(BETWEEN)?.1.strip_suffix('"')?;
    let mut letters = escaped.chars();
    let mut plain = String::with_capacity(escaped.len());
    while let Some(letter) = letters.next() {
        // Each of these escapes the letter behind it.
        let is_mark = matches!(letter, '\\' | '%' | '$');
        plain.push(if is_mark { letters.next()? } else { letter });
    }
    Some(PathBuf::from(plain))
}

#[cfg(test)]
mod tests {
    use super::{exec_start, skill_dir_in};
    use std::path::Path;

    #[test]
    fn any_path_can_be_read_back() {
        let (skill, connect) = (Path::new("/a b\"c\\d%e$f"), Path::new("/x $y/connect"));
        let line = exec_start(skill, connect).unwrap();
        assert_eq!(line, r#"ExecStart="/x $y/connect" run --skill-dir "/a b\"c\\d%%e$$f""#);
        let unit = format!("[Service]\nType=exec\n{line}\nRestart=on-failure\n");
        assert_eq!(skill_dir_in(&unit).as_deref(), Some(skill));
        assert!(exec_start(Path::new("/a\nb"), connect).is_err());
    }

    #[test]
    fn a_unit_that_setup_did_not_write_has_no_skill_folder() {
        assert_eq!(skill_dir_in(""), None);
        assert_eq!(skill_dir_in("ExecStart=/usr/bin/connect run"), None);
    }
}
