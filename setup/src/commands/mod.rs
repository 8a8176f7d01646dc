//! What the three programs do.

pub mod setup;
pub mod status;
pub mod uninstall;

use state::args::Common;
use state::out::Printer;
use std::io::IsTerminal as _;

/// These three are run by people: on a terminal they print lines, elsewhere JSON as every tool does.
fn printer(common: &Common) -> Printer {
    let text_mode = common.text_mode || std::io::stdout().is_terminal();
    Printer::new(&Common { text_mode, ..common.clone() })
}
