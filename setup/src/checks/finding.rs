//! What a check found: pass, warn or fail, the detail, and, unless it passes, the fix.

use super::fix::Fix;
use serde_json::{Value, json};
use state::shell;
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
        /// What helps.
        fix: Fix,
    },
    /// The part does not work.
    Fail {
        /// What was found.
        detail: String,
        /// What helps.
        fix: Fix,
    },
}

impl Finding {
    pub(super) fn pass(detail: impl Into<String>) -> Self {
        Self::Pass(detail.into())
    }

    pub(super) fn warn(detail: impl Into<String>, fix: Fix) -> Self {
        Self::Warn { detail: detail.into(), fix }
    }

    pub(super) fn fail(detail: impl Into<String>, fix: Fix) -> Self {
        Self::Fail { detail: detail.into(), fix }
    }

    /// The finding of another check, which could not be made because of this one of `id`: a warning with the same fix.
    pub(super) fn blocks(&self, id: &'static str, detail: impl Into<String>) -> Found {
        let fix = self.fix().cloned().unwrap_or(Fix::CheckAgain);
        Self::warn(detail, fix).because(id)
    }

    /// The same with the check that it comes of.
    pub(super) fn because(self, id: &'static str) -> Found {
        Found { finding: self, because: Some(id) }
    }

    /// Whether the part does not work.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Fail { .. })
    }

    /// Whether the part works, and nothing should be attended to.
    pub fn is_pass(&self) -> bool {
        matches!(self, Self::Pass(_))
    }

    /// What helps.
    pub fn fix(&self) -> Option<&Fix> {
        match self {
            Self::Pass(_) => None,
            Self::Warn { fix, .. } | Self::Fail { fix, .. } => Some(fix),
        }
    }

    /// What was found.
    pub fn detail(&self) -> &str {
        match self {
            Self::Pass(detail) | Self::Warn { detail, .. } | Self::Fail { detail, .. } => detail,
        }
    }

    /// The verdict in a word.
    pub(super) fn status(&self) -> &'static str {
        match self {
            Self::Pass(_) => "pass",
            Self::Warn { .. } => "warn",
            Self::Fail { .. } => "fail",
        }
    }
}

/// A finding, and the check that it comes of: one cause is shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) finding: Finding,
    /// The check that has to pass first.
    pub(super) because: Option<&'static str>,
}

impl From<Finding> for Found {
    fn from(finding: Finding) -> Self {
        Self { finding, because: None }
    }
}

/// A finding and the part that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The part, by a name that programs may rely on.
    pub id: &'static str,
    /// What was found.
    pub finding: Finding,
    /// The check that this finding comes of, if that does not pass.
    pub because: Option<&'static str>,
}

impl Check {
    pub(super) fn as_json(&self) -> Value {
        let (status, detail) = (self.finding.status(), self.finding.detail());
        let mut json = json!({"id": self.id, "status": status, "detail": detail});
        if let Some(fix) = self.finding.fix() {
            json["fix"] = json!(fix.text());
            json["fix_kind"] = json!(fix.kind().label().replace(' ', "_"));
            json["fix_id"] = json!(fix.id());
        }
        if let Some(because) = self.because {
            json["because"] = json!(because);
        }
        json
    }
}

/// A path as a word of a shell command.
pub(super) fn quoted(path: &Path) -> String {
    shell::quote(&path.display().to_string())
}
