//! Command lines: the options that every tool has, how a line is read, and how a mistake in it is reported.

mod common;
mod parse;
mod values;

pub use common::Common;
pub use parse::{parse, parse_from, parse_with};
pub use values::{reject_misspelled_option, whole_number};
