//! First step: turns what was said or typed into plain lower-case words, so that no spelling hides a verb.
//!
//! Speech recognition leaves out capitals and punctuation; people type "E-Mail", `ｄｅｌｅｔｅ` or a word with an
//! invisible character in it. Everything after this file sees ASCII words and three kinds of stops.

use std::collections::HashMap;
use std::sync::LazyLock;

use smol_str::SmolStr;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::words;

/// What stands between a word and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Separator {
    /// A blank.
    Blank,
    /// A comma, colon, bracket, dash or emoji: a clause may begin here.
    Comma,
    /// A full stop, `!`, `?`, `;` or a new line: a sentence begins here.
    Sentence,
}

/// One word of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WordToken {
    /// Lower-case, without accents or invisible characters.
    pub(super) text: SmolStr,
    /// What stands before it.
    pub(super) separator: Separator,
    /// A question mark closes the sentence that this word is in.
    pub(super) in_question: bool,
    /// It was written in plain ASCII letters, which a word of another language often is not.
    pub(super) is_ascii: bool,
}

/// Splits `text` into words. Linear in its length.
pub(super) fn tokenize(text: &str) -> Vec<WordToken> {
    let characters: Vec<char> = text.chars().filter(|&c| !invisible(c)).collect();
    let latin = characters.iter().any(|&c| simple(c).is_ascii_alphabetic());
    let mut tokenizer =
        Tokenizer { words: Vec::new(), sentence_start: 0, separator: Separator::Sentence };
    let mut word = String::new();
    for (at, &raw) in characters.iter().enumerate() {
        let c = simple(raw);
        let next = characters.get(at + 1).map_or(' ', |&c| simple(c));
        let before = if at == 0 { ' ' } else { simple(characters[at - 1]) };
        if c.is_alphanumeric() || c == '_' && !word.is_empty() && next.is_alphanumeric() {
            // snake_case and kebab-case are looked at word by word.
            if c == '_' {
                tokenizer.push(&mut word, latin);
            } else {
                word.push(raw);
            }
            continue;
        }
        let inside = before.is_alphanumeric() && next.is_alphanumeric();
        let digits = before.is_ascii_digit() && next.is_ascii_digit();
        match c {
            '\'' if inside => word.push('\''),
            '.' | ',' | ':' if inside && digits => word.push(c),
            '-' if inside && prefix(&word) => {}
            '.' if dotted(&word, &characters, at) => {}
            '$' | '€' | '£' | '¥' if next.is_ascii_digit() => {
                tokenizer.push(&mut word, latin);
                word.push('$');
            }
            _ => {
                tokenizer.push(&mut word, latin);
                match c {
                    '&' => tokenizer.push(&mut "and".to_owned(), latin),
                    // "bob@example.com" names an address, "@bob" only a name.
                    '@' if inside => tokenizer.push(&mut "@".to_owned(), latin),
                    '+' => tokenizer.push(&mut "plus".to_owned(), latin),
                    '%' => tokenizer.push(&mut "percent".to_owned(), latin),
                    _ => tokenizer.mark(c, inside, next),
                }
            }
        }
    }
    tokenizer.push(&mut word, latin);
    tokenizer.words
}

/// The words of `text` alone, without what stands between them.
pub(crate) fn plain_words(text: &str) -> Vec<SmolStr> {
    tokenize(text).into_iter().map(|word| word.text).collect()
}

/// The words read so far.
struct Tokenizer {
    words: Vec<WordToken>,
    /// Where the sentence that is being read began.
    sentence_start: usize,
    /// What stood since the last word.
    separator: Separator,
}

impl Tokenizer {
    /// Ends a word.
    fn push(&mut self, word: &mut String, latin: bool) {
        if word.is_empty() {
            return;
        }
        let is_ascii = word.is_ascii();
        let text = plain_word(word, latin);
        word.clear();
        if !text.is_empty() {
            self.words.push(WordToken {
                text,
                separator: self.separator,
                in_question: false,
                is_ascii,
            });
            self.separator = Separator::Blank;
        }
    }

    /// Takes a character that belongs to no word.
    fn mark(&mut self, c: char, inside: bool, next: char) {
        let separator = match c {
            '.' if inside => Separator::Comma, // example.com, node.js
            '.' | '!' | '?' | ';' | '\n' | '\r' | '。' | '！' | '？' => Separator::Sentence,
            ',' | ':' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '•' | '…' | '*' => {
                Separator::Comma
            }
            '-' if inside || next.is_alphanumeric() || next == '-' => Separator::Blank,
            '-' => Separator::Comma,
            '"' | '\'' | '/' | '\\' | '#' | '@' | '_' | '$' | '=' | '~' | '^' | '<' | '>' => {
                Separator::Blank
            }
            c if c.is_whitespace() => Separator::Blank,
            _ => Separator::Comma,
        };
        if c == '?' {
            for word in &mut self.words[self.sentence_start..] {
                word.in_question = true;
            }
        }
        if separator == Separator::Sentence {
            self.sentence_start = self.words.len();
        }
        self.separator = self.separator.max(separator);
    }
}

/// `p.m.`, `e.g.`: single letters with dots are one word.
fn dotted(word: &str, characters: &[char], at: usize) -> bool {
    let next_single = characters.get(at + 1).is_some_and(|c| c.is_alphabetic())
        && !characters.get(at + 2).is_some_and(|c| c.is_alphanumeric());
    let one = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    one && next_single
}

/// A hyphen after one of these joins ("e-mail", "re-send"); elsewhere it separates.
fn prefix(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "e" | "re" | "un" | "de" | "co" | "pre" | "dis")
}

/// What nobody sees, and combining accents.
fn invisible(c: char) -> bool {
    state::invisible::is_unseen(c) || ('\u{300}'..='\u{36f}').contains(&c)
}

/// The plain character that `c` is a form of: full-width, mathematical, circled, accented, typographic.
fn simple(c: char) -> char {
    let squared =
        |from: char| char::from_u32(u32::from(c) - u32::from(from) + u32::from('a')).unwrap_or(c);
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '`' | '\u{b4}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{1f150}'..='\u{1f169}' => squared('\u{1f150}'),
        '\u{1f170}'..='\u{1f189}' => squared('\u{1f170}'),
        _ if c.is_ascii() => c.to_ascii_lowercase(),
        _ => {
            let only = |parts: &mut dyn Iterator<Item = char>| {
                parts.next().filter(|_| parts.next().is_none())
            };
            let whole = only(&mut c.nfkd().filter(|part| !is_combining_mark(*part)))
                // The letter of "⒜".
                .or_else(|| only(&mut c.nfkd().filter(|part| part.is_alphanumeric())))
                .filter(char::is_ascii);
            let lower = whole.unwrap_or(c).to_lowercase().next().unwrap_or(c);
            LETTERS.accents.get(&lower).copied().unwrap_or(lower)
        }
    }
}

/// The plain letter for each form of it, from `words/letters.txt`.
#[derive(Default)]
struct Letters {
    accents: HashMap<char, char>,
    /// Letters of other alphabets that look like Latin ones.
    twins: HashMap<char, char>,
}

static LETTERS: LazyLock<Letters> = LazyLock::new(|| {
    let mut letters = Letters::default();
    for (name, forms) in words::entries(include_str!("words/letters.txt")) {
        let kind = if name.ends_with('~') { &mut letters.twins } else { &mut letters.accents };
        kind.extend(forms.chars().zip(name.chars().cycle().step_by(name.len())));
    }
    letters
});

/// Twins are replaced only in a request that has Latin letters, and only if nothing of the word is left
/// over: a Russian or Greek sentence stays what it is.
fn plain_word(raw: &str, latin: bool) -> SmolStr {
    let plain: SmolStr = raw.chars().map(simple).collect();
    if !latin || plain.is_ascii() {
        return plain;
    }
    let twin = |c: char| LETTERS.twins.get(&c).copied().unwrap_or(c);
    let folded: SmolStr = plain.chars().map(twin).collect();
    if folded.is_ascii() { folded } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, wanted: &str) {
        let got: Vec<_> = tokenize(text).into_iter().map(|word| word.text).collect();
        assert_eq!(got.join(" "), wanted, "{text:?}");
    }

    #[test]
    fn spellings_of_one_word_are_one_word() {
        case("DELETE e-mail E‑mail", "delete email email");
        case("de\u{200B}lete \u{FEFF}se\u{AD}nd", "delete send");
        case("ｄｅｌｅｔｅ 𝐝𝐞𝐥𝐞𝐭𝐞 ⓓⓔⓛⓔⓣⓔ délété", "delete delete delete delete");
        case("dеlеtе the repo", "delete the repo"); // Cyrillic е
    }

    #[test]
    fn other_scripts_stay_what_they_are() {
        case("удали репозиторий", "удали репозиторий");
        case("删除 repo", "删除 repo");
    }

    #[test]
    fn numbers_times_and_snakes_keep_or_lose_their_marks() {
        case("pay $1,500.50 at 5 p.m.", "pay $1,500.50 at 5 pm");
        case("drop user_table & more", "drop user table and more");
    }

    #[test]
    fn stops_and_questions_are_seen() {
        let words = tokenize("Done? Delete it, please");
        assert!(words[0].in_question && !words[1].in_question);
        assert_eq!(words[1].separator, Separator::Sentence);
        assert_eq!(words[3].separator, Separator::Comma);
    }
}
