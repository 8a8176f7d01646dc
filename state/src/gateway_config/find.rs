//! Where a gateway's configuration is: one order for every tool, today's OpenClaw's own (facts/gateway.md 6).

use super::around::Around;
use std::path::{Path, PathBuf};

/// Whose configuration a file is. Only its name tells: OpenClaw still reads a `clawdbot.json` that it finds.
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

/// A configuration that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The file as it is named; it may be a symlink.
    pub path: PathBuf,
    /// Whose it is.
    pub product: Product,
}

impl Found {
    /// The configuration that this file is, by its name.
    pub fn at(path: &Path) -> Self {
        let is_old = path.file_name().is_some_and(|name| name == "clawdbot.json");
        let product = if is_old { Product::Clawdbot } else { Product::OpenClaw };
        Self { path: path.to_owned(), product }
    }
}

const FOLDERS: [&str; 2] = [".openclaw", ".clawdbot"];

const NAMES: [(&str, Product); 2] =
    [("openclaw.json", Product::OpenClaw), ("clawdbot.json", Product::Clawdbot)];

/// Every place that is looked at, in order. `OPENCLAW_CONFIG_PATH` leaves no other; `CLAWDBOT_CONFIG_PATH`
/// is ignored, as the gateway does.
pub fn candidates(around: &Around) -> Vec<Found> {
    if let Some(explicit) = around.var("OPENCLAW_CONFIG_PATH") {
        return vec![Found { path: around.expand(explicit.trim()), product: Product::OpenClaw }];
    }
    let explicit = around.var("OPENCLAW_STATE_DIR").map(|dir| around.expand(dir.trim()));
    let usual = FOLDERS.iter().map(|folder| around.home().join(folder));
    let in_folder =
        |dir: PathBuf| NAMES.map(|(name, product)| Found { path: dir.join(name), product });
    explicit.into_iter().chain(usual).flat_map(in_folder).collect()
}

/// The configurations that exist, the one in force first. One that is reached by two names counts once:
/// OpenClaw leaves a symlink where `~/.clawdbot` was.
pub fn find(around: &Around) -> Vec<Found> {
    let mut seen = Vec::new();
    let is_new = |found: &Found| {
        let Ok(real) = found.path.canonicalize() else {
            // A file that cannot be reached may still be the one: it is reported when it is read.
            return found.path.symlink_metadata().is_ok();
        };
        let is_new = real.is_file() && !seen.contains(&real);
        seen.push(real);
        is_new
    };
    candidates(around).into_iter().filter(is_new).collect()
}

/// The folder with the gateway's `.env` and default workspace: where a configuration of the usual name lies, unless
/// a variable puts the two apart.
pub(super) fn state_dir(around: &Around, config: &Path) -> PathBuf {
    if let Some(explicit) = around.var("OPENCLAW_STATE_DIR") {
        return around.expand(explicit.trim());
    }
    let is_usual =
        config.file_name().is_some_and(|name| NAMES.iter().any(|(usual, _)| name == *usual));
    match config.parent() {
        Some(parent) if is_usual && around.var("OPENCLAW_CONFIG_PATH").is_none() => {
            parent.to_owned()
        }
        _ => around.home().join(FOLDERS[0]),
    }
}
