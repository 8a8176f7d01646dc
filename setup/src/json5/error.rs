//! Why an edit of a JSON5 document was refused: an edit whose meaning is not certain is not made.

use state::gateway_config::json5;

/// Why an edit was refused. The document is unchanged then, and no variant quotes a value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditError {
    /// When the text is not JSON5, or too large or deep to be a configuration.
    Unreadable(json5::Json5Error),
    /// When a key of the path stands there twice: readers differ in which of them counts.
    Duplicate {
        /// The dotted path of the key.
        path: String,
    },
    /// When a value of the path comes from another file, which has to be edited instead.
    Included {
        /// The dotted path of the object that holds `$include`; empty for the whole document.
        path: String,
    },
    /// When a value of the path is not of the type that the edit needs.
    WrongType {
        /// The dotted path of the value.
        path: String,
        /// What the edit needs there.
        wanted: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// When the edited text would not read as exactly the wanted change: a bug of the editor, caught before it is written.
    Unverified,
}

impl std::fmt::Display for EditError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(err) => err.fmt(f),
            Self::Duplicate { path } => write!(f, "`{path}` stands there twice"),
            Self::Included { path } if path.is_empty() => {
                f.write_str("the whole document comes from an `$include`")
            }
            Self::Included { path } => write!(f, "`{path}` comes from an `$include`"),
            Self::WrongType { path, wanted, found } if path.is_empty() => {
                write!(f, "the document is {found}, not {wanted}")
            }
            Self::WrongType { path, wanted, found } => {
                write!(f, "`{path}` is {found}, not {wanted}")
            }
            Self::Unverified => f.write_str("the edited text did not read as the wanted change"),
        }
    }
}

impl std::error::Error for EditError {}

impl From<json5::Json5Error> for EditError {
    fn from(err: json5::Json5Error) -> Self {
        Self::Unreadable(err)
    }
}
