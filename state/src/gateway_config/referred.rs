//! Address and token for a `skill-config.json` that refers to the gateway's configuration instead of copying from it.

use super::{Around, Auth, Found, GatewayConfig};
use crate::exit::Fault;
use crate::secret::Secret;
use std::path::Path;

/// The gateway's address, from the configuration at `path`. Exit 3 if it cannot be read or names no address.
pub fn url(path: &Path) -> Result<String, Fault> {
    read(path, |config| {
        let mend = "run `setup`, or set `gateway_url` in skill-config.json";
        config.url().map_err(|why| fault(path, &why).hint(mend))
    })
}

/// The gateway's token, from the configuration at `path` as it is now: a copy would go stale (defect S8).
/// `None` if the gateway wants none or tells nobody. Exit 3 if there is one that cannot be had from here.
pub fn token(path: &Path) -> Result<Option<Secret>, Fault> {
    read(path, |config| match config.auth() {
        Auth::Bearer(secret) => Ok(Some(secret)),
        Auth::Open | Auth::Absent => Ok(None),
        Auth::OutOfReach { why, fix } => Err(fault(path, &why).hint(fix)),
    })
}

fn read<T>(path: &Path, take: impl FnOnce(&GatewayConfig) -> Result<T, Fault>) -> Result<T, Fault> {
    let around = Around::here().ok_or_else(|| Fault::not_configured("HOME is not set"))?;
    let config = GatewayConfig::read(&Found::at(path), &around).map_err(|err| {
        Fault::not_configured(format!("the gateway's config: {err}"))
            .hint("mend the file, or run `setup` if the gateway has moved")
    })?;
    take(&config)
}

fn fault(path: &Path, why: &str) -> Fault {
    Fault::not_configured(format!("the gateway's config `{}`: {why}", path.display()))
}
