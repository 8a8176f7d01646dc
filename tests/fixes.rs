//! Every fix that `status` can name, in a situation where it names it: the command is run as it stands and the check passes,
//! or a person does what it says and the check passes. The list is the type itself, so that a new fix needs its situation.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "fixes/accounts.rs"]
mod accounts;
#[path = "fixes/clients.rs"]
mod clients;
#[path = "fixes/files.rs"]
mod files;
#[path = "installed/folder.rs"]
mod folder;
#[path = "fixes/gateways.rs"]
mod gateways;
#[path = "fixes/owner.rs"]
mod owner;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

use harness::Sandbox;
use owner::{Owner, Situation};
use setup::checks::Fix;

/// So many at once: they wait for programs more than they compute.
const AT_ONCE: usize = 4;

#[test]
fn each_fix_helps_where_it_is_named() {
    Sandbox::all_on_disk();
    let situations: Vec<Situation> =
        [accounts::ALL, clients::ALL, files::ALL, gateways::ALL].concat();
    let named: BTreeSet<_> = situations.iter().map(|situation| situation.fix).collect();
    let all: BTreeSet<_> = Fix::ids().iter().copied().collect();
    assert_eq!(named, all, "each fix has its situation, and there are no others");

    let (queue, failed) = (Mutex::new(situations), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(situation) = queue.lock().map(|mut left| left.pop()).ok().flatten() {
                    let tried = catch_unwind(AssertUnwindSafe(|| Owner::new().meets(&situation)));
                    if tried.is_err() {
                        failed.lock().unwrap().push(situation.fix);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert_eq!(failed, [""; 0], "what they said stands above");
}
