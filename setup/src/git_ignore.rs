//! Keeps keys, numbers and people's words out of git: agents commit their workspace, and the skill folder is often in it.

use anyhow::Context as _;
use state::file;
use std::path::{Path, PathBuf};

/// What git is to leave alone in the skill folder, as its patterns: the configuration with everything that stands beside it,
/// and all that begins with a dot but what git itself reads. See [`is_private`].
const PATTERNS: [&str; 3] = ["/skill-config.*", "/.*", "!/.git*"];

const HEADER: &str = "# Keys, numbers and people's words of the ClawdTalk skill.";

/// The file with the patterns.
pub fn path(skill: &Path) -> PathBuf {
    skill.join(".gitignore")
}

/// Whether a file of the skill folder, by its name in it, is private: it has a key, a number or people's words in it.
pub fn is_private(name: &str) -> bool {
    is_key_file(name) || (name.starts_with('.') && !name.starts_with(".git"))
}

/// Whether a file of the skill folder, by its name in it, has a key in it.
pub fn is_key_file(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or_default();
    let is_sample = ["sample", "example", "template"].iter().any(|word| name.contains(word));
    let is_key = name.starts_with("skill-config")
        || name == ".env"
        || name.starts_with(".env.")
        || (name.starts_with('.') && name.contains("device") && name.contains("key"));
    is_key && !is_sample
}

/// Adds to the folder's `.gitignore` the patterns that it lacks. Whether it lacked any.
pub fn write(skill: &Path) -> anyhow::Result<bool> {
    let path = path(skill);
    let old = file::read(&path)?.unwrap_or_default();
    let old = String::from_utf8(old)
        .map_err(|_| anyhow::anyhow!("it is no text"))
        .with_context(|| format!("reading `{}`", path.display()))?;
    let lacks = |pattern: &&&str| !old.lines().any(|line| line.trim() == **pattern);
    if PATTERNS.iter().filter(lacks).count() == 0 {
        return Ok(false);
    }
    // All of them, in their order: the last pattern that fits decides.
    let gap = if old.is_empty() || old.ends_with('\n') { "" } else { "\n" };
    file::replace(&path, format!("{old}{gap}{}", block()).as_bytes())?;
    Ok(true)
}

/// Whether the file holds nothing but what [`write()`] put there.
pub fn is_ours(skill: &Path) -> bool {
    file::contents_equal(&path(skill), block().as_bytes())
}

/// The command that adds the patterns.
pub fn command(skill: &Path) -> String {
    let quoted = PATTERNS.map(|pattern| format!("'{pattern}'")).join(" ");
    let path = state::shell::quote(&path(skill).display().to_string());
    format!("printf '%s\\n' {quoted} >> {path}")
}

fn block() -> String {
    format!("{HEADER}\n{}\n", PATTERNS.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::{is_key_file, is_ours, is_private, path, write};

    #[test]
    fn what_is_made_at_run_time_is_private() {
        for name in [
            "skill-config.json",
            "skill-config.json.bak",
            "skill-config.json.lock",
            ".env",
            ".missions_state.json",
            ".connect.log.1",
            ".intents.json",
            ".backup",
            ".device-key.pem",
        ] {
            assert!(is_private(name), "{name}");
        }
        for name in ["skill-config-sample.json", "SKILL.md", ".gitignore", "setup.sh"] {
            assert!(!is_private(name), "{name}");
        }
        for name in [
            "skill-config.json",
            "skill-config.json.bak",
            ".env",
            ".env.local",
            ".device_key",
            ".backup/x/.env",
        ] {
            assert!(is_key_file(name), "{name}");
        }
        for name in [".env.example", "skill-config-sample.json", ".connect.log", ".envrc", "env"] {
            assert!(!is_key_file(name), "{name}");
        }
    }

    #[test]
    fn the_patterns_are_added_once_and_what_was_there_stays() {
        let skill = std::env::temp_dir().join(format!("git-ignore-{}", std::process::id()));
        std::fs::create_dir_all(&skill).unwrap();
        assert!(write(&skill).unwrap() && is_ours(&skill));
        assert!(!write(&skill).unwrap());
        state::file::replace(&path(&skill), b"*.log\n/.*").unwrap();
        assert!(write(&skill).unwrap() && !is_ours(&skill));
        let text = std::fs::read_to_string(path(&skill)).unwrap();
        assert!(text.starts_with("*.log\n/.*\n# ") && text.ends_with("\n!/.git*\n"), "{text}");
        assert!(!write(&skill).unwrap());
        std::fs::remove_dir_all(skill).unwrap();
    }
}
