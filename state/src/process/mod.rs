//! What belongs to the running process: command line, environment, clock, time zones, signals, stdout and stderr.

pub mod args;
pub mod clock;
pub mod env;
pub mod interrupt;
pub mod invocation;
pub mod out;
pub mod sleep_watch;
pub mod terminal;
pub mod time_zones;
