//! What a check found: pass, warn or fail, the detail, and, unless it passes, the fix.

use serde_json::{Value, json};
use state::{sanitize, shell};
use std::path::Path;

/// What a check found. Only a pass comes without a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The part works; the detail.
    Pass(String),
    /// The part works, and something should be attended to.
    Warn {
        /// What was found.
        detail: String,
        /// The command that helps, or words for the owner.
        fix: String,
    },
    /// The part does not work.
    Fail {
        /// What was found.
        detail: String,
        /// The command that helps, or words for the owner.
        fix: String,
    },
}

impl Finding {
    pub(super) fn pass(detail: impl Into<String>) -> Self {
        Self::Pass(detail.into())
    }

    pub(super) fn warn(detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Warn { detail: detail.into(), fix: sanitize::without_controls(&fix.into()) }
    }

    pub(super) fn fail(detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Fail { detail: detail.into(), fix: sanitize::without_controls(&fix.into()) }
    }

    /// The finding of another check that could not be made because of this one: a warning with the same fix.
    pub(super) fn blocks(&self, detail: impl Into<String>) -> Self {
        Self::warn(detail, self.parts().2.unwrap_or("status"))
    }

    /// Whether the part does not work.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Fail { .. })
    }

    fn parts(&self) -> (&'static str, &str, Option<&str>) {
        match self {
            Self::Pass(detail) => ("pass", detail, None),
            Self::Warn { detail, fix } => ("warn", detail, Some(fix)),
            Self::Fail { detail, fix } => ("fail", detail, Some(fix)),
        }
    }
}

/// A finding and the part that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The part, by a name that programs may rely on.
    pub id: &'static str,
    /// What was found.
    pub finding: Finding,
}

impl Check {
    pub(super) fn as_json(&self) -> Value {
        let (status, detail, fix) = self.finding.parts();
        let mut json = json!({"id": self.id, "status": status, "detail": detail});
        if let Some(fix) = fix {
            json["fix"] = json!(fix);
        }
        json
    }

    pub(super) fn as_rows(&self) -> String {
        let (status, detail, fix) = self.finding.parts();
        let word = if status == "pass" { status.to_owned() } else { status.to_uppercase() };
        let detail = sanitize::without_controls(detail);
        let row = format!("{word:4}  {:13}  {detail}\n", self.id);
        fix.map_or_else(|| row.clone(), |fix| format!("{row}{:21}fix: {fix}\n", ""))
    }
}

/// A path as a word of a shell command.
pub(super) fn quoted(path: &Path) -> String {
    shell::quote(&path.display().to_string())
}
