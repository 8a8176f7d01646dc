//! Reads Markdown into the blocks that it consists of.

use pulldown_cmark::{
    BrokenLink, CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd,
};
use std::ops::Range;

use super::block::{Block, Medium};
use super::{address, emphasis, hidden, html, source};

/// How deep replies in fences that say Markdown, and HTML around Markdown, are read.
const MAX_DEPTH: usize = 4;

/// The blocks of a reply in their order.
pub(super) fn blocks(text: &str, medium: Medium) -> Vec<Block> {
    let mut blocks = Vec::new();
    // What was encoded several times (`&amp;amp;lt;`) is decoded once.
    let mut pieces = text.split('&');
    let first = pieces.next().unwrap_or_default();
    let text =
        pieces.fold(first.to_owned(), |text, piece| text + "&" + piece.trim_start_matches("amp;"));
    read(&text, medium, 0, &mut blocks);
    blocks
}

fn read(text: &str, medium: Medium, depth: usize, blocks: &mut Vec<Block>) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES;
    let source = source::prepared(text, medium);
    // `[text][name]` is a link also where nothing says where it leads; `[draft]` is none.
    let lead_nowhere = |link: BrokenLink<'_>| {
        let is_shortcut = matches!(link.link_type, LinkType::Shortcut | LinkType::ShortcutUnknown);
        (!is_shortcut).then(|| (CowStr::from(""), CowStr::from("")))
    };
    let parser = Parser::new_with_broken_link_callback(&source, options, Some(lead_nowhere));
    let mut walk = Walk {
        source: &source,
        medium,
        depth,
        blocks,
        text: String::new(),
        marker: String::new(),
        fence: String::new(),
        marks: Vec::new(),
        links: Vec::new(),
        cells: Vec::new(),
    };
    for (event, range) in parser.into_offset_iter() {
        walk.event(event, &range);
    }
    walk.end_item();
}

/// A walk over the events of a parser.
struct Walk<'a> {
    source: &'a str,
    medium: Medium,
    depth: usize,
    blocks: &'a mut Vec<Block>,
    /// The block that is being read.
    text: String,
    /// The bullet or number of an item whose first words are still to come.
    marker: String,
    /// What the line that opened a block of code says behind its sign.
    fence: String,
    /// What closes each emphasis that is open: its sign, if that is content.
    marks: Vec<&'a str>,
    /// Where in the text each open link begins, and where it leads.
    links: Vec<(usize, String)>,
    cells: Vec<String>,
}

impl Walk<'_> {
    fn event(&mut self, event: Event<'_>, range: &Range<usize>) {
        match event {
            Event::Start(Tag::Item) => self.start_item(range),
            Event::End(TagEnd::Item) => self.end_item(),
            Event::Start(Tag::Emphasis) => self.start_emphasis(range, 1),
            Event::Start(Tag::Strong) => self.start_emphasis(range, 2),
            Event::Start(Tag::Strikethrough) => {
                let is_double = self.source[range.clone()].starts_with("~~");
                self.start_emphasis(range, if is_double { 2 } else { 1 });
            }
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) => {
                self.text.push_str(self.marks.pop().unwrap_or_default());
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                self.links.push((self.text.len(), dest_url.into_string()));
            }
            Event::End(TagEnd::Link | TagEnd::Image) => self.end_link(),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                self.end();
                self.fence = info.trim().to_ascii_lowercase();
                if self.fence.is_empty() {
                    self.fence.push('`');
                }
            }
            Event::End(TagEnd::CodeBlock) => self.end_code(),
            Event::End(TagEnd::HtmlBlock) => {
                let html = std::mem::take(&mut self.text);
                self.read_inside(&html::as_markdown(&html));
            }
            Event::End(TagEnd::TableCell) => self.cells.push(std::mem::take(&mut self.text)),
            Event::End(TagEnd::TableRow | TagEnd::TableHead) => {
                self.blocks.push(Block::Row(std::mem::take(&mut self.cells)));
            }
            Event::Text(_)
                if self.fence.is_empty() && emphasis::is_left_over(self.source, range) => {}
            Event::Text(text) | Event::Code(text) | Event::Html(text) => self.text.push_str(&text),
            Event::InlineHtml(tag) => self.text.push_str(&html::said(&tag)),
            Event::SoftBreak | Event::HardBreak => self.text.push('\n'),
            Event::TaskListMarker(done) => self.text.push_str(match (self.medium, done) {
                (Medium::Voice, true) => "done: ",
                (Medium::Voice, false) => "to do: ",
                (Medium::Text, true) => "[x] ",
                (Medium::Text, false) => "[ ] ",
            }),
            Event::Start(_) | Event::End(_) | Event::Rule => self.end(),
            Event::FootnoteReference(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {}
        }
    }

    fn start_emphasis(&mut self, range: &Range<usize>, n_signs: usize) {
        let (opening, closing) = emphasis::content(self.source, range, n_signs);
        self.text.push_str(opening);
        self.marks.push(closing);
    }

    /// Ends a block of words.
    fn end(&mut self) {
        if !self.text.trim().is_empty() {
            let (marker, text) = (std::mem::take(&mut self.marker), std::mem::take(&mut self.text));
            self.blocks.push(Block::Words { marker, text });
        }
        self.text.clear();
    }

    /// The number of an item is part of what is said.
    fn start_item(&mut self, range: &Range<usize>) {
        self.end_item();
        let item = &self.source[range.clone()];
        let rest = item.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = &item[..item.len() - rest.len()];
        self.marker = match rest.chars().next() {
            Some(sign) if !number.is_empty() => format!("{number}{sign} "),
            _ => "- ".to_owned(),
        };
    }

    fn end_item(&mut self) {
        self.end();
        let marker = std::mem::take(&mut self.marker);
        if marker.starts_with(|c: char| c.is_ascii_digit()) {
            self.blocks.push(Block::Words { marker: String::new(), text: marker });
        }
    }

    fn end_code(&mut self) {
        let fence = std::mem::take(&mut self.fence);
        if fence.is_empty() {
            // Indented words are no code: agents indent whatever they like.
            return self.end();
        }
        let code = hidden::visible(&std::mem::take(&mut self.text));
        match fence.as_str() {
            // Some models wrap the whole reply in a fence that says Markdown.
            "markdown" | "md" => self.read_inside(&code),
            "math" | "latex" | "tex" => self.blocks.push(Block::Formula(code)),
            call if call.starts_with("tool") => {}
            _ => self.blocks.push(Block::Code(code)),
        }
    }

    fn read_inside(&mut self, text: &str) {
        if self.depth < MAX_DEPTH {
            read(text, self.medium, self.depth + 1, self.blocks);
        } else {
            self.text.push_str(text);
            self.end();
        }
    }

    /// A link is its text. One without text is where it leads, and a text message says that in any case.
    fn end_link(&mut self) {
        let Some((start, leads_to)) = self.links.pop() else { return };
        let contact = leads_to.strip_prefix("mailto:").or_else(|| leads_to.strip_prefix("tel:"));
        let target = contact.or_else(|| address::is_one(&leads_to).then_some(leads_to.as_str()));
        let shown = &self.text[start..];
        if let (Some(contact), true) = (contact, shown == leads_to) {
            self.text.replace_range(start.., contact);
        } else if let Some(target) = target {
            if shown.trim().is_empty() {
                self.text.push_str(target);
            } else if self.medium == Medium::Text && !shown.contains(target.trim_end_matches('/')) {
                self.text.extend([" (", target, ")"]);
            }
        }
    }
}
