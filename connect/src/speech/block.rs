//! What a reply is made of, and where its words go.

/// Where the words go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    /// They are spoken.
    Voice,
    /// They are sent as a text message.
    Text,
}

/// One thing that stands by itself, without the marks that made it one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// A paragraph, a heading or an item with its bullet (`- `) or number; its lines are kept.
    Words { marker: String, text: String },
    /// The cells of a table's row.
    Row(Vec<String>),
    /// The inside of a fenced block of code.
    Code(String),
    /// The same of a formula.
    Formula(String),
}
