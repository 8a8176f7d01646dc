//! Takes a reply apart into paragraphs, list items, table rows and blocks of code.

use super::html;

/// One thing that stands by itself, without the marks that made it one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// A paragraph, heading or numbered item; its lines are kept.
    Prose(String),
    /// An item of a list with bullets.
    Item(String),
    /// The cells of a table's row.
    Row(Vec<String>),
    /// The inside of a fenced block of code.
    Code(String),
}

/// The blocks of `text` in their order.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut prose = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(fence) = CodeFence::opened_by(without_quotes(line)) else {
            prose.push_str(line);
            prose.push('\n');
            continue;
        };
        let code: Vec<&str> = lines
            .by_ref()
            .map(|line| if fence.is_quoted(line) { without_quotes(line) } else { line })
            .take_while(|line| !fence.is_closed_by(line))
            .collect();
        if fence.holds_prose {
            // Some models wrap the whole reply in a fence that says Markdown.
            prose.push_str(&code.join("\n"));
            prose.push('\n');
        } else {
            paragraphs(&html::flattened(&prose), &mut found);
            prose.clear();
            found.push(Block::Code(code.join("\n")));
        }
    }
    paragraphs(&html::flattened(&prose), &mut found);
    found
}

/// The line that opens a block of code.
struct CodeFence {
    sign: char,
    length: usize,
    holds_prose: bool,
}

impl CodeFence {
    fn opened_by(line: &str) -> Option<Self> {
        let line = line.trim_start();
        let sign = line.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
        let info = line.trim_start_matches(sign);
        let length = line.len() - info.len();
        // With a backtick behind them, they only mark a word as code.
        let opens = length >= 3 && !(sign == '`' && info.contains('`'));
        let holds_prose = matches!(info.trim().to_ascii_lowercase().as_str(), "markdown" | "md");
        opens.then_some(Self { sign, length, holds_prose })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.length && line.chars().all(|sign| sign == self.sign)
    }

    /// Whether `line` would end the block if its quote marks were taken off.
    fn is_quoted(&self, line: &str) -> bool {
        line.trim_start().starts_with('>') && self.is_closed_by(without_quotes(line))
    }
}

/// The blocks of lines that hold no code.
fn paragraphs(text: &str, found: &mut Vec<Block>) {
    let mut paragraph = Paragraph::default();
    let mut in_table = false;
    let mut lines = text.lines().map(without_quotes).peekable();
    while let Some(line) = lines.next() {
        let bare = line.trim();
        let heads_table = bare.contains('|') && lines.peek().is_some_and(|next| is_separator(next));
        in_table = bare.contains('|') && (in_table || heads_table || is_framed(bare));
        if is_separator(bare) && (in_table || bare.starts_with('|')) || is_rule(bare) {
            paragraph.end(found);
        } else if in_table {
            paragraph.end(found);
            found.push(Block::Row(cells(bare)));
        } else if bare.is_empty() || is_definition(bare) {
            paragraph.end(found);
        } else {
            paragraph.add(bare, found);
        }
    }
    paragraph.end(found);
}

/// The lines of the block that is being read.
#[derive(Default)]
struct Paragraph {
    text: String,
    is_item: bool,
}

impl Paragraph {
    fn end(&mut self, found: &mut Vec<Block>) {
        let text = std::mem::take(&mut self.text);
        let is_item = std::mem::take(&mut self.is_item);
        if !text.is_empty() {
            found.push(if is_item { Block::Item(text) } else { Block::Prose(text) });
        }
    }

    fn add(&mut self, line: &str, found: &mut Vec<Block>) {
        let (words, is_item) = without_bullets(line);
        let heading = without_hashes(words);
        if is_item || heading.is_some() || starts_with_number(words) {
            self.end(found);
        } else if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.is_item |= is_item;
        self.text.push_str(heading.unwrap_or(words));
        if heading.is_some() {
            self.end(found);
        }
    }
}

/// The line without the marks of block quotes. `> 5` and `>= 5` compare and stay.
fn without_quotes(line: &str) -> &str {
    let mut rest = line;
    while let Some(quoted) = rest.trim_start().strip_prefix('>') {
        if quoted.trim_start_matches('=').trim_start().starts_with(|c: char| c.is_numeric()) {
            break;
        }
        rest = quoted;
    }
    rest
}

/// The line without the bullets it begins with, and whether there were any.
fn without_bullets(line: &str) -> (&str, bool) {
    let mut rest = line;
    loop {
        let mut characters = rest.chars();
        let is_bullet = match characters.next() {
            Some('-' | '*' | '•' | '‣' | '◦' | '▪' | '●' | '–' | '—') => true,
            // `+ 5` is a number with its sign.
            Some('+') => !characters.as_str().trim_start().starts_with(|c: char| c.is_numeric()),
            _ => false,
        };
        let words = characters.as_str();
        if !is_bullet || !(words.is_empty() || words.starts_with(char::is_whitespace)) {
            return (rest, rest.len() < line.len());
        }
        rest = without_quotes(words).trim_start();
    }
}

/// The words of a heading (`## Today ##`).
fn without_hashes(line: &str) -> Option<&str> {
    let words = line.trim_start_matches('#');
    let level = line.len() - words.len();
    if !(1..=6).contains(&level) || !(words.is_empty() || words.starts_with(char::is_whitespace)) {
        return None;
    }
    let open = words.trim_end().trim_end_matches('#');
    // A `#` that belongs to the last word (C#) is no mark.
    let words = if open.ends_with(char::is_whitespace) { open } else { words };
    Some(words.trim())
}

/// `1. Standup` or `2) Lunch`: the number stays, since it is part of what is said.
fn starts_with_number(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    (1..=3).contains(&(line.len() - rest.len()))
        && (rest.starts_with(". ") || rest.starts_with(") "))
}

/// A line of nothing but three or more of the same sign: a rule, or the underline of a heading.
fn is_rule(line: &str) -> bool {
    let mut signs = line.chars().filter(|c| !c.is_whitespace());
    let Some(sign) = signs.next().filter(|sign| matches!(sign, '-' | '=' | '*' | '_' | '—'))
    else {
        return false;
    };
    signs.all(|other| other == sign) && line.chars().filter(|c| *c == sign).count() >= 3
}

/// `|---|:-:|`, the line under a table's head.
fn is_separator(line: &str) -> bool {
    let line = line.trim();
    line.contains('|') && line.contains('-') && line.chars().all(|c| "|:- ".contains(c))
}

/// A row with a bar on both sides.
fn is_framed(line: &str) -> bool {
    line.len() > 2 && line.starts_with('|') && line.ends_with('|')
}

fn cells(row: &str) -> Vec<String> {
    let row = row.strip_prefix('|').unwrap_or(row);
    let row = row.strip_suffix('|').filter(|row| !row.ends_with('\\')).unwrap_or(row);
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for character in row.chars() {
        if character == '|' && !escaped {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(character);
        }
        escaped = character == '\\' && !escaped;
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// `[name]: https://…`, which says where a link elsewhere leads. The text of a footnote is none.
fn is_definition(line: &str) -> bool {
    let Some((name, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]:")) else {
        return false;
    };
    let target = target.trim_start().trim_start_matches('<');
    !name.contains(['[', ']']) && !name.starts_with('^') && target.contains("://")
}
