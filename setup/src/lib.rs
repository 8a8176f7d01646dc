//! What the programs `setup`, `uninstall` and `status` share.
//!
//! ```text
//! commands::setup      args + terminal -> key -> choices -+
//!                      detect (the gateway) --------------+-> plan -> apply -> manifest in skill-config.json
//! commands::uninstall  manifest + owned_files -> uninstall_steps
//! commands::status     checks
//! ```
//!
//! The direction of use, never the other way round:
//!
//! - [`commands`] runs a program from its options to its exit code.
//! - [`key`], [`choices`] and [`plan`] decide what is to be written and write nothing; [`apply`] writes it.
//!   [`introduction`] tells the owner first what was found.
//! - [`manifest`] records in `skill-config.json` what setup changed outside the skill folder: the gateway's configuration
//!   ([`gateway_edit`]) and what keeps the client running ([`supervisor`]). A step is recorded before it is made, so that
//!   a kill leaves nothing that [`uninstall_steps`] would not find.
//! - [`checks`] read everything, change nothing, and know nothing of setup's own run.
//! - [`gateway_file`] and [`json5`] edit a file that belongs to somebody else: whole or not at all, comments kept.
//! - [`gate_plugin`] is the gate, which setup puts beside the gateway's configuration.
//! - [`git_ignore`] is what git is to leave alone, for setup, `status` and the installation; [`folder_modes`] who else may
//!   read and write there.
//! - [`installed_links`] says how the programs themselves go, which `uninstall` leaves.
//! - [`client`] and [`programs`] are how these three programs see and run `connect` and `missions`; [`system`] is which
//!   programs of the machine they can use.

pub mod apply;
pub mod args;
pub mod checks;
pub mod choices;
pub mod client;
pub mod commands;
pub mod detect;
pub mod folder_modes;
pub mod gate_plugin;
pub mod gateway_edit;
pub mod gateway_file;
pub mod git_ignore;
pub mod installed_links;
pub mod introduction;
pub mod json5;
pub mod key;
pub mod manifest;
pub mod owned_files;
pub mod plan;
pub mod programs;
pub mod supervisor;
pub mod system;
pub mod terminal;
pub mod uninstall_steps;
