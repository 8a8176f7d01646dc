//! The checks `folder` and `config`: who may read and write the skill folder, and whether its configuration resolves.

use super::finding::{Finding, quoted};
use super::gateway::gateway_config;
use super::git;
use super::installation::{Installation, failure};
use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::geteuid;
use state::gateway_config::GatewayConfig;
use state::settings::Settings;
use state::{config, exit, failure, file, paths, url};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

pub(super) fn check(installation: &Installation) -> Vec<Finding> {
    vec![folder(&installation.skill), config(installation)]
}

fn folder(skill: &Path) -> Finding {
    let shown = skill.display();
    let Ok(meta) = fs::metadata(skill) else {
        return Finding::fail(format!("there is no `{shown}`"), "setup");
    };
    if !meta.is_dir() {
        return Finding::fail(
            format!("`{shown}` is no folder"),
            format!("mv {0} {0}.old && setup", quoted(skill)),
        );
    }
    if let Some(finding) = unwritable(skill) {
        return finding;
    }
    if meta.permissions().mode() & 0o022 != 0 {
        let detail = format!("others may put programs and settings into `{shown}`");
        return Finding::fail(detail, format!("chmod go-w {}", quoted(skill)));
    }
    let secret = [
        paths::config(skill),
        paths::dotenv(skill),
        paths::missions_state(skill),
        paths::connect_log(skill),
    ];
    let open: Vec<PathBuf> =
        secret.into_iter().filter(|path| file::is_accessible_to_others(path)).collect();
    if !open.is_empty() {
        let names: Vec<_> = open.iter().map(|path| quoted(path)).collect();
        let detail = format!("others may read {}", names.join(" "));
        return Finding::warn(detail, format!("chmod 600 {}", names.join(" ")));
    }
    if let Some(finding) = git::check(skill) {
        return finding;
    }
    Finding::pass(format!("`{shown}`, private"))
}

/// The failure if no file can be written to the folder; `None` if one can.
pub(super) fn unwritable(skill: &Path) -> Option<Finding> {
    let (shown, place) = (skill.display(), quoted(skill));
    let err = access(skill, Access::WRITE_OK | Access::EXEC_OK).err()?;
    let is_own = || fs::metadata(skill).is_ok_and(|meta| meta.uid() == geteuid().as_raw());
    match err {
        Errno::ACCESS => Some(Finding::fail(
            format!("you may not write to `{shown}`"),
            if is_own() {
                format!("chmod u+wx {place}")
            } else {
                format!("sudo chown -R \"$(id -un)\" {place}")
            },
        )),
        Errno::ROFS => Some(Finding::fail(
            format!("`{shown}` lies in a file system that is read-only"),
            format!("findmnt -T {place}"),
        )),
        // Any other error is reported by whatever writes there.
        _ => None,
    }
}

fn config(installation: &Installation) -> Finding {
    let config = match &installation.config {
        Ok(config) => config,
        Err(finding) => return finding.clone(),
    };
    let addresses = || -> anyhow::Result<String> {
        let service = state::api::Service::from_config(config)?;
        let gateway = state::gateway::GatewayEndpoint::from_config(config)?;
        let (server, gateway) = (url::redact(service.base()), url::redact(gateway.base()));
        Ok(format!("server {server}, gateway {gateway}"))
    };
    let detail = match addresses() {
        Ok(detail) => detail,
        Err(err) => return failure(&err, "setup"),
    };
    if let Err(err) = Settings::from_config(config) {
        // No option of setup sets these, so the owner has to edit the file.
        let hint = failure::hint_of(&err).map_or_else(String::new, |hint| format!("; {hint}"));
        let file = quoted(&paths::config(&installation.skill));
        return Finding::fail(
            format!("{}{hint}", exit::one_line(&err)),
            format!("${{EDITOR:-vi}} {file}"),
        );
    }
    misplaced_tool(config).unwrap_or_else(|| Finding::pass(detail))
}

/// A warning if `sessions_send` stands in the gateway's top-level `tools.allow`, where it takes every other tool from the
/// agent.
fn misplaced_tool(config: &config::Config) -> Option<Finding> {
    let gateway = gateway_config(config)?;
    let shown = gateway.path().display();
    let is_misplaced = GatewayConfig::confines_agent(&gateway);
    is_misplaced.then(|| {
        let detail = format!(
            "the top-level `tools.allow` in `{shown}` names sessions_send: it may leave the agent without other tools"
        );
        Finding::warn(detail, format!("take it out of tools.allow by hand (gateway.tools.allow is the right place): {}", quoted(gateway.path())))
    })
}
