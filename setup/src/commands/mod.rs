//! The three programs, each from its options to its exit code.

mod gate;
pub mod setup;
pub mod status;
pub mod uninstall;

use state::args::Common;
use state::out::Printer;
use std::io::IsTerminal as _;

/// The printer of these three: people run them, so that on a terminal they print text; elsewhere JSON, as every program.
fn printer(common: &Common) -> Printer {
    let text_mode = common.text_mode || std::io::stdout().is_terminal();
    Printer::new(&Common { text_mode, ..common.clone() })
}
