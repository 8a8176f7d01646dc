//! The inside of a block: links, code spans, tags, escapes. What they mark is kept, they are not.

use super::code_span::code_span;
use super::html;
use super::link::{self, Bracket};
use super::medium::Medium;
use super::punctuation::{self, SpeechChar};

/// How deep links are read inside the text of links.
const MAX_DEPTH: usize = 4;

/// The words of a block.
pub(super) fn plain(text: &str, medium: Medium) -> String {
    let mut reader = InlineReader { medium, chars: Vec::with_capacity(text.len()) };
    reader.read(text, 0);
    punctuation::block_text(&reader.chars, medium)
}

struct InlineReader {
    medium: Medium,
    chars: Vec<SpeechChar>,
}

impl InlineReader {
    /// Appends characters; those of an address or of code stay as they are in a text message.
    fn push(&mut self, text: &str, verbatim: bool) {
        let verbatim = verbatim && self.medium == Medium::Text;
        self.chars.extend(text.chars().map(|character| SpeechChar { character, verbatim }));
    }

    fn read(&mut self, text: &str, depth: usize) {
        let mut before = None;
        let mut at = 0;
        while let Some(character) = text[at..].chars().next() {
            let rest = &text[at..];
            let length = match character {
                '\\' => self.escape(rest),
                '`' => Some(self.code(rest)),
                '!' if rest[1..].starts_with('[') => self.bracket(&rest[1..], depth).map(|n| n + 1),
                '[' => self.bracket(rest, depth),
                '<' => self.angle(rest),
                '&' => link::reference(rest).map(|(character, length)| {
                    self.push(character.encode_utf8(&mut [0; 4]), false);
                    length
                }),
                'h' | 'H' | 'f' | 'F' | 'w' | 'W' => self.bare_address(rest, before),
                _ => None,
            };
            let length = length.unwrap_or_else(|| {
                self.push(&rest[..character.len_utf8()], false);
                character.len_utf8()
            });
            before = text[..at + length].chars().next_back();
            at += length;
        }
    }

    /// `\*` is a plain `*`. Before anything but punctuation a backslash is itself.
    fn escape(&mut self, rest: &str) -> Option<usize> {
        let escaped = rest[1..].chars().next().filter(char::is_ascii_punctuation)?;
        self.push(escaped.encode_utf8(&mut [0; 4]), true);
        Some(2)
    }

    /// The inside of a code span, or nothing for backticks that enclose none.
    fn code(&mut self, rest: &str) -> usize {
        let Some((inside, length)) = code_span(rest) else {
            return rest.len() - rest.trim_start_matches('`').len();
        };
        self.push(inside, true);
        length
    }

    fn bracket(&mut self, rest: &str, depth: usize) -> Option<usize> {
        if depth >= MAX_DEPTH {
            return None;
        }
        let (bracket, length) = link::bracket(rest)?;
        if let Bracket::Link { text, address } = bracket {
            self.link(text, address, depth);
        }
        Some(length)
    }

    fn link(&mut self, text: &str, address: &str, depth: usize) {
        let goes_somewhere = link::bare_address(address).is_some();
        let contact = address.strip_prefix("mailto:").or_else(|| address.strip_prefix("tel:"));
        if text.trim().is_empty() {
            match contact {
                Some(contact) => self.push(contact, true),
                None if goes_somewhere => self.address(address),
                None => {}
            }
            return;
        }
        let start = self.chars.len();
        self.read(text, depth + 1);
        if self.medium == Medium::Voice {
            return;
        }
        // A text message keeps the address, unless its text shows it already.
        let shown: String = self.chars[start..].iter().map(|letter| letter.character).collect();
        let target = contact.or_else(|| goes_somewhere.then_some(address));
        if let Some(target) = target.filter(|target| !shown.contains(target.trim_end_matches('/')))
        {
            self.push(" (", true);
            self.push(target, true);
            self.push(")", true);
        }
    }

    /// `<https://…>`, `<me@example.com>` or a tag.
    fn angle(&mut self, rest: &str) -> Option<usize> {
        if let Some(length) = html::inline_tag(rest) {
            return Some(length);
        }
        let inside = rest[1..].split_once('>').map(|(inside, _)| inside)?;
        let is_mail = inside.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && host.contains('.') && !inside.contains(char::is_whitespace)
        });
        if is_mail {
            self.push(inside.trim_start_matches("mailto:"), true);
        } else if link::bare_address(inside).is_some_and(|address| address.len() == inside.len()) {
            self.address(inside);
        } else {
            return None;
        }
        Some(inside.len() + 2)
    }

    fn bare_address(&mut self, rest: &str, before: Option<char>) -> Option<usize> {
        // Scripts without blanks, such as Chinese, put none before an address either.
        if before.is_some_and(|before| before.is_alphanumeric() && before < '\u{590}') {
            return None;
        }
        let address = link::bare_address(rest)?;
        self.address(address);
        Some(address.len())
    }

    /// An address: spoken as the name of its host, which is said the same in every language.
    fn address(&mut self, address: &str) {
        match self.medium {
            Medium::Voice => self.push(link::host(address), false),
            Medium::Text => self.push(address, true),
        }
    }
}
