//! The commands around a running client: start, stop, look, and keep it alive.

pub(crate) mod holder;
pub(crate) mod logs;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod systemd;
pub(crate) mod watchdog;
