//! Turns an agent's reply, which is written in Markdown, into what can be spoken or texted.
//!
//! [`blocks`] takes it apart, after [`html`] has taken out tags; [`inline`] reads what a block says, with its [`link`]s and
//! [`code_span`]s; [`punctuation`] decides which signs are content; [`control_text`] is what is not meant for people at all;
//! [`truncate`] makes the result as short as its [`medium`] demands.
//!
//! The scanner is our own and small on purpose. A full Markdown parser follows a standard that loses
//! what a listener needs: `2*3*4` and `List<String>` lose signs and letters, a year at the start of a
//! line becomes the number of a list, a block of HTML vanishes. Here only marks go, and every letter and
//! digit outside links, tags and code blocks stays (the property tests say so).

mod blocks;
mod code_span;
mod control_text;
mod html;
mod inline;
mod link;
mod medium;
mod punctuation;
mod truncate;

use std::borrow::Cow;

use state::sms_segments;

use blocks::Block;
use medium::Medium;

/// The longest text that is spoken in one answer, in characters.
const LONGEST_SPOKEN: usize = 2_000;
/// What is read of a reply, in characters: ten times what can be spoken of it.
const LONGEST_READ: usize = 20_000;
/// One cleaning can bring the halves of a mark together (`\\*`, `&amp;lt;`), so it is repeated until
/// nothing changes. Ordinary replies take two.
const MAX_PASSES: usize = 12;

/// What can be spoken of `reply`: one line without Markdown, addresses and emoji, with the letters of
/// every script, numbers, currency and `words_with_underscores`, at most 2,000 characters. Empty if the
/// reply has no words.
pub(crate) fn speakable(reply: &str) -> String {
    let mut spoken = sms_segments::prefix(reply, LONGEST_READ, usize::MAX).to_owned();
    for _ in 0..MAX_PASSES {
        let next = truncate::at_a_sentence(&clean(&spoken, Medium::Voice), LONGEST_SPOKEN);
        if next == spoken {
            break;
        }
        spoken = next;
    }
    spoken
}

/// What can be texted of `reply`: plain text of at most `max_chars` characters and `max_parts` parts,
/// links with their addresses, lists as lines. Empty if the reply has no words.
pub(crate) fn for_text(reply: &str, max_chars: usize, max_parts: usize) -> String {
    let text = clean(sms_segments::prefix(reply, LONGEST_READ, usize::MAX), Medium::Text);
    truncate::at_a_word(&truncate::cheapest(text), max_chars, max_parts).to_owned()
}

/// One cleaning.
fn clean(text: &str, medium: Medium) -> String {
    let text = crate::protocol::sanitize::sanitize(text);
    if control_text::is_tool_call(&text) {
        return String::new();
    }
    let mut cleaned = String::with_capacity(text.len());
    for block in blocks::blocks(&text) {
        let words = match (&block, medium) {
            (Block::Code(code), Medium::Text) => code.trim_end().to_owned(),
            (Block::Code(code), Medium::Voice) => code_aloud(code),
            (Block::Item(item), Medium::Voice) => inline::plain(&task_aloud(item), medium),
            (Block::Prose(prose) | Block::Item(prose), _) => inline::plain(prose, medium),
            (Block::Row(cells), _) => {
                let cells = cells.iter().map(|cell| cell_words(cell, medium));
                cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(", ")
            }
        };
        let says_something =
            words.contains(char::is_alphanumeric) || (medium == Medium::Text && !words.is_empty());
        if !says_something
            || control_text::is_control_word(&words)
            || control_text::is_tool_call(&words)
        {
            continue;
        }
        match medium {
            Medium::Voice => join_aloud(&mut cleaned, &words),
            Medium::Text => {
                if !cleaned.is_empty() {
                    cleaned.push('\n');
                }
                if matches!(block, Block::Item(_)) {
                    cleaned.push_str("- ");
                }
                cleaned.push_str(&words);
            }
        }
    }
    cleaned
}

/// Appends a block to what is spoken, with a full stop between them unless there is a pause already.
fn join_aloud(spoken: &mut String, words: &str) {
    if !spoken.is_empty() {
        spoken.push_str(if punctuation::ends_in_pause(spoken) { " " } else { ". " });
    }
    spoken.push_str(words);
}

/// An item of a list; the box of a task in words.
fn task_aloud(item: &str) -> Cow<'_, str> {
    let in_words = |boxes: &[&str], words: &str| {
        let task = boxes.iter().find_map(|ticked| item.strip_prefix(ticked))?;
        Some(Cow::Owned(format!("{words}: {}", task.trim_start())))
    };
    in_words(&["[x] ", "[X] "], "done")
        .or_else(|| in_words(&["[ ] "], "to do"))
        .unwrap_or(Cow::Borrowed(item))
}

/// A cell of a table. One that holds nothing but a tick or a cross is its meaning.
fn cell_words(cell: &str, medium: Medium) -> String {
    let only = |signs: &str| {
        !cell.is_empty() && cell.chars().all(|c| signs.contains(c) || c == '\u{fe0f}')
    };
    match medium {
        Medium::Voice if only("✓✔☑✅") => "yes".to_owned(),
        Medium::Voice if only("✗✘✕✖❌❎☒") => "no".to_owned(),
        _ => inline::plain(cell, medium),
    }
}

/// A block of code. A line or two can be a command or a result, which is worth hearing; more is not.
fn code_aloud(code: &str) -> String {
    let lines: Vec<&str> = code.lines().filter(|line| !line.trim().is_empty()).collect();
    if control_text::is_tool_call(code) || lines.is_empty() {
        String::new()
    } else if lines.len() <= 2 && code.chars().count() <= 120 {
        punctuation::literal(&lines.join(", "))
    } else {
        "Some code is left out here.".to_owned()
    }
}

#[cfg(test)]
mod tests;
