//! What belongs to the running process: command line, environment, clock, signals, stdout and stderr.

pub mod args;
pub mod clock;
pub mod env;
pub mod interrupt;
pub mod out;
