//! The check `old_client`: whether the client of the replaced scripts still runs. It and ours would take the connection from
//! each other.

use super::finding::{Finding, Found};
use super::fix::Fix;
use super::installation::Installation;
use state::script_client;

pub(super) fn check(installation: &Installation) -> Vec<Found> {
    let finding = match script_client::find(&installation.skill) {
        None => Finding::pass("no client of the old scripts runs"),
        Some(pid) => Finding::fail(
            format!(
                "the client of the old scripts (ws-client.js) still runs as process {pid}: it takes the connection from `connect`"
            ),
            Fix::EndOldClient(pid),
        ),
    };
    vec![finding.into()]
}
