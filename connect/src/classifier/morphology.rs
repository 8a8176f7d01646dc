//! Finds the verb in a word: inflects the verbs of [`verb_table`](super::verb_table), and forgives one slip of a letter.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::verb_table::{VerbRow, rows};
use super::words;

/// The form in which a verb was met. Forms in `-s` order nothing and are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VerbForm {
    /// "delete": an imperative, or what follows "to" and "can".
    Base,
    /// "deleted", "sold".
    Past,
    /// "deleting".
    Ing,
    /// "deletes", "emails": a report, or a noun.
    Third,
}

/// One reading of a word.
#[derive(Clone, Copy)]
pub(super) struct VerbReading {
    /// The infinitive.
    pub(super) base: &'static str,
    pub(super) form: VerbForm,
    /// The line of the table.
    pub(super) row: &'static VerbRow,
    /// It is also a noun, an adjective or a name.
    pub(super) noun: bool,
    /// It is so mostly, and counts only before a clear object.
    pub(super) rare: bool,
}

/// All readings of `word` as a verb; empty for other words.
pub(super) fn readings(word: &str) -> &'static [VerbReading] {
    FORMS.get(word).map_or(&[], Vec::as_slice)
}

/// The readings of the acting verb that `word` misses by one letter: left out, added, changed or swapped
/// ("delte", "cancle"). Short words are too much like others.
pub(super) fn misspelt(word: &str) -> Vec<VerbReading> {
    if word.len() < 5 || !word.is_ascii() || !readings(word).is_empty() {
        return Vec::new();
    }
    let near = |base: &&&str| {
        base.len().abs_diff(word.len()) < 2 && one_slip(base.as_bytes(), word.as_bytes())
    };
    let base = LONG.iter().find(near).copied();
    let acts =
        |reading: &&VerbReading| reading.form == VerbForm::Base && reading.row.does.is_some();
    base.map_or(&[] as &[VerbReading], readings).iter().filter(acts).copied().collect()
}

/// Whether `got` is `wanted` but for one letter left out, added or changed, or two swapped.
fn one_slip(wanted: &[u8], got: &[u8]) -> bool {
    let same = wanted.iter().zip(got).take_while(|(wanted, got)| wanted == got).count();
    let (wanted, got) = (&wanted[same..], &got[same..]);
    match (wanted, got) {
        ([a, b, wanted @ ..], [c, d, got @ ..]) if a == d && b == c && wanted == got => true,
        _ => match wanted.len().cmp(&got.len()) {
            Ordering::Less => wanted == &got[1..],
            Ordering::Equal => wanted.len() > 1 && wanted[1..] == got[1..],
            Ordering::Greater => &wanted[1..] == got,
        },
    }
}

/// Whether `word` is the plain form of some verb of the tables.
pub(super) fn is_base(word: &str) -> bool {
    readings(word).iter().any(|reading| reading.form == VerbForm::Base)
}

/// Whether `word` is the past form of some verb of the tables.
pub(super) fn is_past(word: &str) -> bool {
    readings(word).iter().any(|reading| reading.form == VerbForm::Past)
}

/// Whether `word` can be a finite verb that is not a plain form: "sold", "ends".
pub(super) fn is_inflected(word: &str) -> bool {
    readings(word).iter().any(|reading| matches!(reading.form, VerbForm::Past | VerbForm::Third))
}

/// The acting verbs of more than four letters.
static LONG: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let acting = rows().iter().filter(|row| row.does.is_some());
    let verbs = acting.flat_map(|row| row.verbs.split_whitespace());
    verbs.map(|verb| verb.trim_end_matches(['*', '~'])).filter(|base| base.len() > 4).collect()
});

static FORMS: LazyLock<HashMap<String, Vec<VerbReading>>> = LazyLock::new(|| {
    let mut forms: HashMap<String, Vec<VerbReading>> = HashMap::new();
    for row in rows() {
        for verb in row.verbs.split_whitespace() {
            let base = verb.trim_end_matches(['*', '~']);
            for (form, word) in inflect(base) {
                let (noun, rare) = (base.len() < verb.len(), verb.ends_with('~'));
                let reading = VerbReading { base, form, row, noun, rare };
                forms.entry(word).or_default().push(reading);
            }
        }
    }
    forms
});

/// All forms of the verb `base`, both spellings where there are two ("cancelled", "canceled").
fn inflect(base: &str) -> Vec<(VerbForm, String)> {
    let mut forms = vec![(VerbForm::Base, base.to_owned())];
    let mut add = |form, word: String| forms.push((form, word));
    let bytes = base.as_bytes();
    let vowel = |at: usize| bytes.len() > at && b"aeiou".contains(&bytes[bytes.len() - 1 - at]);
    let sibilant = ["s", "sh", "ch", "x", "z"].iter().any(|end| base.ends_with(end));
    if base.ends_with('y') && !vowel(1) {
        let stem = &base[..base.len() - 1];
        add(VerbForm::Third, format!("{stem}ies"));
        add(VerbForm::Past, format!("{stem}ied"));
    } else {
        add(
            VerbForm::Third,
            format!("{base}{}", if sibilant || base.ends_with('o') { "es" } else { "s" }),
        );
        add(VerbForm::Past, format!("{base}{}", if base.ends_with('e') { "d" } else { "ed" }));
    }
    let silent = base.ends_with('e') && !["ee", "oe", "ye"].iter().any(|end| base.ends_with(end));
    let stem = if silent { &base[..base.len() - 1] } else { base };
    add(VerbForm::Ing, format!("{stem}ing"));
    // Doubled where it can be: "dropped", and harmlessly "orderred".
    if base.len() > 2 && !vowel(0) && vowel(1) && !vowel(2) && !base.ends_with(['w', 'x', 'y']) {
        let last = &base[base.len() - 1..];
        add(VerbForm::Past, format!("{base}{last}ed"));
        add(VerbForm::Ing, format!("{base}{last}ing"));
    }
    for (verb, pasts) in IRREGULAR.iter() {
        if let Some(prefix) = base.strip_suffix(verb).filter(|prefix| PREFIXES.contains(prefix)) {
            for past in pasts.split_whitespace() {
                add(VerbForm::Past, format!("{prefix}{past}"));
            }
        }
    }
    forms
}

/// Verbs, each with its past and its participle.
static IRREGULAR: LazyLock<Vec<(&str, &str)>> =
    LazyLock::new(|| words::entries(include_str!("words/irregular.txt")).collect());

const PREFIXES: &[&str] = &["", "re", "un", "over", "out", "pre"];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(word: &str, base: &str, form: VerbForm) {
        let found = readings(word).iter().any(|r| r.base == base && r.form == form);
        assert!(found, "{word:?} is not {form:?} of {base:?}");
    }

    #[test]
    fn stems_are_found_in_every_form() {
        case("delete", "delete", VerbForm::Base);
        case("deleting", "delete", VerbForm::Ing);
        case("canceled", "cancel", VerbForm::Past);
        case("cancelled", "cancel", VerbForm::Past);
        case("paid", "pay", VerbForm::Past);
        case("resent", "resend", VerbForm::Past);
        case("overwritten", "overwrite", VerbForm::Past);
        case("shipped", "ship", VerbForm::Past);
        case("applied", "apply", VerbForm::Past);
        case("pushes", "push", VerbForm::Third);
    }

    #[test]
    fn one_wrong_letter_is_forgiven() {
        for (word, base) in [
            ("delte", "delete"),
            ("cancle", "cancel"),
            ("transer", "transfer"),
            ("publsh", "publish"),
        ] {
            assert!(misspelt(word).iter().any(|reading| reading.base == base), "{word}");
        }
        for word in ["weather", "delta", "sell", "cel", ""] {
            assert!(misspelt(word).is_empty(), "{word}");
        }
    }

    #[test]
    fn a_verb_inside_another_word_is_not_found() {
        for word in ["report", "buyer", "raindrop", "changelog", "senders", "weather", "unsold"] {
            assert!(readings(word).iter().all(|r| r.base == word), "{word}");
        }
    }
}
