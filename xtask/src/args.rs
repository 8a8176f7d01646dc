//! The command line of `cargo xtask`.

use clap::{Parser, Subcommand};
use state::args::Common;
use state::out::Printer;

/// Chores of the workspace
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Print words for people instead of JSON
    #[arg(long = "text", global = true)]
    pub(crate) text_mode: bool,

    /// Say nothing about progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

impl Args {
    /// What these options mean to the writer that all programs share.
    pub(crate) fn printer(&self) -> Printer {
        Printer::new(&Common { text_mode: self.text_mode, quiet: self.quiet, ..Common::default() })
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run every check there is, and list those that could not be run with the reason
    Ci,

    /// List what breaks the house rules that no compiler knows
    Tidy,
}
