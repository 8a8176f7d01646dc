//! A folder as the old scripts leave it after some weeks of use: what they installed, what they made, and with which modes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use harness::Sandbox;

/// Files of the scripts that a new installation has no use for.
pub(crate) const OBSOLETE: [&str; 8] = [
    "scripts/ws-client.js",
    "package.json",
    "package-lock.json",
    "README.md",
    "CHANGELOG.md",
    "Makefile",
    "skill-config-sample.md",
    "node_modules",
];

/// Files of the scripts that have a successor of the same name.
pub(crate) const REPLACED: [&str; 11] = [
    "SKILL.md",
    "SETUP.md",
    "setup.sh",
    "status.sh",
    "uninstall.sh",
    "update.sh",
    "scripts/connect.sh",
    "scripts/call.sh",
    "scripts/sms.sh",
    "scripts/approval.sh",
    "scripts/telnyx_api.py",
];

/// What the owner would miss, with its text.
pub(crate) const KEPT: [(&str, &str); 6] = [
    (
        "skill-config.json",
        "{\n\"api_key\": \"cc_live_0123456789abcdef\",\n  \"server\": \"https://clawdtalk.com\", \"mine\": 1.50}",
    ),
    (".env", "TOKEN='a b'"),
    (".missions_state.json", "{\"find-plumbers\": {\"mission_id\": \"mis_1\", \"cost\": 1.10}}"),
    (".connect.log", "[2026-02-14T10:00:00Z] connected\n"),
    (".connect.log.1", "older\n"),
    (".watchdog.log", "restarted\n"),
];

/// Fills the sandbox's skill folder.
pub(crate) fn lay_out(sandbox: &Sandbox) {
    for path in OBSOLETE.iter().chain(&REPLACED).filter(|path| **path != "node_modules") {
        sandbox.write(&format!("skill/{path}"), &old(path));
    }
    sandbox.write("skill/node_modules/ws/index.js", "module.exports = {}\n");
    sandbox.write("skill/.backup/backup-2.0.5-20260301.tar.gz", "an older backup\n");
    for (path, text) in KEPT {
        let inside = format!("skill/{path}");
        sandbox.write(&inside, text);
        fs::set_permissions(sandbox.path(&inside), fs::Permissions::from_mode(0o644)).unwrap();
    }
}

/// The text of a file of the scripts in this fixture.
pub(crate) fn old(path: &str) -> String {
    format!("what the reference has as {path}\n")
}
