//! Checks of single values on a command line.

use std::ops::RangeInclusive;

use crate::exit::Fault;

/// A whole number within `bounds`, for clap's `value_parser`: clap's own parser would answer in Rust's words.
pub fn whole_number(text: &str, bounds: RangeInclusive<u32>) -> Result<u32, String> {
    let (least, most) = (bounds.start(), bounds.end());
    let number = text.parse().ok().filter(|number| bounds.contains(number));
    number.ok_or_else(|| format!("`{text}` is no whole number from {least} to {most}"))
}

/// Refuses (exit 2) a text that looks like a misspelled option, `^-+[A-Za-z]\S*$`, where `what` is wanted: a text that
/// was sent cannot be taken back. `- a list item` and `-5` are accepted.
pub fn reject_misspelled_option(what: &str, text: &str) -> Result<(), Fault> {
    let name = text.trim_start_matches('-');
    let looks_like_an_option = text.starts_with('-')
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && !text.contains(char::is_whitespace);
    if looks_like_an_option {
        return Err(Fault::usage(format!(
            "`{text}` looks like an option, but stands where {what} is meant"
        ))
        .hint("check its spelling with `--help`; a text that begins so needs a blank in it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{reject_misspelled_option, whole_number};

    #[test]
    fn a_number_out_of_bounds_is_refused_with_the_bounds() {
        assert_eq!(whole_number("7", 1..=9), Ok(7));
        for wrong in ["0", "10", "abc", "", "-1", "1.5", "99999999999"] {
            let error = format!("`{wrong}` is no whole number from 1 to 9");
            assert_eq!(whole_number(wrong, 1..=9), Err(error));
        }
    }

    #[test]
    fn a_misspelled_option_is_never_text() {
        for option in ["--medai", "-x", "--a=b", "---why"] {
            assert!(reject_misspelled_option("the message", option).is_err(), "{option}");
        }
        for text in ["-", "-5", "- did x", "--", "a-b", "", "--not an option"] {
            assert!(reject_misspelled_option("the message", text).is_ok(), "{text}");
        }
    }
}
