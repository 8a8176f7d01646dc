//! The checks `folder` and `config`: who may read and write the skill folder, and whether its configuration resolves.

use super::config_fix;
use super::finding::{Finding, Found, quoted};
use super::fix::Fix;
use super::gateway_config::gateway_config;
use super::git;
use super::installation::Installation;
use crate::folder_modes;
use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::geteuid;
use state::gateway_config::{GatewayConfig, GatewayEnv, profile_config};
use state::settings::Settings;
use state::{config, exit, failure, url};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

pub(super) fn check(installation: &Installation) -> Vec<Found> {
    let skill = &installation.skill;
    let config = match missing(skill) {
        Some(missing) => missing.blocks("folder", "not checked: see `folder`"),
        None => config(installation).into(),
    };
    vec![folder(skill).into(), config]
}

/// The failure if there is no such folder.
pub(super) fn missing(skill: &Path) -> Option<Finding> {
    let shown = skill.display();
    match fs::metadata(skill) {
        Ok(meta) if meta.is_dir() => None,
        Ok(_) => {
            let fix = Fix::MoveAway(skill.to_owned());
            Some(Finding::fail(format!("`{shown}` is no folder"), fix))
        }
        Err(_) => Some(Finding::fail(format!("there is no `{shown}`"), Fix::Setup)),
    }
}

fn folder(skill: &Path) -> Finding {
    let shown = skill.display();
    if let Some(finding) = missing(skill).or_else(|| unwritable(skill)) {
        return finding;
    }
    if folder_modes::is_writable_to_others(skill) {
        let detail = format!("others may put programs and settings into `{shown}`");
        return Finding::fail(detail, Fix::CloseFolder(skill.to_owned()));
    }
    let open = folder_modes::readable_to_others(skill);
    if !open.is_empty() {
        let names: Vec<_> = open.iter().map(|path| quoted(path)).collect();
        let detail = format!("others may read {}", names.join(" "));
        return Finding::warn(detail, Fix::MakePrivate(open));
    }
    if let Some(finding) = git::check(skill) {
        return finding;
    }
    Finding::pass(format!("`{shown}`, private"))
}

/// The failure if no file can be written to the folder; `None` if one can.
pub(super) fn unwritable(skill: &Path) -> Option<Finding> {
    let shown = skill.display();
    let err = access(skill, Access::WRITE_OK | Access::EXEC_OK).err()?;
    let is_own = || fs::metadata(skill).is_ok_and(|meta| meta.uid() == geteuid().as_raw());
    match err {
        Errno::ACCESS => Some(Finding::fail(
            format!("you may not write to `{shown}`"),
            if is_own() {
                Fix::OpenFolder(skill.to_owned())
            } else {
                Fix::OwnFolder(skill.to_owned())
            },
        )),
        Errno::ROFS => Some(Finding::fail(
            format!("`{shown}` lies in a file system that is read-only"),
            Fix::ShowSpace(skill.to_owned()),
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
        Err(err) => return config_fix::failure(config, &err),
    };
    if let Err(err) = Settings::from_config(config) {
        // No option of setup sets these, so the owner has to edit the file.
        let hint = failure::hint_of(&err).map_or_else(String::new, |hint| format!("; {hint}"));
        let detail = format!("{}{hint}", exit::one_line(&err));
        return Finding::fail(detail, config_fix::of_file(&installation.skill));
    }
    let finding = other_gateway(config).or_else(|| misplaced_tool(config));
    finding.unwrap_or_else(|| match gateway_config(config) {
        Some(own) => Finding::pass(format!("{detail} (`{}`)", own.path().display())),
        None => Finding::pass(detail),
    })
}

/// A warning if `sessions_send` stands in the gateway's top-level `tools.allow`, where it takes every other tool from the
/// agent.
fn misplaced_tool(config: &config::Config) -> Option<Finding> {
    let gateway = gateway_config(config)?;
    let shown = gateway.path().display();
    let is_misplaced = GatewayConfig::confines_agent(&gateway);
    is_misplaced.then(|| {
        let detail = format!(
            "the top-level `tools.allow` in `{shown}` names sessions_send: it may leave the agent without other tools; \
             `gateway.tools.allow` is the right place"
        );
        Finding::warn(detail, Fix::EditFile(gateway.path().to_owned()))
    })
}

/// A failure if the configuration refers to another gateway than the one whose folder the skill lies in.
fn other_gateway(config: &config::Config) -> Option<Finding> {
    let used = config.gateway_config().ok()??;
    let nearest = profile_config(&GatewayEnv::of_process()?, config.skill_dir())?;
    let is_same = used.canonicalize().ok() == nearest.path.canonicalize().ok();
    (!is_same).then(|| {
        let (used, nearest) = (used.display(), nearest.path.display());
        let detail = format!(
            "the skill lies in the folder of the gateway of `{nearest}`, and its configuration refers to `{used}`"
        );
        Finding::fail(detail, Fix::Setup)
    })
}
