//! Where a gateway's configuration is, in the order in which today's OpenClaw looks for it.

use super::env::GatewayEnv;
use std::path::{Path, PathBuf};

/// Whose configuration a file is, by its name alone: OpenClaw too reads a `clawdbot.json` that it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// `openclaw.json`, or any file that `OPENCLAW_CONFIG_PATH` names.
    OpenClaw,
    /// `clawdbot.json`: the product under its first name.
    Clawdbot,
}

impl std::fmt::Display for Product {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OpenClaw => "OpenClaw",
            Self::Clawdbot => "Clawdbot",
        })
    }
}

/// The file of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    /// The file as it is named; it may be a symlink.
    pub path: PathBuf,
    /// Whose configuration it is.
    pub product: Product,
}

impl ConfigFile {
    /// The profile whose configuration this is, as in `~/.openclaw-work`; `None` for the usual one.
    pub fn profile(&self) -> Option<String> {
        let folder = self.path.parent()?.file_name()?.to_str()?;
        FOLDERS
            .iter()
            .find_map(|usual| Some(folder.strip_prefix(usual)?.strip_prefix('-')?.to_owned()))
    }

    /// The file at `path`, whose name tells the product.
    pub fn at(path: &Path) -> Self {
        let is_old = path.file_name().is_some_and(|name| name == "clawdbot.json");
        let product = if is_old { Product::Clawdbot } else { Product::OpenClaw };
        Self { path: path.to_owned(), product }
    }
}

const FOLDERS: [&str; 2] = [".openclaw", ".clawdbot"];

const NAMES: [(&str, Product); 2] =
    [("openclaw.json", Product::OpenClaw), ("clawdbot.json", Product::Clawdbot)];

/// Every path that a configuration may have, in order. If `OPENCLAW_CONFIG_PATH` is set it is the only one.
/// `CLAWDBOT_CONFIG_PATH` is ignored, as by the gateway.
fn candidates(env: &GatewayEnv, skill: Option<&Path>) -> Vec<ConfigFile> {
    if let Some(explicit) = env.var("OPENCLAW_CONFIG_PATH") {
        return vec![ConfigFile { path: env.expand(explicit.trim()), product: Product::OpenClaw }];
    }
    let explicit = env.var("OPENCLAW_STATE_DIR").map(|dir| env.expand(dir.trim()));
    let profile = skill.and_then(state_dir_around);
    let usual = FOLDERS.iter().map(|folder| env.home().join(folder));
    let in_folder =
        |dir: PathBuf| NAMES.map(|(name, product)| ConfigFile { path: dir.join(name), product });
    explicit
        .into_iter()
        .chain(profile.map(Path::to_owned))
        .chain(usual)
        .flat_map(in_folder)
        .collect()
}

/// The folder of a gateway, the usual or a profile's, in which a skill folder lies.
fn state_dir_around(skill: &Path) -> Option<&Path> {
    skill.ancestors().find(|dir| is_state_dir(dir))
}

/// The configuration in the gateway's folder that a skill folder lies in; `None` if it lies in none, or if a variable names
/// another configuration.
pub fn profile_config(env: &GatewayEnv, skill: &Path) -> Option<ConfigFile> {
    let folder = state_dir_around(skill)?;
    let is_named =
        ["OPENCLAW_CONFIG_PATH", "OPENCLAW_STATE_DIR"].iter().any(|name| env.var(name).is_some());
    let found = find(env, Some(skill)).into_iter().next().filter(|_| !is_named)?;
    found.path.starts_with(folder).then_some(found)
}

/// Whether a folder has the name of a gateway's state folder: the usual one, or that of a profile such as `.openclaw-work`.
fn is_state_dir(dir: &Path) -> bool {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    FOLDERS.iter().any(|usual| {
        name.strip_prefix(usual).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

/// The configurations that exist, the one that the gateway uses first: a skill that is installed in the folder of a profile
/// belongs to the gateway of that profile. One that is reached by two names is there once:
/// OpenClaw leaves a symlink where `~/.clawdbot` was.
pub fn find(env: &GatewayEnv, skill: Option<&Path>) -> Vec<ConfigFile> {
    let mut seen = Vec::new();
    let is_new = |file: &ConfigFile| {
        let Ok(real) = file.path.canonicalize() else {
            // A file that cannot be reached may be the one all the same: reading it reports that.
            return file.path.symlink_metadata().is_ok();
        };
        let is_new = real.is_file() && !seen.contains(&real);
        seen.push(real);
        is_new
    };
    candidates(env, skill).into_iter().filter(is_new).collect()
}

/// The folder with the gateway's `.env` and default workspace: where a configuration of the usual name lies, unless
/// a variable puts the two apart.
pub(super) fn state_dir(env: &GatewayEnv, config: &Path) -> PathBuf {
    if let Some(explicit) = env.var("OPENCLAW_STATE_DIR") {
        return env.expand(explicit.trim());
    }
    let is_usual =
        config.file_name().is_some_and(|name| NAMES.iter().any(|(usual, _)| name == *usual));
    match config.parent() {
        Some(parent) if is_usual && env.var("OPENCLAW_CONFIG_PATH").is_none() => parent.to_owned(),
        _ => env.home().join(FOLDERS[0]),
    }
}
