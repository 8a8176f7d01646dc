//! Every command that changes something, and the client, on a disk that fails at a random moment: what was reported as
//! done is done, what was acknowledged is there, and nobody is reached twice.

use crate::torture::client;
use crate::torture::part::{Body, Commands, Part};
use crate::torture::rounds::{
    approvals, lists, missions, reaching_line, setup, state_files, ticks,
};

pub(super) const PART: Part = Part {
    name: "disks",
    about: "Every command that changes something, and the client, on a disk that is full, read-only, out of inodes or too small for a file from a random moment on",
    body: Body::Commands(Commands {
        rounds: &[
            (12, reaching_line::call),
            (12, reaching_line::text),
            (4, missions::by_hand),
            (4, ticks::mission),
            (4, approvals::approval),
            (4, lists::do_not_call),
            (4, lists::crontab),
            (4, missions::at_once),
            (4, state_files::remove),
            (4, state_files::recover),
            (2, setup::machine),
            (1, client::disk::client),
        ],
        // However few failures are wanted, the two are among what is tried.
        first: &[setup::machine, client::disk::client],
        is_on_bad_disk: true,
        until: ("affected", 1),
        ..Commands::USUAL
    }),
};
