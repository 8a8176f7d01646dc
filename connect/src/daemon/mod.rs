//! The commands around a running client, one file each; [`running`] finds the client, [`systemd`] is how it is started where
//! a unit runs it.

pub(crate) mod logs;
pub(crate) mod running;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod systemd;
pub(crate) mod watchdog;
