//! The check `background`: whether something starts `connect` again after a crash or a reboot.

use super::finding::Finding;
use super::installation::Installation;
use crate::manifest::Manifest;
use state::exit;

pub(super) fn check(installation: &Installation) -> Vec<Finding> {
    let manifest = match &installation.config {
        Ok(config) => Manifest::of(config.values()),
        Err(broken) => return vec![broken.blocks("not checked: see `config`")],
    };
    vec![match manifest.map(|manifest| manifest.supervisor) {
        Err(err) => Finding::fail(exit::one_line(&err), "setup"),
        Ok(None) => Finding::warn(
            "nothing starts the client after a crash or a reboot",
            "setup --service systemd",
        ),
        Ok(Some(supervisor)) => match supervisor.check(&installation.skill) {
            Ok(()) => Finding::pass(format!("{supervisor}: {}", supervisor.place())),
            Err(why) => Finding::fail(
                format!("{supervisor}: {why}"),
                format!("setup --service {supervisor}"),
            ),
        },
    }]
}
