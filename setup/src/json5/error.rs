//! Why a JSON5 document is left alone: an edit that is not certain is not made.

use state::gateway_config::json5;

/// Why an edit was refused. The document is unchanged then, and no variant quotes a value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// When the text is no JSON5, or too large or deep to be a config.
    Unreadable(json5::Error),
    /// When a key on the way stands there twice: readers differ in which of them counts.
    Duplicate {
        /// The dotted path of the key.
        path: String,
    },
    /// When the value on the way comes from another file, which has to be edited instead.
    Included {
        /// The dotted path of the object that holds `$include`; empty for the whole document.
        path: String,
    },
    /// When something else than the wanted container stands on the way.
    WrongType {
        /// The dotted path of the value.
        path: String,
        /// What the edit needs there.
        wanted: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// When the edited text would not read as exactly the wanted change. A fault of the editor, caught.
    Unverified,
}

impl std::fmt::Display for Error {
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

impl std::error::Error for Error {}

impl From<json5::Error> for Error {
    fn from(err: json5::Error) -> Self {
        Self::Unreadable(err)
    }
}
