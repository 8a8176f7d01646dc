//! Completions and man pages as an installation leaves them: bash, zsh and fish are asked for words, and `man` for pages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::apt;
use crate::check_result::CheckResult;
use crate::workspace::{self, Workspace};

/// What is typed, and what has to be offered for its last word.
const CASES: [(&str, &[&str]); 13] = [
    ("clawdtalk-call st", &["status"]),
    ("clawdtalk-call --pu", &["--purpose"]),
    ("clawdtalk-call wait --ti", &["--timeout"]),
    ("clawdtalk-connect lo", &["logs"]),
    ("clawdtalk-connect logs --fo", &["--follow"]),
    ("clawdtalk-sms send --dr", &["--dry-run"]),
    ("clawdtalk-approval request --bio", &["--biometric"]),
    ("clawdtalk-missions --quiet set", &["setup-agent"]),
    ("clawdtalk-missions cron ", &["add", "list", "remove"]),
    ("clawdtalk-missions dnc add --sk", &["--skill-dir"]),
    ("clawdtalk-setup --service ", &["cron", "none", "systemd"]),
    ("clawdtalk-uninstall --delete-", &["--delete-config", "--delete-state"]),
    ("clawdtalk-status --te", &["--text"]),
];

/// Reads typed lines, and prints each behind `== ` with the words that are offered; `$1` is what its owner's
/// start-up file has of ours.
const BASH: &str = r#"
[ -n "$1" ] || . /usr/share/bash-completion/bash_completion
eval "$1"
while IFS= read -r line; do
    echo "== $line"
    read -ra COMP_WORDS <<< "$line"
    [[ $line == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 )) COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=()
    program=${COMP_WORDS[0]}
    if [ -z "$1" ] && ! complete -p "$program" > /dev/null 2>&1; then
        if declare -F _comp_load > /dev/null; then _comp_load "$program"; else __load_completion "$program"; fi
    fi
    [[ $(complete -p "$program") =~ -F\ ([^ ]+) ]]
    "${BASH_REMATCH[1]}" "$program" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\n' "${COMPREPLY[@]}"
done
"#;

/// The same at a terminal of its own, where the shell's own function that takes the words prints them as well. The marks
/// are written in two halves, so that the terminal's echo of this is no mark.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty terminal "TERM=dumb zsh -f -i"
zpty -w terminal "PS1=; $1; autoload -Uz compinit; compinit -u -D
compadd() { [[ \"\$*\" == *-[OAD]\ * ]] || { local -a offered; builtin compadd -O offered \"\$@\"; print -rl -- O''FFERED:\${^offered} }; builtin compadd \"\$@\" }
all_said() { print E''ND }; zle -N all_said; bindkey '^T' all_said; print REA''DY"
zpty -r -m terminal output '*READY*'
while IFS= read -r line; do
    zpty -w -n terminal $'\x15'"$line"$'\t\x14'
    zpty -r -m terminal output '*END*'
    print -r -- "== $line"
    print -r -- "$output" | tr '\r' '\n' | sed -n 's/.*OFFERED://p'
done
"#;

const FISH: &str = r"
eval $argv[1]
while read -l line
    echo == $line
    complete -C $line
end
";

/// A shell, its package, what runs a script in it, and the script.
const SHELLS: [(&str, &[&str], &str); 3] =
    [("bash", &["--norc", "-c"], BASH), ("zsh", &["-f", "-c"], ZSH), ("fish", &["-c"], FISH)];

/// What it takes, and the packages that bring it.
const NEEDED: [(&str, &str); 6] = [
    ("bash", "bash"),
    ("/usr/share/bash-completion/bash_completion", "bash-completion"),
    ("zsh", "zsh"),
    ("fish", "fish"),
    ("man", "man-db"),
    ("groff", "groff"),
];

/// Installs twice: where shells look by themselves, and elsewhere, with the lines that the installation prints.
pub(super) fn run(workspace: &Workspace) -> Result<CheckResult> {
    if let Err(reason) = apt::provide(&NEEDED) {
        return Ok(CheckResult::Skipped(format!("{reason:#}")));
    }
    let home = workspace.scratch("completions")?;
    fs::remove_dir_all(&home).context("emptying the folder of this check")?;
    let mut faults = Vec::new();
    for bin in [".local/bin", "elsewhere"] {
        let installed = Installed::new(&home, bin)?;
        for (shell, options, script) in SHELLS {
            faults.extend(installed.words(shell, options, script)?);
        }
        faults.extend(installed.pages()?);
    }
    for fault in &faults {
        state::out::error(fault);
    }
    let n_asked = 2 * SHELLS.len() * CASES.len();
    let detail = format!("{n_asked} lines completed, every man page printed");
    Ok(if faults.is_empty() {
        CheckResult::Passed(detail)
    } else {
        CheckResult::Failed(format!("{} faults, such as: {}", faults.len(), faults[0]))
    })
}

/// One installation, and the lines for start-up files that it printed.
struct Installed {
    home: PathBuf,
    bin: PathBuf,
    lines: BTreeMap<String, String>,
}

impl Installed {
    fn new(home: &Path, bin: &str) -> Result<Self> {
        let bin = home.join(bin);
        let mut install = Command::new(workspace::this_program()?);
        install.args(["install", "--debug", "--to"]).arg(home.join("skill"));
        install.arg("--bin-dir").arg(&bin).env("XDG_DATA_HOME", home.join(".local/share"));
        let output = install.stdin(Stdio::null()).output().context("starting the installation")?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the installation failed: {stderr}");
        let lines = stderr.lines().filter_map(|line| line.strip_prefix("for ")?.split_once(": "));
        let lines = lines
            .filter_map(|(what, line)| Some((what.split(',').next()?.to_owned(), line.to_owned())));
        Ok(Self { home: home.to_owned(), bin, lines: lines.collect() })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", &self.home).current_dir(&self.home);
        command.env("PATH", format!("{}:/usr/bin:/bin", self.bin.display()));
        command.env("LC_ALL", "C.UTF-8");
        command
    }

    fn line(&self, what: &str) -> &str {
        self.lines.get(what).map_or("", String::as_str)
    }

    /// The lines for which a shell does not offer what it should.
    fn words(&self, shell: &str, options: &[&str], script: &str) -> Result<Vec<String>> {
        let mut command = self.command(shell);
        command.args(options).arg(script);
        // What follows bash's and zsh's script is its $0.
        command.args((shell != "fish").then_some(shell)).arg(self.line(shell));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("starting {shell}"))?;
        let typed: String = CASES.map(|(line, _)| line).join("\n") + "\n";
        let mut stdin = child.stdin.take().context("a shell without stdin")?;
        stdin.write_all(typed.as_bytes()).context("typing")?;
        drop(stdin);
        let output = child.wait_with_output().with_context(|| format!("waiting for {shell}"))?;
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let offered = |typed: &str| -> BTreeSet<&str> {
            let answer = stdout.split("== ").find_map(|part| {
                let (line, words) = part.split_once('\n')?;
                (line.trim_end() == typed.trim_end()).then_some(words)
            });
            let words = answer.unwrap_or_default().lines();
            let words = words.filter_map(|line| line.split('\t').next());
            words
                .map(|word| word.trim_end_matches(['=', ' ']))
                .filter(|word| !word.is_empty())
                .collect()
        };
        let wrong = CASES.iter().filter_map(|(typed, wanted)| {
            let offered = offered(typed);
            let last = typed.rsplit(' ').next().unwrap_or_default();
            let fits = wanted.iter().all(|word| offered.contains(word))
                && offered.iter().all(|word| word.starts_with(last) && *word != "skill");
            let found =
                format!("{shell} offers {offered:?} for `{typed}`, wanted {wanted:?} {stderr}");
            (!fits).then_some(found)
        });
        Ok(wrong.collect())
    }

    /// The pages that `man` does not find, and what the formatter warns of.
    fn pages(&self) -> Result<Vec<String>> {
        let mut faults = Vec::new();
        for page in ["clawdtalk-call", "clawdtalk-missions-init"] {
            let mut shell = self.command("sh");
            let script = format!("{}\nman -w {page}", self.line("man pages"));
            let output = shell.args(["-c", &script]).output().context("starting man")?;
            if !output.status.success() {
                faults.push(format!("man: {}", String::from_utf8_lossy(&output.stderr).trim()));
            }
        }
        let folder = self.home.join("skill/share/man/man1");
        let mut groff = self.command("groff");
        groff.args(["-mandoc", "-ww", "-z", "-Kutf8", "-Tutf8"]);
        for entry in
            fs::read_dir(&folder).with_context(|| format!("reading `{}`", folder.display()))?
        {
            groff.arg(entry?.path());
        }
        let output = groff.output().context("starting groff")?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        faults.extend(stderr.lines().take(5).map(str::to_owned));
        Ok(faults)
    }
}
