//! `cargo xtask classifier`: how many labelled phrases the guard tells right, and what each of its parts buys.

mod alone;
mod corpus;

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::{Value, json};
use state::exit::Exit;
use state::out::{self, Printer};

use crate::args::{ClassifierArgs, CorpusPart};
use crate::check_result::CheckResult;
use crate::workspace::Workspace;
use alone::Alone;
use corpus::{Corpus, Intents, Phrase};

/// What was told right, and what not.
struct Figures<'a> {
    n_sensitive: usize,
    n_harmless: usize,
    missed: Vec<&'a str>,
    /// Each with the reason that was given.
    alarms: Vec<String>,
}

impl<'a> Figures<'a> {
    fn of(phrases: &'a [Phrase], found: &[String]) -> Self {
        let (mut missed, mut alarms) = (Vec::new(), Vec::new());
        for (phrase, reason) in phrases.iter().zip(found) {
            match (phrase.sensitive, reason.is_empty()) {
                (true, true) => missed.push(phrase.text.as_str()),
                (false, false) => alarms.push(format!("{}: {reason}", phrase.text)),
                _ => {}
            }
        }
        let n_sensitive = phrases.iter().filter(|phrase| phrase.sensitive).count();
        Self { n_sensitive, n_harmless: phrases.len() - n_sensitive, missed, alarms }
    }

    /// The share of the sensitive that was found.
    fn recall(&self) -> f64 {
        1.0 - share(self.missed.len(), self.n_sensitive)
    }

    /// The share of the harmless that was taken for sensitive.
    fn false_alarms(&self) -> f64 {
        share(self.alarms.len(), self.n_harmless)
    }

    fn json(&self, n_misses: usize) -> Value {
        let (missed, alarms) = (&self.missed, &self.alarms);
        json!({
            "sensitive": self.n_sensitive, "recall": rounded(self.recall()),
            "harmless": self.n_harmless, "false_alarms": rounded(self.false_alarms()),
            "missed": missed[..n_misses.min(missed.len())],
            "alarms": alarms[..n_misses.min(alarms.len())],
        })
    }

    fn text(&self, n_misses: usize) -> String {
        let mut text = format!(
            "recall {:.4} of {}, false alarms {:.4} of {}\n",
            self.recall(),
            self.n_sensitive,
            self.false_alarms(),
            self.n_harmless
        );
        for phrase in self.missed.iter().take(n_misses) {
            let _ = writeln!(text, "  missed: {phrase}");
        }
        for phrase in self.alarms.iter().take(n_misses) {
            let _ = writeln!(text, "  false alarm: {phrase}");
        }
        text
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of phrases are small")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn rounded(share: f64) -> f64 {
    (share * 10_000.0).round() / 10_000.0
}

/// Measures the classifier on each file, and with `--ablate` without each of its parts on all of them.
pub(crate) fn run(workspace: &Workspace, args: &ClassifierArgs, printer: Printer) -> Result<Exit> {
    let intents = Intents::read(args.intents.as_deref())?;
    let read = |path| Corpus::read(path, &intents, args.part);
    let corpora: Vec<Corpus> = args.files.iter().map(|path| read(path)).collect::<Result<_>>()?;
    let alone = Alone::build(workspace)?;
    let (mut rows, mut text) = (Vec::new(), String::new());
    for corpus in &corpora {
        let found = alone.classify(&corpus.phrases, "")?;
        let figures = Figures::of(&corpus.phrases, &found);
        let _ = write!(text, "{}: {}", corpus.name, figures.text(args.misses));
        let mut row = figures.json(args.misses);
        row["corpus"] = corpus.name.clone().into();
        rows.push(row);
    }
    let mut document = json!({ "corpora": rows });
    if args.ablate {
        let left_out = ablated(&alone, &corpora)?;
        for (part, recall, alarms) in &left_out {
            let _ =
                writeln!(text, "without {part:<36} recall {recall:+.4}, false alarms {alarms:+.4}");
        }
        let row = |(part, recall, alarms): &(String, f64, f64)| json!({ "part": part, "recall": rounded(*recall), "false_alarms": rounded(*alarms) });
        document["without"] = left_out.iter().map(row).collect();
    }
    printer.print(&document, || text.trim_end().to_owned())?;
    Ok(Exit::Done)
}

/// The command itself, on our own phrases: that it still builds, that every order in them is told, and that hardly anything
/// else is taken for one.
pub(crate) fn check(workspace: &Workspace) -> Result<CheckResult> {
    let path = workspace.root().join("connect/src/classifier/labelled_phrases.tsv");
    let corpus = Corpus::read(&path, &Intents::read(None)?, CorpusPart::All)?;
    let found = Alone::build(workspace)?.classify(&corpus.phrases, "")?;
    let figures = Figures::of(&corpus.phrases, &found);
    let is_well = figures.missed.is_empty() && figures.false_alarms() < 0.01;
    Ok(CheckResult::of(is_well, figures.text(0).trim_end().to_owned()))
}

/// For each part, by how much the two figures over all phrases change where it is left out.
fn ablated(alone: &Alone, corpora: &[Corpus]) -> Result<Vec<(String, f64, f64)>> {
    let phrases: Vec<Phrase> = corpora.iter().flat_map(|one| one.phrases.clone()).collect();
    let figures = |part: &str| {
        let found = alone.classify(&phrases, part)?;
        let figures = Figures::of(&phrases, &found);
        Ok((figures.recall(), figures.false_alarms()))
    };
    let whole: Result<(f64, f64)> = figures("");
    let (recall, alarms) = whole?;
    let mut rows = Vec::new();
    for part in &alone.parts {
        out::progress(&format!("without {part}"));
        let (without, more): (f64, f64) = figures(part)?;
        rows.push((part.clone(), without - recall, more - alarms));
    }
    Ok(rows)
}
