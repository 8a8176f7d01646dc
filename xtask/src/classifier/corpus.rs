//! Labelled phrases, in our own format and in those of two public corpora.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::args::CorpusPart;

/// Which intents of the public corpora act, unless `--intents` says otherwise.
const INTENTS: &str = include_str!("intents.json");

/// A phrase and what it is.
#[derive(Debug, PartialEq, Eq, Clone)]
pub(super) struct Phrase {
    pub(super) sensitive: bool,
    pub(super) text: String,
}

/// The phrases of one file or folder.
pub(super) struct Corpus {
    pub(super) name: String,
    pub(super) phrases: Vec<Phrase>,
}

/// For each corpus, the intents that are sensitive and those that are harmless; any other is left out.
pub(super) struct Intents(Value);

impl Intents {
    /// Reads the file, or takes those that are built in.
    pub(super) fn read(file: Option<&Path>) -> Result<Self> {
        let text = file.map_or_else(|| Ok(INTENTS.to_owned()), read)?;
        let intents = serde_json::from_str(&text).context("reading the intents as JSON")?;
        Ok(Self(intents))
    }

    /// What a phrase of this intent is; `None` if that cannot be said.
    fn sensitive(&self, corpus: &str, intent: &str) -> Option<bool> {
        let holds = |label: &str| {
            let listed = self.0[corpus][label].as_array();
            listed.is_some_and(|listed| listed.iter().any(|name| name == intent))
        };
        if holds("sensitive") { Some(true) } else { holds("harmless").then_some(false) }
    }
}

impl Corpus {
    /// Reads what `path` names, by its kind: a folder is a fold of HWU64, `.json` is CLINC150, anything else is ours.
    pub(super) fn read(path: &Path, intents: &Intents, part: CorpusPart) -> Result<Self> {
        let phrases = if path.is_dir() {
            hwu64(path, intents, part)?
        } else if path.extension().is_some_and(|end| end == "json") {
            clinc(&read(path)?, intents, part)
                .with_context(|| format!("reading `{}`", path.display()))?
        } else {
            labelled(&read(path)?).with_context(|| format!("reading `{}`", path.display()))?
        };
        if phrases.is_empty() {
            bail!("no labelled phrase in `{}`", path.display());
        }
        Ok(Self { name: path.display().to_string(), phrases })
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading `{}`", path.display()))
}

/// Lines of label, tab, phrase.
fn labelled(text: &str) -> Result<Vec<Phrase>> {
    let lines = text.lines().enumerate().filter(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    let phrase = |(at, line): (usize, &str)| {
        let sensitive = match line.split_once('\t') {
            Some(("sensitive", _)) => true,
            Some(("harmless", _)) => false,
            _ => bail!("line {} has no `sensitive` or `harmless` and a tab in front", at + 1),
        };
        let text = line.split_once('\t').map_or("", |(_, text)| text);
        Ok(Phrase { sensitive, text: text.to_owned() })
    };
    lines.map(phrase).collect()
}

/// CLINC150: for each of its parts a list of phrase and intent.
fn clinc(text: &str, intents: &Intents, part: CorpusPart) -> Result<Vec<Phrase>> {
    let parts: &[&str] = match part {
        CorpusPart::All => &["train", "val", "test"],
        CorpusPart::Dev => &["train", "val"],
        CorpusPart::Test => &["test"],
    };
    let whole: Value = serde_json::from_str(text)?;
    let mut phrases = Vec::new();
    for part in parts {
        let rows = whole[part].as_array().with_context(|| format!("no list `{part}`"))?;
        for row in rows {
            let text = row[0].as_str().context("a phrase that is no text")?;
            let intent = row[1].as_str().context("an intent that is no text")?;
            let sensitive = intents.sensitive("clinc", intent);
            phrases.extend(sensitive.map(|it| Phrase { sensitive: it, text: text.to_owned() }));
        }
    }
    Ok(phrases)
}

/// HWU64: one fold of its cross-validation, a table for each intent below `testset/csv` and `trainset`.
fn hwu64(folder: &Path, intents: &Intents, part: CorpusPart) -> Result<Vec<Phrase>> {
    let parts: &[&str] = match part {
        CorpusPart::All => &["trainset", "testset/csv"],
        CorpusPart::Dev => &["trainset"],
        CorpusPart::Test => &["testset/csv"],
    };
    let mut phrases = Vec::new();
    for part in parts {
        let folder = folder.join(part);
        let listed =
            folder.read_dir().with_context(|| format!("reading `{}`", folder.display()))?;
        let mut files: Vec<PathBuf> = listed.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|file| file.extension().is_some_and(|end| end == "csv"));
        files.sort();
        for file in files {
            let rows = hwu64_rows(&read(&file)?, intents);
            phrases.extend(rows.with_context(|| format!("reading `{}`", file.display()))?);
        }
    }
    Ok(phrases)
}

/// The rows of one table: `answerid;scenario;intent;…`, the phrase as a recogniser writes it in `answer_from_anno`.
fn hwu64_rows(text: &str, intents: &Intents) -> Result<Vec<Phrase>> {
    let mut lines = text.lines().map(|line| line.split(';').collect::<Vec<_>>());
    let header = lines.next().unwrap_or_default();
    let column = |name: &str| {
        let at = header.iter().position(|column| *column == name);
        at.with_context(|| format!("no column `{name}`"))
    };
    let (scenario, intent, answer) =
        (column("scenario")?, column("intent")?, column("answer_from_anno")?);
    let phrase = |row: Vec<&str>| {
        let name = format!("{}_{}", row.get(scenario)?, row.get(intent)?);
        let text = row.get(answer)?.trim_matches('"');
        let sensitive = intents.sensitive("hwu64", &name)?;
        Some(Phrase { sensitive, text: text.to_owned() })
    };
    Ok(lines.filter_map(phrase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(got: Result<Vec<Phrase>>, wanted: &[(bool, &str)]) {
        let got = got.unwrap();
        let got: Vec<(bool, &str)> =
            got.iter().map(|it| (it.sensitive, it.text.as_str())).collect();
        assert_eq!(got, wanted);
    }

    #[test]
    fn each_format_is_read_and_what_is_ambiguous_left_out() {
        let intents = Intents::read(None).unwrap();
        case(
            labelled("# ours\nsensitive\tsell it\n\nharmless\twho is it\n"),
            &[(true, "sell it"), (false, "who is it")],
        );
        let text = r#"{"train": [["wire it", "transfer"], ["hm", "maybe"]],
            "val": [["is it hot", "weather"]], "test": [["ring ann", "make_call"]]}"#;
        case(clinc(text, &intents, CorpusPart::Dev), &[(true, "wire it"), (false, "is it hot")]);
        case(clinc(text, &intents, CorpusPart::Test), &[(true, "ring ann")]);
        let text = "answerid;scenario;intent;answer_annotation;answer_from_anno;answer_from_user\n\
            1;iot;coffee;\"x\";\"some coffee now\";\"Some coffee, now!\"\n2;music;settings;a;b;c\n";
        case(hwu64_rows(text, &intents), &[(true, "some coffee now")]);
    }

    #[test]
    fn what_is_none_of_the_formats_is_told() {
        let intents = Intents::read(None).unwrap();
        assert!(labelled("maybe\tsell it").unwrap_err().to_string().contains("line 1"));
        assert!(clinc("{}", &intents, CorpusPart::All).unwrap_err().to_string().contains("train"));
        assert!(hwu64_rows("a;b\n", &intents).unwrap_err().to_string().contains("scenario"));
    }
}
