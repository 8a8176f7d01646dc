//! How the programs are called on this machine, so that a command in a hint or a fix runs as it stands: by the name or
//! the path by which this one was called, and for the same skill folder.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::process::env;
use crate::text::shell;

/// The programs by their own names; links to them have something before that, as in `clawdtalk-call`.
pub const PROGRAMS: [&str; 8] =
    ["connect", "call", "sms", "approval", "missions", "setup", "uninstall", "status"];

/// How this program was called.
#[derive(Debug, Default)]
struct Invocation {
    /// The folder that was named; `None` if the shell found the program on its `PATH`.
    folder: Option<PathBuf>,
    /// What stands before the program's own name.
    prefix: String,
    /// The words that name the skill folder, if it was named on the command line.
    skill_dir: Option<String>,
}

/// A command line of one of the programs as it is typed here: `setup --yes` is `/home/ada/skill/bin/setup --yes` for
/// somebody who called this program by its path, `clawdtalk-setup --yes` for whoever called it by its link. Other commands
/// stay as they are.
pub fn command(line: &str) -> String {
    invocation().command(line)
}

/// A hint with its commands as they are typed here: those in backticks, and one behind a colon or alone.
pub fn in_hint(hint: &str) -> String {
    invocation().in_hint(hint)
}

fn invocation() -> &'static Invocation {
    static OWN: OnceLock<Invocation> = OnceLock::new();
    OWN.get_or_init(|| Invocation::of(&std::env::args_os().collect::<Vec<_>>()))
}

impl Invocation {
    fn of(line: &[OsString]) -> Self {
        let called = PathBuf::from(line.first().cloned().unwrap_or_default());
        let name = called.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(prefix) = PROGRAMS.iter().find_map(|program| prefix_of(name, program)) else {
            return Self::default();
        };
        let folder = called.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.map(|folder| match folder.canonicalize() {
            // The scripts in `scripts/` call `scripts/../bin/call`.
            Ok(real) if folder.components().any(|part| part.as_os_str() == "..") => real,
            _ => folder.to_owned(),
        });
        Self { folder, prefix: prefix.to_owned(), skill_dir: named_skill_dir(line) }
    }

    fn command(&self, line: &str) -> String {
        let (program, rest) = line.split_once(' ').map_or((line, ""), |(word, rest)| (word, rest));
        if !PROGRAMS.contains(&program) {
            return line.to_owned();
        }
        let skill_dir = self.skill_dir.as_deref().unwrap_or_default();
        let words = [&self.program(program), skill_dir, rest];
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        words.join(" ")
    }

    /// A program as it is called here: beside this one, else beside the file that this one's link leads to.
    fn program(&self, name: &str) -> String {
        let called = format!("{}{name}", self.prefix);
        let is_found = match &self.folder {
            Some(folder) => folder.join(&called).is_file(),
            // Where this very program is not on the PATH either, nothing is known against the name.
            None => folder_on_path(&self.prefix).is_none_or(|dir| dir.join(&called).is_file()),
        };
        if is_found {
            let path = self.folder.as_ref().map(|folder| quoted(&folder.join(&called)));
            return path.unwrap_or(called);
        }
        let beside = std::env::current_exe().and_then(|own| own.canonicalize());
        let beside = beside.map(|own| own.with_file_name(name)).ok();
        beside.filter(|path| path.is_file()).map_or(called, |path| quoted(&path))
    }

    fn in_hint(&self, hint: &str) -> String {
        let mut parts: Vec<String> = hint.split('`').map(str::to_owned).collect();
        if parts.len().is_multiple_of(2) {
            // A backtick without its other: nothing tells a command from the rest.
            return hint.to_owned();
        }
        for (index, part) in parts.iter_mut().enumerate() {
            if index % 2 == 1 {
                let lines: Vec<_> = part.split(" && ").map(|line| self.command(line)).collect();
                *part = lines.join(" && ");
            } else if let Some((before, line)) = part.rsplit_once(": ") {
                *part = format!("{before}: {}", self.command(line));
            } else if index == 0 {
                *part = self.command(part);
            }
        }
        parts.join("`")
    }
}

/// What stands before a program's own name in the name by which it was called.
fn prefix_of<'a>(called: &'a str, program: &str) -> Option<&'a str> {
    called.strip_suffix(program).filter(|prefix| prefix.is_empty() || prefix.ends_with('-'))
}

/// The folder of the PATH in which a shell finds programs of this prefix.
fn folder_on_path(prefix: &str) -> Option<PathBuf> {
    let path = env::path("PATH")?;
    let has_any = |dir: &PathBuf| PROGRAMS.iter().any(|name| is_ours(dir, prefix, name));
    std::env::split_paths(&path).find(has_any)
}

/// Whether a program of this name in a folder is the one that runs, or lies beside it: others have a `call` too.
fn is_ours(dir: &Path, prefix: &str, name: &str) -> bool {
    let real = dir.join(format!("{prefix}{name}")).canonicalize().ok();
    let own = std::env::current_exe().and_then(|own| own.canonicalize()).ok();
    real.zip(own).is_some_and(|(real, own)| real.parent() == own.parent())
}

/// The option `--skill-dir` of a command line, as words for a shell.
fn named_skill_dir(line: &[OsString]) -> Option<String> {
    let words: Vec<_> = line.iter().map(|word| word.to_string_lossy()).collect();
    let words = words.iter().take_while(|word| *word != "--").collect::<Vec<_>>();
    let at = words.iter().rposition(|word| word.starts_with("--skill-dir"))?;
    let value = match words[at].strip_prefix("--skill-dir=") {
        Some(value) => value,
        None if *words[at] == "--skill-dir" => words.get(at + 1)?,
        None => return None,
    };
    let absolute = std::path::absolute(value).ok()?;
    Some(format!("--skill-dir {}", quoted(&absolute)))
}

fn quoted(path: &Path) -> String {
    shell::quote(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::Invocation;

    fn called(line: &[&str]) -> Invocation {
        Invocation::of(&line.iter().map(Into::into).collect::<Vec<_>>())
    }

    #[test]
    fn a_command_is_typed_as_this_program_was() {
        let dir = std::env::temp_dir().join(format!("invocation of {}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        for name in ["setup", "x-setup", "status"] {
            std::os::unix::fs::symlink("/bin/sh", dir.join(name)).unwrap();
        }
        let at = dir.display();
        for (name, line, wanted) in [
            ("status".to_owned(), "setup --yes", "setup --yes".to_owned()),
            ("clawdtalk-status".to_owned(), "setup", "clawdtalk-setup".to_owned()),
            (format!("{at}/status"), "setup --yes", format!("'{at}/setup' --yes")),
            (format!("{at}/x-call"), "setup", format!("'{at}/x-setup'")),
            (format!("{at}/status"), "df -h .", "df -h .".to_owned()),
            ("another".to_owned(), "setup", "setup".to_owned()),
        ] {
            assert_eq!(called(&[&name]).command(line), wanted, "{name}");
        }
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn the_skill_folder_that_was_named_is_named_again() {
        for line in [&["status", "--skill-dir", "/a b"][..], &["status", "--skill-dir=/a b", "-q"]]
        {
            assert_eq!(called(line).command("setup --yes"), "setup --skill-dir '/a b' --yes");
        }
        let behind = called(&["status", "--", "--skill-dir", "/a"]);
        assert_eq!(behind.command("setup"), "setup");
    }

    #[test]
    fn the_commands_of_a_hint_are_found() {
        let own = called(&["x-call"]);
        for (hint, wanted) in [
            ("run `setup`, or set X", "run `x-setup`, or set X"),
            ("`missions dnc list` shows the list", "`x-missions dnc list` shows the list"),
            ("start the client: connect start", "start the client: x-connect start"),
            ("sms send +15551234567 \"hi\"", "x-sms send +15551234567 \"hi\""),
            ("run `df -h . && connect restart`", "run `df -h . && x-connect restart`"),
            ("mend the file: it is `a`", "mend the file: it is `a`"),
            ("call it `x", "call it `x"),
        ] {
            assert_eq!(own.in_hint(hint), wanted);
        }
    }
}
