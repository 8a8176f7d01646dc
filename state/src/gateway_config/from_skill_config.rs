//! Address and token of the gateway for a `skill-config.json` that refers to the gateway's configuration.

use super::{Auth, ConfigFile, GatewayConfig, GatewayEnv, find};
use crate::exit::Fault;
use crate::text::secret::Secret;
use std::path::{Path, PathBuf};

/// The gateway's address, from the configuration at `path`.
///
/// Fails (exit 3) if that cannot be read or has no address of this machine.
pub fn url(path: &Path) -> Result<String, Fault> {
    read(path, |config| {
        let mend = "run `setup`, or set `gateway_url` in skill-config.json";
        config.url().map_err(|why| fault(path, &why).hint(mend))
    })
}

/// The gateway's token, from the configuration at `path` as it is now: a copy of it would become invalid when the token
/// changes. `None` if the gateway wants none, or makes one up that nobody else can know.
///
/// Fails (exit 3) if there is one that cannot be had from here.
pub fn token(path: &Path) -> Result<Option<Secret>, Fault> {
    read(path, |config| match config.auth() {
        Auth::Bearer(secret) => Ok(Some(secret)),
        Auth::Open | Auth::Absent => Ok(None),
        Auth::OutOfReach { why, fix, .. } => Err(fault(path, &why).hint(fix)),
    })
}

/// The file with the certificate that the gateway made for itself, if the configuration at `path` can be read and switches TLS
/// on.
pub fn certificate(path: &Path) -> Option<PathBuf> {
    read(path, |config| Ok(config.certificate())).ok().flatten()
}

/// A variable that the gateway gives the agent's runs of this skill, from the configuration at `path`, or where there is no
/// path the one nearest to the skill folder. `None` if it gives none, or its configuration cannot be read.
pub fn skill_variable(path: Option<PathBuf>, skill: &Path, name: &str) -> Option<Secret> {
    let env = GatewayEnv::of_process()?;
    let file = match path {
        Some(path) => ConfigFile::at(&path),
        None => find(&env, Some(skill)).into_iter().next()?,
    };
    GatewayConfig::read(&file, &env).ok()?.skill_variable(skill, name)
}

fn read<T>(path: &Path, take: impl FnOnce(&GatewayConfig) -> Result<T, Fault>) -> Result<T, Fault> {
    let env = GatewayEnv::of_process().ok_or_else(|| Fault::not_configured("HOME is not set"))?;
    let config = GatewayConfig::read(&ConfigFile::at(path), &env).map_err(|err| {
        Fault::not_configured(format!("the gateway's config: {err}"))
            .hint("mend the file, or run `setup` if the gateway has moved")
    })?;
    take(&config)
}

fn fault(path: &Path, why: &str) -> Fault {
    Fault::not_configured(format!("the gateway's config `{}`: {why}", path.display()))
}
