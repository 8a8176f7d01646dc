//! Man pages, generated from the programs' own definitions and the lists that all of them share.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use clap::Command;
use clap_mangen::Man;

use super::programs;
use super::reference::{EXIT_CODES, FILES, VARIABLES};

/// The path below `share` and the text of every man page.
pub(super) fn all() -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for command in programs::commands() {
        let mut command = command.disable_help_subcommand(true);
        // Gives each subcommand its whole name, as in `clawdtalk-sms-send`.
        command.build();
        pages(&command, &mut files)?;
    }
    Ok(files)
}

/// The page of a command and of each of its subcommands.
fn pages(command: &Command, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let text = page(command).with_context(|| format!("writing the man page of `{name}`"))?;
    files.insert(format!("man/man1/{name}.1"), text);
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        pages(sub, files)?;
    }
    Ok(())
}

fn page(command: &Command) -> Result<Vec<u8>> {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let man = Man::new(command.clone().override_usage(usage));
    let name = command.get_display_name().unwrap_or(command.get_name());
    // Without a date: the same programs give the same pages. Written here, since clap_mangen's own title loses an empty date,
    // and the words behind it move into its place.
    let version = env!("CARGO_PKG_VERSION");
    let title = format!(
        ".TH \"{}\" 1 \"\" \"ClawdTalk tools {version}\" \"ClawdTalk tools\"\n.ad l\n.nh\n",
        name.to_uppercase()
    );
    let mut text = title.into_bytes();
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    text.extend(shared_sections(command).into_bytes());
    Ok(text)
}

fn shared_sections(command: &Command) -> String {
    let mut text = String::new();
    section(&mut text, "EXIT STATUS", EXIT_CODES.map(|(code, what)| (code.to_string(), what)));
    section(&mut text, "ENVIRONMENT", VARIABLES.map(|(name, what)| (name.to_owned(), what)));
    section(&mut text, "FILES", FILES.map(|(name, what)| (name.to_owned(), what)));
    let _ = write!(text, ".PP\nNames without a folder are in the skill folder.\n");
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let _ = write!(text, ".SH EXAMPLES\n.nf\n");
    for line in help.lines().filter_map(|line| line.strip_prefix("  ")) {
        let _ = writeln!(text, "{}", escaped(&with_installed_names(line)));
    }
    text.push_str(".fi\n");
    text
}

fn section<'a>(
    text: &mut String,
    title: &str,
    entries: impl IntoIterator<Item = (String, &'a str)>,
) {
    let _ = writeln!(text, ".SH \"{title}\"");
    for (name, what) in entries {
        let _ = write!(text, ".TP\n\\fB{}\\fR\n{}\n", escaped(&name), escaped(what));
    }
}

/// An example with the programs under the names that a reader of man pages has on the PATH.
fn with_installed_names(line: &str) -> String {
    let parts = line.split(" | ").map(|part| {
        let is_first = |(name, _): &&(&str, &str)| {
            part.strip_prefix(*name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        match programs::PROGRAMS.iter().find(is_first) {
            Some((name, installed)) => format!("{installed}{}", &part[name.len()..]),
            None => part.to_owned(),
        }
    });
    parts.collect::<Vec<_>>().join(" | ")
}

/// Text that troff prints as it is.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    // At the start of a line these begin a request.
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::{all, escaped, with_installed_names};

    #[test]
    fn the_manual_knows_the_programs_and_their_commands() {
        let files = all().unwrap();
        let text = |path: &str| {
            let bytes =
                files.get(path).unwrap_or_else(|| panic!("no `{path}`: {:?}", files.keys()));
            String::from_utf8(bytes.clone()).unwrap()
        };
        let page = text("man/man1/clawdtalk-sms-send.1");
        assert!(page.contains("dry\\-run") && page.contains("clawdtalk\\-sms"), "{page}");
        assert!(text("man/man1/clawdtalk-missions.1").contains("list\\-state"));
        assert!(files.contains_key("man/man1/clawdtalk-missions-init.1"));
        for (path, text) in &files {
            let text = String::from_utf8_lossy(text);
            for section in
                ["SYNOPSIS", "\"EXIT STATUS\"", "\"ENVIRONMENT\"", "\"FILES\"", "EXAMPLES"]
            {
                assert!(text.contains(&format!(".SH {section}")), "{path}: {section}");
            }
            assert!(!text.contains(".nf\n.fi"), "{path} has no example");
        }
    }

    #[test]
    fn examples_have_the_installed_names() {
        let line = "call status call_1 | jq -r .status";
        assert_eq!(with_installed_names(line), "clawdtalk-call status call_1 | jq -r .status");
        assert_eq!(
            with_installed_names("echo \"$KEY\" | setup --yes"),
            "echo \"$KEY\" | clawdtalk-setup --yes"
        );
        assert_eq!(with_installed_names("callous call"), "callous call");
    }

    #[test]
    fn troff_prints_text_as_it_is() {
        assert_eq!(escaped(".env's \\n"), "\\&.env\\(aqs \\en");
    }
}
