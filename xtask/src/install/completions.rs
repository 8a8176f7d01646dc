//! Completions for bash, zsh and fish, generated from the programs' own definitions.

use std::collections::BTreeMap;

use clap::Command;
use clap_complete::{Generator as _, Shell};

use super::programs;

/// Each shell, and its folder for completions below a folder named `share`.
pub(crate) const SHELLS: [(Shell, &str); 3] = [
    (Shell::Bash, "bash-completion/completions"),
    (Shell::Zsh, "zsh/site-functions"),
    (Shell::Fish, "fish/vendor_completions.d"),
];

/// The path below `share` and the text of every completion.
pub(super) fn all() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for (command, (_, name)) in programs::commands().into_iter().zip(programs::PROGRAMS) {
        for (shell, folder) in SHELLS {
            // bash-completion looks for a file of the command's own name.
            let file = if shell == Shell::Bash { name.to_owned() } else { shell.file_name(name) };
            files.insert(format!("{folder}/{file}"), text(shell, &command, name).into_bytes());
        }
    }
    files
}

fn text(shell: Shell, command: &Command, name: &'static str) -> String {
    // The generator for bash writes a hyphen in a program's name in two ways, and then finds no word below the first. It
    // gets a name without one, and only what registers the function gets the program's.
    let plain = if shell == Shell::Bash { name.replace('-', "_") } else { name.to_owned() };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut completed(command, name), &plain, &mut text);
    let text = String::from_utf8_lossy(&text);
    text.replace(&format!(" -o default {plain}\n"), &format!(" -o default {name}\n"))
}

/// The command without the words that may stand in the place of a subcommand, such as a greeting: nothing completes them,
/// and the function for zsh would take the subcommand for one.
fn completed(command: &Command, name: &'static str) -> Command {
    if !command.has_subcommands() {
        return command.clone();
    }
    let options = command.get_arguments().filter(|argument| !argument.is_positional());
    let about = command.get_about().cloned().unwrap_or_default();
    let completed = Command::new(name).about(about).version(env!("CARGO_PKG_VERSION"));
    completed
        .disable_help_subcommand(true)
        .args(options)
        .subcommands(command.get_subcommands().cloned())
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn every_shell_knows_the_programs_and_their_commands() {
        let files = all();
        for path in [
            "bash-completion/completions/clawdtalk-call",
            "zsh/site-functions/_clawdtalk-call",
            "fish/vendor_completions.d/clawdtalk-call.fish",
        ] {
            let bytes =
                files.get(path).unwrap_or_else(|| panic!("no `{path}`: {:?}", files.keys()));
            let text = String::from_utf8(bytes.clone()).unwrap();
            let known = ["purpose", "status", "clawdtalk-call"].map(|word| text.contains(word));
            assert_eq!(known, [true; 3], "{path}: {text}");
        }
    }
}
