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

    /// Serve the simulated service, with you as the callers and the owner's phone
    Simulate(Simulate),

    /// Let connect answer through a real OpenClaw gateway (node, python and the registries are needed; exit 77 = skipped)
    RealGateway,
}

#[derive(clap::Args)]
pub(crate) struct Simulate {
    /// Port to listen on; 0 = any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) port: u16,

    /// Let the time run N times as fast, for the service and for programs started with the environment it prints
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) speed: u32,
}
