//! One finding: a verdict, what was seen, and, unless all is well, the command that helps.

use serde_json::{Value, json};
use state::words;

/// What a check found. Only a pass comes without a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// All is well.
    Pass(String),
    /// It works, and something should be looked at.
    Warn {
        /// What was seen.
        detail: String,
        /// What helps.
        fix: String,
    },
    /// It does not work.
    Fail {
        /// What was seen.
        detail: String,
        /// What helps.
        fix: String,
    },
}

impl Finding {
    pub(super) fn pass(detail: impl Into<String>) -> Self {
        Self::Pass(detail.into())
    }

    pub(super) fn warn(detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Warn { detail: detail.into(), fix: words::plain(&fix.into()) }
    }

    pub(super) fn fail(detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Fail { detail: detail.into(), fix: words::plain(&fix.into()) }
    }

    /// That another check could not be made because of this one: what mends this one helps there, too.
    pub(super) fn keeps(&self, detail: impl Into<String>) -> Self {
        Self::warn(detail, self.parts().2.unwrap_or("status"))
    }

    /// Whether it does not work.
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

/// A finding and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The part that was checked, by a name that never changes.
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
        let row = format!("{word:4}  {:13}  {detail}\n", self.id);
        fix.map_or_else(|| row.clone(), |fix| format!("{row}{:21}fix: {fix}\n", ""))
    }
}
