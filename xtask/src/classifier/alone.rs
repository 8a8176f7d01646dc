//! The classifier as a program of its own, in which each of its rules and data files can be left out.
//!
//! What `connect` ships has no such switch: the sources are copied below cargo's target folder, and the switches are
//! written into the copy.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use state::file;

use super::corpus::Phrase;
use crate::workspace::Workspace;

/// The rules that can be left out: the file, the function, and what it then does at once.
fn rules() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    include_str!("rules.tsv").lines().filter_map(|line| {
        let (file, rest) = line.split_once('\t')?;
        rest.split_once('\t').map(|(rule, leaving)| (file, rule, leaving))
    })
}

/// The program: the phrases on stdin, a line each, and for each a line with why it is sensitive, empty if it is not.
const MAIN: &str = r#"
//! Made by `cargo xtask classifier`.
extern crate self as state;
pub mod invisible;
pub mod exit {
    pub struct Fault;
    impl Fault {
        pub fn usage(_: String) -> Self { Self }
        pub fn hint(self, _: &str) -> Self { self }
    }
}
pub mod approval_policy {
    #[derive(Default)]
    pub struct OwnerPhrases { pub patterns: Vec<String>, pub harmless: Vec<String> }
}
mod classifier;
pub(crate) fn left_out(part: &str) -> bool {
    static PART: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| std::env::var("LEFT_OUT").unwrap_or_default());
    *PART == part
}
pub(crate) fn data(name: &str, text: &'static str) -> &'static str {
    if left_out(name) { "" } else { text }
}
fn main() {
    for line in std::io::stdin().lines() {
        match classifier::classify(&line.unwrap(), &approval_policy::OwnerPhrases::default()) {
            classifier::Classification::Sensitive(reason) => println!("{reason}"),
            classifier::Classification::Harmless => println!(),
        }
    }
}
"#;

/// The program, and what can be left out of it.
pub(super) struct Alone {
    program: PathBuf,
    pub(super) parts: Vec<String>,
}

impl Alone {
    /// Copies the sources, and builds the program from the copy.
    pub(super) fn build(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.scratch("classifier")?;
        let manifest = "[workspace]\n[package]\nname = \"classifier\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
            [profile.dev]\nopt-level = 1\ndebug = false\n\
            [dependencies]\nmemchr = \"*\"\nsmol_str = { version = \"*\", default-features = false }\n\
            unicode-normalization = { version = \"*\", default-features = false, features = [\"std\"] }\n";
        file::replace(&folder.join("Cargo.toml"), manifest.as_bytes())?;
        let lock = std::fs::read(workspace.root().join("Cargo.lock"))
            .context("reading `Cargo.lock`, for the versions of its dependencies")?;
        file::replace(&folder.join("Cargo.lock"), &lock)?;
        workspace.scratch("classifier/src")?;
        file::replace(&folder.join("src/main.rs"), MAIN.as_bytes())?;
        // All that the classifier uses of `state` beside the owner's phrases.
        let invisible = std::fs::read(workspace.root().join("state/src/text/invisible.rs"))
            .context("reading `state/src/text/invisible.rs`")?;
        file::replace(&folder.join("src/invisible.rs"), &invisible)?;
        let sources = workspace.root().join("connect/src/classifier");
        let mut parts = Vec::new();
        copy(&sources, &folder.join("src/classifier"), "", &mut parts)?;
        parts.sort();
        let mut cargo = workspace.cargo(&["build", "--quiet", "--manifest-path"]);
        // The copy has a switch in front of everything, and no use for the rest of the module.
        cargo.env("RUSTFLAGS", "--cap-lints allow");
        cargo.arg(folder.join("Cargo.toml")).arg("--target-dir").arg(folder.join("target"));
        let status = cargo.stdin(Stdio::null()).status().context("starting cargo")?;
        ensure!(status.success(), "building the classifier alone failed ({status})");
        Ok(Self { program: folder.join("target/debug/classifier"), parts })
    }

    /// For each phrase, why it is sensitive, empty if it is harmless, to the classifier without `left_out` ("" = with all its parts).
    pub(super) fn classify(&self, phrases: &[Phrase], left_out: &str) -> Result<Vec<String>> {
        let mut command = std::process::Command::new(&self.program);
        command.env("LEFT_OUT", left_out).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("starting the classifier")?;
        let mut stdin = child.stdin.take().context("the classifier has no stdin")?;
        let lines: String =
            phrases.iter().map(|phrase| phrase.text.replace(['\n', '\r'], " ") + "\n").collect();
        let writing = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
        let stdout = child.stdout.take().context("the classifier has no stdout")?;
        let lines = std::io::BufReader::new(stdout).lines();
        let found: Vec<String> =
            lines.collect::<Result<_, _>>().context("reading from the classifier")?;
        let status = child.wait().context("waiting for the classifier")?;
        ensure!(status.success(), "the classifier without `{left_out}` ended {status}");
        writing.join().ok().context("writing to the classifier")??;
        ensure!(found.len() == phrases.len(), "the classifier did not answer every phrase");
        Ok(found)
    }
}

/// Copies a folder of sources with the switches written in, and lists what can be left out.
fn copy(from: &Path, to: &Path, below: &str, parts: &mut Vec<String>) -> Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("creating `{}`", to.display()))?;
    for entry in from.read_dir().with_context(|| format!("reading `{}`", from.display()))? {
        let path = entry.with_context(|| format!("reading `{}`", from.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            copy(&path, &to.join(&name), &format!("{below}{name}/"), parts)?;
            continue;
        }
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("reading `{}`", path.display()))?;
        let is = |kind: &str| path.extension().is_some_and(|end| end == kind);
        let text = if is("rs") { switched(&name, &text, parts)? } else { text };
        if is("txt") {
            parts.push(format!("{below}{name}"));
        }
        file::replace(&to.join(&name), text.as_bytes())?;
    }
    Ok(())
}

/// A source with a switch at the beginning of each of its rules, and around each data file.
fn switched(file: &str, source: &str, parts: &mut Vec<String>) -> Result<String> {
    let mut text = source.to_owned();
    for name in source.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        if Path::new(name).extension().is_some_and(|end| end == "txt") {
            let plain = format!("include_str!(\"{name}\")");
            text = text.replace(&plain, &format!("crate::data(\"{name}\", {plain})"));
        }
    }
    for (_, rule, leaving) in rules().filter(|(of, _, _)| *of == file) {
        let part = format!("{file}: {rule}");
        let body = text
            .find(&format!("fn {rule}("))
            .or_else(|| text.find(&format!("fn {rule}<")))
            .and_then(|at| Some(at + text[at..].find(" {\n")? + 3))
            .with_context(|| format!("no rule `{rule}` in {file}"))?;
        text.insert_str(body, &format!("if crate::left_out(\"{part}\") {{ {leaving}; }}\n"));
        parts.push(part);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_can_be_left_out_is_there() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connect/src/classifier");
        assert!(rules().count() > 30);
        for (file, rule, leaving) in rules() {
            let source = std::fs::read_to_string(folder.join(file)).unwrap();
            let mut parts = Vec::new();
            let text = switched(file, &source, &mut parts).unwrap();
            assert!(parts.contains(&format!("{file}: {rule}")));
            assert!(text.contains(&format!("\") {{ {leaving}; }}\n")), "{file}: {rule}");
        }
    }

    #[test]
    fn a_rule_that_is_gone_and_a_data_file_are_told_apart() {
        let mut parts = Vec::new();
        let error = switched("idioms.rs", "fn other() {\n}\n", &mut parts).unwrap_err();
        assert!(error.to_string().contains("no rule `idiom`"));
        let source = "let text = include_str!(\"words.txt\");\n";
        let text = switched("x.rs", source, &mut parts).unwrap();
        assert_eq!(text, "let text = crate::data(\"words.txt\", include_str!(\"words.txt\"));\n");
    }
}
