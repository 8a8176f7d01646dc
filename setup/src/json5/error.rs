//! Why an edit of a JSON5 document was refused: an edit whose meaning is not certain is not made.

use state::gateway_config::json5;

/// Why an edit was refused. The document is unchanged then, and no variant quotes a value of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// When the text is not JSON5, or too large or deep to be a configuration.
    #[error(transparent)]
    Unreadable(#[from] json5::Json5Error),
    /// When it is JSON5 that the editor does not read: an escape in a bare name, a comment before a colon.
    #[error(
        "line {line} is written in a way that only the gateway reads, such as an escape in a name or a comment before a colon"
    )]
    BeyondEditor {
        /// Counted from 1.
        line: usize,
    },
    /// When a key of the path stands there twice: readers differ in which of them counts.
    #[error("`{path}` stands there twice")]
    Duplicate {
        /// The dotted path of the key.
        path: String,
    },
    /// When a value of the path comes from another file, which has to be edited instead.
    #[error("{} comes from an `$include`", place(path))]
    Included {
        /// The dotted path of the object that holds `$include`; empty for the whole document.
        path: String,
    },
    /// When a value of the path is not of the type that the edit needs.
    #[error("{} is {found}, not {wanted}", place(path))]
    WrongType {
        /// The dotted path of the value.
        path: String,
        /// What the edit needs there.
        wanted: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// When the edited text would not read as exactly the wanted change: a bug of the editor, caught before it is written.
    #[error("the edited text did not read as the wanted change")]
    Unverified,
}

/// A dotted path, in an error.
fn place(path: &str) -> String {
    if path.is_empty() { "the document".to_owned() } else { format!("`{path}`") }
}
