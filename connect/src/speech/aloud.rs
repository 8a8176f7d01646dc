//! Says a block: which of its signs are spoken, where a line end is a pause, and what pictures mean.

use std::sync::LazyLock;

use super::address;
use super::block::Block;
use super::patterns::Replacements;

/// A line of a paragraph that is shorter than this, in characters, was ended on purpose.
const SHORT_LINE: usize = 60;
/// Pictures that say what became of the item they stand at, in words.
const OUTCOMES: &[(&str, &str)] =
    &[("✓✔☑✅", "done"), ("✗✘✕✖❌❎☒", "not done"), ("☐⬜◻", "to do")];

/// The words of a block. A tick says something only in a list of them: elsewhere it is decoration.
pub(super) fn words(block: &Block, is_checklist: bool) -> String {
    match block {
        Block::Words { marker, text } => {
            let marker = marker.trim_start_matches("- ");
            format!("{marker}{}", paragraph(text, is_checklist))
        }
        Block::Row(cells) => {
            let cells = cells.iter().map(|cell| self::cell(cell));
            cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(", ")
        }
        Block::Code(code) => self::code(code),
        Block::Formula(_) => "Formula.".to_owned(),
    }
}

/// Whether several lines of the reply begin or end with what became of them.
pub(super) fn is_checklist(blocks: &[Block]) -> bool {
    let lines = blocks.iter().filter_map(|block| match block {
        Block::Words { text, .. } => Some(text.lines()),
        _ => None,
    });
    lines.flatten().filter(|line| outcome(line).is_some()).count() > 1
}

/// Appends a block, with a full stop before it unless there is a pause already.
pub(super) fn join(spoken: &mut String, words: &str) {
    if !spoken.is_empty() {
        spoken.push_str(if ends_in_pause(spoken) { " " } else { ". " });
    }
    spoken.push_str(words);
}

/// Whether a text ends in a sign that makes a speaker pause, quotes and brackets behind it apart.
pub(super) fn ends_in_pause(text: &str) -> bool {
    let text = text.trim_end_matches(|c: char| "\"')]”’»›」』）".contains(c));
    text.ends_with(|c: char| ".,!?:;…。，、！？：；؟،؛۔।॥–—".contains(c))
}

/// A cell of a table. One that holds nothing but a tick or a cross is its meaning.
fn cell(cell: &str) -> String {
    match outcome(cell) {
        Some(("done", "", _)) => "yes".to_owned(),
        Some(("not done", "", _)) => "no".to_owned(),
        Some((meaning, "", _)) => meaning.to_owned(),
        _ => paragraph(cell, false),
    }
}

/// A block of code. A line or two can be a command or a result, which is worth hearing; more is not.
fn code(code: &str) -> String {
    let lines: Vec<&str> = code.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.len() <= 2 && code.chars().count() <= 120 {
        paragraph(&lines.join(", "), false)
    } else {
        "Some code is left out here.".to_owned()
    }
}

/// Lines as one, with a pause where a line ends on purpose and the next begins as sentences, names and times do.
fn paragraph(text: &str, is_checklist: bool) -> String {
    let mut spoken = String::with_capacity(text.len());
    let mut is_short = false;
    for line in address::hosts(text).lines() {
        let plain = signs(line);
        let words = match outcome(line) {
            Some((meaning, words, is_before)) if is_checklist || meaning == "not done" => {
                let words = signs(words);
                if is_before {
                    format!("{meaning}: {words}")
                } else {
                    format!("{}: {meaning}", words.trim_end_matches(':'))
                }
            }
            _ => plain.clone(),
        };
        let words = words.trim();
        if words.is_empty() {
            continue;
        }
        // Where a blank is left, a picture began the line.
        let starts_anew = plain.starts_with(' ')
            || words.starts_with(|c: char| c.is_uppercase() || c.is_numeric());
        if !spoken.is_empty() {
            let pauses = is_short && starts_anew && !ends_in_pause(&spoken);
            spoken.push_str(if pauses { ", " } else { " " });
        }
        is_short = words.chars().count() < SHORT_LINE;
        spoken.push_str(words);
    }
    LEFT_BEHIND.replaced(&spoken).trim().to_owned()
}

/// What became of the item of a line, its words, and whether that stood before them.
fn outcome(line: &str) -> Option<(&'static str, &str, bool)> {
    let form = |c: char| c == '\u{fe0f}' || c.is_whitespace();
    let line = line.trim_matches(form);
    let of = |sign: char| {
        OUTCOMES.iter().find(|(signs, _)| signs.contains(sign)).map(|(_, meaning)| *meaning)
    };
    if let Some(words) = line.strip_prefix("[x] ").or_else(|| line.strip_prefix("[ ] ")) {
        return Some((if line.starts_with("[x") { "done" } else { "to do" }, words, true));
    }
    let first = line.chars().next()?;
    if let Some(meaning) = of(first) {
        return Some((meaning, line[first.len_utf8()..].trim_start_matches(form), true));
    }
    let last = line.chars().next_back()?;
    of(last).map(|meaning| {
        (meaning, line[..line.len() - last.len_utf8()].trim_end_matches(form), false)
    })
}

/// Pictures, and what makes others of them: what has no words. Letters and digits in circles and squares are letters and
/// digits. Source: the blocks of Unicode 17 with Extended_Pictographic.
const PICTURE: &str = r"\x{231a}\x{231b}\x{2328}\x{23cf}\x{23e9}-\x{23fa}\x{2500}-\x{266c}\x{2670}-\x{2775}\x{2794}-\x{27bf}\x{2b00}-\x{2bff}\x{303d}\x{3297}\x{3299}\x{e000}-\x{f8ff}\x{1f000}-\x{1f0ff}\x{1f10d}-\x{1f12f}\x{1f14a}-\x{1f14f}\x{1f16a}-\x{1f16f}\x{1f18a}-\x{1fbef}\x{1fbfa}-\x{1fbff}\x{f0000}-\x{10ffff}";

static SIGNS: LazyLock<Replacements> = LazyLock::new(|| {
    let form = r"\x{200c}\x{200d}\x{20e3}\x{fe00}-\x{fe0f}";
    let letter = r"0-9A-Za-z\x{80}-\x{10ffff}";
    Replacements::new([
        (
            "",
            format!(
                r"[\x{{200c}}\x{{200d}}]*(?:[{PICTURE}]|[©®‼⁉™\x{{2190}}-\x{{21ff}}〰]\x{{fe0f}})[{PICTURE}{form}]*"
            ),
            " ",
        ),
        ("", r"[`\x{20e3}\x{fe00}-\x{fe0f}]".into(), ""),
        // The marks of footnotes, and brackets.
        ("[", r"\[\^\d+\]:?".into(), ""),
        ("[]", r"[\[\]]".into(), " "),
        ("-=―", r"-{3,}|={3,}|―{3,}".into(), " "),
        // Bars and bullets between words are pauses.
        ("|•·", r"^(?:\s*[|•·](?:\s|$))+|(?:\s*\|)+\s*$|^\|+".into(), ""),
        ("|•·", r"([.,!?:;…])(?:\s*\||\s[•·]\s)+\s*".into(), "$1 "),
        ("|•·", r"(?:\s*\||\s[•·]\s)+\s*".into(), ", "),
        // `C:\Users\me`
        ("\\", format!(r"(^|[^{letter}:])\\+"), "$1"),
        ("\\", format!(r"\\+([^{letter}]|$)"), "$1"),
    ])
});
/// What the signs that were taken out leave behind: blanks before a full stop, empty brackets.
static LEFT_BEHIND: LazyLock<Replacements> = LazyLock::new(|| {
    Replacements::new([
        ("(", r"\(\s+".into(), "("),
        ("(", r"\s*\(\)".into(), ""),
        (" ", r" +([.,!?;:)]+)(\s|$)".into(), "$1$2"),
        (" ", r" {2,}".into(), " "),
    ])
});
/// A line with its signs kept, dropped, or made a blank or a pause, as their neighbours tell.
fn signs(line: &str) -> String {
    let line = SIGNS.replaced(&line.split_whitespace().collect::<Vec<_>>().join(" "));
    if !line.contains(['<', '>']) {
        return line;
    }
    let mut kept = String::with_capacity(line.len());
    for (at, sign) in line.char_indices() {
        let compares = || compares(&line[..at], &line[at + 1..]);
        kept.push(if matches!(sign, '<' | '>') && !compares() { ' ' } else { sign });
    }
    kept
}

/// `x > 5`, `>=5`, `a < b`, `<3`: words and blanks on both sides, or a number behind it.
fn compares(before: &str, after: &str) -> bool {
    let (left, operand) = (before.trim_end(), after.trim_start_matches('=').trim_start());
    let is_apart = before.ends_with(' ') && after.starts_with([' ', '=']);
    let is_one = |word: Option<&str>| word.is_some_and(|word| word.chars().count() == 1);
    let is_sign = |c: char| !c.is_alphanumeric();
    (operand.starts_with(char::is_numeric) && !left.ends_with(['-', '=', '<', '>']))
        || (is_apart && left.ends_with(char::is_alphanumeric) && operand.starts_with(char::is_alphanumeric))
        // `a<b`, where `List<String>` is none.
        || (is_one(left.rsplit(is_sign).next()) && is_one(operand.split(is_sign).next()))
}
