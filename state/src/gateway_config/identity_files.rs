//! The names of owner and agent, from USER.md and IDENTITY.md in the workspace of an agent.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// How much of a file is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// The longest name, in characters; what is longer is cut.
const MAX_LETTERS: usize = 60;

/// The owner's name from USER.md: `What to call them`, else `Name`. Files of today's OpenClaw have neither.
pub fn owner_name(workspace: &Path) -> Option<String> {
    let page = read(&workspace.join("USER.md"))?;
    labelled(&page, "what to call them").or_else(|| labelled(&page, "name"))
}

/// The agent's name from IDENTITY.md.
pub fn agent_name(workspace: &Path) -> Option<String> {
    labelled(&read(&workspace.join("IDENTITY.md"))?, "name")
}

fn read(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The value of the first line `- **Label:** value` with a value; the marks are optional.
fn labelled(page: &str, label: &str) -> Option<String> {
    page.lines().find_map(|line| {
        let (before, after) =
            line.trim().trim_start_matches(['-', '*', '+', ' ']).split_once(':')?;
        let is_label = before.trim_matches(['*', '_', ' ']).eq_ignore_ascii_case(label);
        is_label.then(|| value(after)).flatten()
    })
}

/// A name without marks and remarks; `None` for a placeholder.
fn value(text: &str) -> Option<String> {
    // The label's closing marks stand before the value: `**Name:** value`.
    let text = text.trim().trim_start_matches("**").trim_start_matches("__").trim();
    let end = [
        " (",
        " [",
        " _(",
        " *(",
        " <",
        " -- ",
        " - ",
        " \u{2013} ",
        " \u{2014} ",
        " //",
        " #",
        "; ",
    ]
    .iter()
    .filter_map(|remark| text.find(remark))
    .min();
    let name = text[..end.unwrap_or(text.len())].trim_matches(|letter: char| {
        letter.is_whitespace() || "*_`\"'\u{201c}\u{201d}\u{2018}\u{2019},.".contains(letter)
    });
    let name: String =
        name.chars().filter(|letter| !letter.is_control()).take(MAX_LETTERS).collect();
    let lower = name.to_lowercase();
    let is_placeholder = name.starts_with(['(', '[', '<', '{', '$', '\u{2026}'])
        || !name.chars().any(char::is_alphanumeric)
        || [
            "your ", "the user", "tbd", "todo", "unknown", "none", "n/a", "not set", "pick ",
            "fill ",
        ]
        .iter()
        .any(|word| lower == word.trim() || (word.ends_with(' ') && lower.starts_with(word)));
    (!is_placeholder).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::labelled;

    #[track_caller]
    fn case(page: &str, expected: Option<&str>) {
        assert_eq!(labelled(page, "name").as_deref(), expected, "{page}");
    }

    #[test]
    fn the_value_stands_alone() {
        case("# IDENTITY\n- **Name:** Jarvis\n- **Emoji:** x", Some("Jarvis"));
        case("- **Name:** Ana-Maria O'Neill (she/her)", Some("Ana-Maria O'Neill"));
        case("- **Name:** \"Zoë\" \u{2014} call me any time", Some("Zoë"));
        case("name: 小明", Some("小明"));
        case("* __NAME:__ **Bo** _(short for Bob)_", Some("Bo"));
        case("- **Name**: Eve", Some("Eve"));
    }

    #[test]
    fn placeholders_are_no_names() {
        case("- **Name:**\n  _(pick something you like)_", None);
        case("- **Name:** *(pick something you like)*", None);
        case("- **Name:** _(optional)_", None);
        case("- **Name:** [your name]", None);
        case("- Name: TBD", None);
        case("- Nickname: Bo\n- **Names:** Al", None);
        case("- Prefer short answers about the name: always", None);
    }

    #[test]
    fn a_later_line_may_have_the_value() {
        case("- **Name:** (none)\n- Name: Kim", Some("Kim"));
    }
}
