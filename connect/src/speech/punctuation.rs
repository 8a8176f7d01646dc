//! Decides of each sign whether it is content or Markdown's, by its neighbours, and writes the text of a block.

use super::medium::Medium;

/// A character of a block, its structure taken away.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpeechChar {
    pub(super) character: char,
    /// Stays whatever it is: part of an address, of code, or escaped.
    pub(super) verbatim: bool,
}

/// A line of a paragraph that is shorter than this, in characters, was ended on purpose.
const SHORT_LINE: usize = 60;
/// How far the search for neighbours goes to either side, so that a long run of one sign costs no more than other text.
const MAX_DISTANCE: usize = 32;

/// Code that is spoken: no sign in it is structure.
pub(super) fn literal(text: &str) -> String {
    let chars: Vec<SpeechChar> =
        text.chars().map(|character| SpeechChar { character, verbatim: false }).collect();
    block_text(&chars, Medium::Voice)
}

/// Whether a text ends in a sign that makes a speaker pause, quotes and brackets behind it apart.
pub(super) fn ends_in_pause(text: &str) -> bool {
    let text = text.trim_end_matches(|c: char| "\"')]”’»›」』）".contains(c));
    text.ends_with(|c: char| ".,!?:;…。，、！？：；؟،؛۔।॥–—".contains(c))
}

/// The words of a block.
pub(super) fn block_text(chars: &[SpeechChar], medium: Medium) -> String {
    let mut words =
        BlockText { medium, out: String::with_capacity(chars.len()), line: 0, last: None };
    for at in 0..chars.len() {
        let SpeechChar { character, verbatim } = chars[at];
        if verbatim {
            words.push(character);
            continue;
        }
        let neighbours = Neighbours { chars, at };
        match neighbours.treatment(character, medium) {
            SignTreatment::Keep => words.push(character),
            SignTreatment::Drop => {}
            SignTreatment::Blank => words.blank(),
            SignTreatment::Pause => words.pause(),
            SignTreatment::LineEnd => words.line_end(neighbours.starts_anew()),
        }
    }
    match medium {
        Medium::Voice => tidy(&words.out),
        Medium::Text => {
            words.out.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
        }
    }
}

/// What becomes of a sign.
enum SignTreatment {
    Keep,
    Drop,
    Blank,
    Pause,
    LineEnd,
}

/// A place among the characters, and its neighbours.
struct Neighbours<'a> {
    chars: &'a [SpeechChar],
    at: usize,
}

impl Neighbours<'_> {
    fn treatment(&self, character: char, medium: Medium) -> SignTreatment {
        let keep_if = |keep: bool| if keep { SignTreatment::Keep } else { SignTreatment::Drop };
        let aloud = medium == Medium::Voice;
        match character {
            _ if character.is_alphanumeric() => SignTreatment::Keep,
            '\n' => SignTreatment::LineEnd,
            _ if character.is_whitespace() => SignTreatment::Blank,
            '*' => keep_if(self.multiplies()),
            '_' => keep_if(self.is_inside_a_word()),
            '`' => SignTreatment::Drop,
            '~' => keep_if(
                self.is_alone() && self.after().is_some_and(|c| c.is_alphanumeric() || c == '/'),
            ),
            '#' => keep_if(
                self.after().is_some_and(char::is_alphanumeric)
                    || self.before().is_some_and(char::is_alphanumeric),
            ),
            '\\' if aloud => keep_if(self.is_in_a_path()),
            '<' | '>' if aloud && !self.compares() => SignTreatment::Blank,
            '[' | ']' if aloud => SignTreatment::Blank,
            '|' if aloud => SignTreatment::Pause,
            '•' | '·' if aloud && !self.is_inside_a_word() => SignTreatment::Pause,
            '-' | '=' | '―' if aloud && self.run_length() >= 3 => SignTreatment::Blank,
            '\u{fe00}'..='\u{fe0f}' | '\u{20e3}' if aloud => SignTreatment::Drop,
            '\u{200c}' | '\u{200d}' if aloud => keep_if(!self.joins_pictures()),
            _ if aloud
                && (is_picture(character) || self.after() == Some('\u{fe0f}'))
                && !character.is_ascii() =>
            {
                SignTreatment::Blank
            }
            _ => SignTreatment::Keep,
        }
    }

    fn get(&self, at: Option<usize>) -> Option<char> {
        at.and_then(|at| self.chars.get(at)).map(|letter| letter.character)
    }

    fn before(&self) -> Option<char> {
        self.get(self.at.checked_sub(1))
    }

    fn after(&self) -> Option<char> {
        self.get(Some(self.at + 1))
    }

    /// The nearest character on one side that is not to be skipped.
    fn beyond(&self, forward: bool, skip: impl Fn(char) -> bool) -> Option<char> {
        let wanted = |letter: &&SpeechChar| !skip(letter.character);
        let found = if forward {
            self.chars[self.at + 1..].iter().take(MAX_DISTANCE).find(wanted)
        } else {
            self.chars[..self.at].iter().rev().take(MAX_DISTANCE).find(wanted)
        };
        found.map(|letter| letter.character)
    }

    /// `2*3`, `a*b`, `2**8` and `5 * x`: signs between values, where emphasis has no place. Emphasis
    /// inside a word is common only in scripts that put no blanks between words.
    fn multiplies(&self) -> bool {
        let star = |c: char| c == '*';
        let (before, after) = (self.beyond(false, star), self.beyond(true, star));
        let is_value = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        if is_value(before) && is_value(after) {
            return self.run_length() <= 2;
        }
        let blank = |c: char| c == ' ';
        let (left, right) = (self.beyond(false, blank), self.beyond(true, blank));
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        self.before() == Some(' ')
            && self.after() == Some(' ')
            && is_value(left)
            && is_value(right)
            && (is_digit(left) || is_digit(right))
    }

    /// `snake_case` and `a__b`, not `_word_`.
    fn is_inside_a_word(&self) -> bool {
        let own = self.chars[self.at].character;
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        is_letter(self.beyond(false, |c| c == own)) && is_letter(self.beyond(true, |c| c == own))
    }

    /// How many of the same character stand here in a row.
    fn run_length(&self) -> usize {
        let own = self.chars[self.at].character;
        let same = |letter: &&SpeechChar| letter.character == own;
        let before = self.chars[..self.at].iter().rev().take(MAX_DISTANCE).take_while(same).count();
        before + self.chars[self.at..].iter().take(MAX_DISTANCE).take_while(same).count()
    }

    fn is_alone(&self) -> bool {
        let own = Some(self.chars[self.at].character);
        self.before() != own && self.after() != own
    }

    /// `C:\Users\me`.
    fn is_in_a_path(&self) -> bool {
        self.before().is_some_and(|c| c.is_alphanumeric() || c == ':')
            && self.after().is_some_and(char::is_alphanumeric)
    }

    /// `x > 5`, `>=5`, `a < b`: a blank on both sides, or a number behind it.
    fn compares(&self) -> bool {
        let operand = self.beyond(true, |c| matches!(c, ' ' | '='));
        let number_follows = operand.is_some_and(char::is_numeric);
        let apart = self.before() == Some(' ') && matches!(self.after(), Some(' ' | '='));
        let left = self.beyond(false, |c| c == ' ');
        let value_before = left.is_some_and(char::is_alphanumeric);
        (value_before && apart && operand.is_some_and(char::is_alphanumeric))
            || (number_follows && !left.is_some_and(|c| "-=<>".contains(c)))
    }

    /// Whether a joiner belongs to an emoji, and goes with it.
    fn joins_pictures(&self) -> bool {
        let goes = |c: Option<char>| {
            c.is_none_or(|c| is_picture(c) || ('\u{fe00}'..='\u{fe0f}').contains(&c))
        };
        goes(self.before()) || goes(self.after())
    }

    /// Whether the line behind this line end begins as sentences, names and times do.
    fn starts_anew(&self) -> bool {
        self.beyond(true, |c| c.is_whitespace() || "*_`~".contains(c))
            .is_some_and(|c| c.is_uppercase() || c.is_numeric())
    }
}

/// Emoji, dingbats, bullets, boxes and private signs: what has no words. Letters and digits in circles
/// and squares are letters and digits. Source: the blocks of Unicode 17 with Extended_Pictographic.
fn is_picture(character: char) -> bool {
    !character.is_alphanumeric()
        && matches!(character,
            '\u{231a}' | '\u{231b}' | '\u{2328}' | '\u{23cf}' | '\u{23e9}'..='\u{23fa}'
            | '\u{2500}'..='\u{266c}' | '\u{2670}'..='\u{27bf}' // without ♭ ♮ ♯
            | '\u{2b00}'..='\u{2bff}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
            | '\u{e000}'..='\u{f8ff}' | '\u{1f000}'..='\u{1fbff}' | '\u{f0000}'..='\u{10ffff}')
}

/// The text written for a block so far.
struct BlockText {
    medium: Medium,
    out: String,
    /// Characters since the last line end.
    line: usize,
    last: Option<char>,
}

impl BlockText {
    fn push(&mut self, character: char) {
        self.out.push(character);
        self.line += 1;
        self.last = Some(character);
    }

    fn blank(&mut self) {
        if self.last.is_some_and(|last| !last.is_whitespace()) {
            self.push(' ');
        }
    }

    /// A bar or a bullet between words.
    fn pause(&mut self) {
        let spoken = self.out.trim_end();
        if !spoken.is_empty() && !ends_in_pause(spoken) {
            self.out.truncate(spoken.len());
            self.push(',');
        }
        self.blank();
    }

    fn line_end(&mut self, next_starts_anew: bool) {
        if self.medium == Medium::Text {
            self.push('\n');
        } else if self.line < SHORT_LINE && next_starts_anew {
            self.pause();
        } else {
            self.blank();
        }
        self.line = 0;
    }
}

/// Mends what the signs that were taken out leave behind: blanks before a full stop, empty brackets.
fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut rest = text.trim().chars().peekable();
    while let Some(character) = rest.next() {
        let closes = matches!(character, '.' | ',' | '!' | '?' | ';' | ':' | ')')
            && rest.peek().is_none_or(|next| next.is_whitespace());
        if closes {
            tidied.truncate(tidied.trim_end_matches(' ').len());
        }
        match character {
            ' ' if tidied.is_empty() || tidied.ends_with([' ', '(']) => {}
            ')' if tidied.ends_with('(') => {
                tidied.pop();
                tidied.truncate(tidied.trim_end_matches(' ').len());
            }
            _ => tidied.push(character),
        }
    }
    tidied.truncate(tidied.trim_end().len());
    tidied
}
