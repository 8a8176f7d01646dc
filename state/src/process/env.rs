//! The environment variables of this process; read here and nowhere else.

use std::path::PathBuf;

/// The value of a variable; an empty one counts as unset.
pub fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A variable that holds a path, which need not be UTF-8; an empty one counts as unset.
pub fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The home directory, by `HOME`.
pub fn home() -> Option<PathBuf> {
    path("HOME")
}

/// Whether text mode is on for every program of this session: `CLAWDTALK_OUTPUT=text`.
pub(crate) fn output_is_text() -> bool {
    var("CLAWDTALK_OUTPUT").is_some_and(|mode| mode.eq_ignore_ascii_case("text"))
}

/// Whether colour is switched off: by any value of `NO_COLOR` (<https://no-color.org>), or for a terminal that knows none.
pub(crate) fn no_color() -> bool {
    var("NO_COLOR").is_some() || var("TERM").is_some_and(|kind| kind == "dumb")
}

/// Whether what people said may be logged: `DEBUG` set to anything but `0`.
pub fn is_debug() -> bool {
    var("DEBUG").is_some_and(|value| value != "0")
}
