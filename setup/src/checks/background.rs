//! Whether something starts `connect` again after a crash or a reboot.

use super::{Finding, Subject};
use crate::ledger::Ledger;
use state::exit;

pub(super) fn look(subject: &Subject) -> Vec<Finding> {
    let ledger = match &subject.config {
        Ok(config) => Ledger::of(config.raw()),
        Err(broken) => return vec![broken.keeps("not checked: see `config`")],
    };
    vec![match ledger.map(|ledger| ledger.service) {
        Err(err) => Finding::fail(exit::told(&err), "setup"),
        Ok(None) => Finding::warn(
            "nothing starts the client after a crash or a reboot",
            "setup --service systemd",
        ),
        Ok(Some(kind)) => match kind.check(&subject.skill) {
            Ok(()) => Finding::pass(format!("{kind}: {}", kind.place())),
            Err(why) => Finding::fail(format!("{kind}: {why}"), format!("setup --service {kind}")),
        },
    }]
}
