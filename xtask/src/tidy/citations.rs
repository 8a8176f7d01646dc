//! Comments, pages and the names of tests cite nothing that a reader of the repository cannot open.

use std::collections::BTreeSet;

use super::tree::SourceFile;
use super::violation::{Violation, each_line};

/// Documents that were at hand while this was written. A comment states the fact itself instead.
const DOCUMENTS: [&str; 6] = ["spec", "facts", "issue", "defect", "contract", "house"];

/// Folders of such documents; a path into one has to exist here.
const FOLDERS: [&str; 6] = ["spec/", "facts/", "contract/", "cases/", "seed/", "shared/"];

/// What follows "the seed" where a document is meant, and no seed of random numbers.
const SAYINGS: [&str; 7] = ["says", "wants", "asks", "names", "has", "lists", "means"];

/// No comment, page or name of a test cites a document that is not here.
pub(super) fn citations(files: &[SourceFile]) -> Vec<Violation> {
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    each_line(files, |file, line| {
        let found = match () {
            () if file.is("rs") => comment(line, "//")
                .and_then(|text| cited(text, file, &paths))
                .or_else(|| cited(&function_name(line)?, file, &paths)),
            () if file.is("toml") => comment(line, "#").and_then(|text| cited(text, file, &paths)),
            () if file.is("md") => cited(line, file, &paths),
            () => None,
        }?;
        Some(format!("`{found}` cites what is not in the repository; state the fact itself"))
    })
}

/// The comment of a line. A mark inside a word, as in an address, begins none.
fn comment<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    let begins = |at: usize| line[..at].is_empty() || line[..at].ends_with(char::is_whitespace);
    line.match_indices(mark).find(|(at, _)| begins(*at)).map(|(at, _)| &line[at + mark.len()..])
}

/// The words of a function's name.
fn function_name(line: &str) -> Option<String> {
    let (before, rest) = line.split_once("fn ")?;
    let is_function = before.split_whitespace().all(|word| word.starts_with("pub"));
    let name = rest.split('(').next().unwrap_or(rest);
    is_function.then(|| name.replace('_', " "))
}

/// The words that cite something, if any do.
fn cited(text: &str, file: &SourceFile, paths: &BTreeSet<&str>) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.iter().enumerate().find_map(|(n, raw)| {
        let next = words.get(n + 1).map_or("", |next| bare(next));
        let (word, before) = (bare(raw), n.checked_sub(1).map_or("", |at| bare(words[at])));
        let lower = word.to_lowercase();
        let is_cited = DOCUMENTS.contains(&lower.as_str()) && is_place(next)
            || lower == "house" && (before == "the" || ["rule", "rules", "style"].contains(&next))
            || lower == "seed's"
            || lower == "seed"
                && (before == "the" && SAYINGS.contains(&next) || raw.starts_with("(seed,"))
            || is_numbered(word, 'W')
            || is_missing(word, file, paths);
        is_cited.then(|| format!("{word} {next}").trim_end().to_owned())
    })
}

/// A word without the marks around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric() && !"./#_".contains(c)).trim_end_matches('.')
}

/// Whether this is a place in a document: `3`, `4.2`, `#12`, `P24`.
fn is_place(word: &str) -> bool {
    let number = word.trim_start_matches('#');
    number.starts_with(|c: char| c.is_ascii_digit())
        || number.chars().next().is_some_and(|letter| is_numbered(number, letter))
}

/// Whether this is one capital letter and a number, as in `W7`.
fn is_numbered(word: &str, letter: char) -> bool {
    letter.is_ascii_uppercase()
        && word.strip_prefix(letter).is_some_and(|number| {
            (1..=2).contains(&number.len()) && number.chars().all(|c| c.is_ascii_digit())
        })
}

/// Whether this is a path into a folder of documents, and nothing is there: from the top, or from beside the file.
fn is_missing(word: &str, file: &SourceFile, paths: &BTreeSet<&str>) -> bool {
    let word = word.trim_start_matches("./");
    if !FOLDERS.iter().any(|folder| word.starts_with(folder)) && word != "house.md" {
        return false;
    }
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let beside = format!("{folder}/{word}");
    let is_there = |path: &str| {
        let path = path.trim_end_matches('/');
        paths.iter().any(|there| {
            there.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    !is_there(word) && !is_there(&beside)
}

#[cfg(test)]
mod tests {
    use super::citations;
    use crate::tidy::tree::SourceFile;

    #[track_caller]
    fn case(path: &str, text: &str, lines: &[usize]) {
        let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
        let files = [file(path, text), file("tests/facts/captures.json", "{}")];
        let found = citations(&files);
        assert_eq!(found.iter().map(|one| one.line).collect::<Vec<_>>(), lines, "{found:?}");
    }

    #[test]
    fn what_is_not_here_is_not_cited() {
        for planted in [
            "/// The limit (spec 3).",
            "//! Spec 3.",
            "let a = 1; // facts/server.md 4.9",
            "// as in issue #12",
            "/// See: defect P24, twice.",
            "// (W7)",
            "// (seed, complete example)",
            "// the seed wants it",
            "/// The seed's table.",
            "/// The house rules.",
            "// must in contract/commands.json",
            "fn it_is_as_spec_3_has_it() {",
            "    fn issue_12_is_mended() {",
        ] {
            case("a/src/b.rs", planted, &[1]);
        }
        case("README.md", "Read on.\nThis is facts/gateway.md.", &[2]);
        case("Cargo.toml", "a = 1 # spec 2", &[1]);
    }

    #[test]
    fn ordinary_words_and_what_is_here_are_no_citations() {
        for fine in [
            "/// Captured: `tests/facts/captures.json`.",
            "/// The seed decides each moment, and the same seed repeats it.",
            "let text = \"issue 12 of spec 3\";",
            "// RFC 6455, 4.2.2; exit 8; the specification of TLS",
            "// https://example.com/spec 3",
            "// The issue is closed; in specific cases, facts count.",
            "fn the_seed_decides_which_responses_are_lost() {",
            "// a wide word W3C",
        ] {
            case("a/src/b.rs", fine, &[]);
        }
        case("tests/b.rs", "// facts/captures.json", &[]);
    }
}
