//! Completions for three shells and man pages, generated from the programs' own definitions.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use clap::Command;
use clap_complete::{Generator, Shell};

use super::programs;

/// Each shell, and its folder for completions below a folder named `share`.
const SHELLS: [(Shell, &str); 3] = [
    (Shell::Bash, "bash-completion/completions"),
    (Shell::Zsh, "zsh/site-functions"),
    (Shell::Fish, "fish/vendor_completions.d"),
];

/// The path below `share` and the text of every completion and man page.
pub(super) fn all() -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for command in programs::commands() {
        let name = command.get_name().to_owned();
        for (shell, folder) in SHELLS {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut command.clone(), &name, &mut text);
            // bash-completion looks for a file of the command's own name.
            let file = if shell == Shell::Bash { name.clone() } else { shell.file_name(&name) };
            files.insert(format!("{folder}/{file}"), text);
        }
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
    let mut text = Vec::new();
    let page = clap_mangen::Man::new(command.clone()).manual("ClawdTalk tools");
    page.render(&mut text).with_context(|| format!("writing the man page of `{name}`"))?;
    files.insert(format!("man/man1/{name}.1"), text);
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        pages(sub, files)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn every_shell_and_the_manual_know_the_programs_and_their_commands() {
        let files = all().unwrap();
        let text = |path: &str| {
            let bytes =
                files.get(path).unwrap_or_else(|| panic!("no `{path}`: {:?}", files.keys()));
            String::from_utf8(bytes.clone()).unwrap()
        };
        for path in [
            "bash-completion/completions/clawdtalk-call",
            "zsh/site-functions/_clawdtalk-call",
            "fish/vendor_completions.d/clawdtalk-call.fish",
        ] {
            let text = text(path);
            assert!(text.contains("purpose") && text.contains("clawdtalk"), "{path}: {text}");
        }
        let page = text("man/man1/clawdtalk-sms-send.1");
        assert!(page.contains("dry\\-run") && page.contains("clawdtalk\\-sms"), "{page}");
        assert!(text("man/man1/clawdtalk-missions.1").contains("list\\-state"));
        assert!(files.contains_key("man/man1/clawdtalk-missions-init.1"));
    }
}
