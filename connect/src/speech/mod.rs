//! Turns an agent's reply, which is written in Markdown, into what can be spoken or texted.
//!
//! [`hidden`] takes out what is not meant for people, [`source`] keeps the signs that Markdown would misread, [`walk`]
//! reads the Markdown (with [`emphasis`], [`html`] and [`address`]) into blocks, [`aloud`] decides which signs of a
//! block are spoken, and [`shorten`] makes the result as short as its medium demands.

mod address;
mod aloud;
mod block;
mod control_words;
mod emphasis;
mod hidden;
mod html;
mod patterns;
mod shorten;
mod source;
mod tool_call;
mod walk;

use state::sms_segments;

use block::{Block, Medium};

/// The longest text that is spoken in one answer, in characters.
const LONGEST_SPOKEN: usize = 2_000;
/// What is looked through for what is not meant for people, in characters.
const LONGEST_REPLY: usize = 200_000;
/// What is read of the rest, in characters: ten times what can be spoken of it.
const LONGEST_READ: usize = 20_000;
/// One cleaning can bring the halves of a mark together (`\\*`, `&amp;lt;`), so it is repeated until
/// nothing changes. Ordinary replies take two.
const MAX_PASSES: usize = 12;

/// What can be spoken of `reply`: one line without Markdown, addresses and emoji, with the letters of
/// every script, numbers, currency, keypad keys and `words_with_underscores`, at most 2,000 characters.
/// One that had to be cut offers the rest. Empty if the reply has no words.
pub(crate) fn speakable(reply: &str) -> String {
    let mut spoken = visible(reply);
    for _ in 0..MAX_PASSES {
        let cleaned = clean(sms_segments::prefix(&spoken, LONGEST_READ, usize::MAX), Medium::Voice);
        let next = shorten::spoken(&cleaned, LONGEST_SPOKEN);
        if next == spoken {
            break;
        }
        spoken = next;
    }
    spoken
}

/// What can be texted of `reply`: plain text of at most `max_chars` characters and `max_parts` parts,
/// links with their addresses, lists as lines. One that had to be cut says so. Empty if the reply has no words.
pub(crate) fn for_text(reply: &str, max_chars: usize, max_parts: usize) -> String {
    let visible = visible(reply);
    let text = clean(sms_segments::prefix(&visible, LONGEST_READ, usize::MAX), Medium::Text);
    shorten::texted(&text, max_chars, max_parts)
}

fn visible(reply: &str) -> String {
    hidden::visible(sms_segments::prefix(reply, LONGEST_REPLY, usize::MAX))
}

/// One cleaning.
fn clean(text: &str, medium: Medium) -> String {
    let text = crate::protocol::sanitize::sanitize(text);
    let blocks = walk::blocks(&text, medium);
    let is_checklist = aloud::is_checklist(&blocks);
    let mut cleaned = String::with_capacity(text.len());
    for block in blocks {
        let words = match medium {
            Medium::Voice => aloud::words(&block, is_checklist),
            Medium::Text => texted(&block),
        };
        let words = control_words::removed(&words);
        match medium {
            Medium::Voice if words.contains(char::is_alphanumeric) => {
                aloud::join(&mut cleaned, words);
            }
            Medium::Text if !words.is_empty() => {
                cleaned.push_str(if cleaned.is_empty() { "" } else { "\n" });
                cleaned.push_str(words);
            }
            _ => {}
        }
    }
    cleaned
}

/// A block as lines.
fn texted(block: &Block) -> String {
    let lines = |text: &str, between| {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join(between)
    };
    match block {
        Block::Words { marker, text } => format!("{marker}{}", lines(text, "\n")),
        Block::Row(cells) => {
            lines(&cells.iter().map(|cell| lines(cell, " ")).collect::<Vec<_>>().join("\n"), ", ")
        }
        Block::Code(code) | Block::Formula(code) => code.trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests;
