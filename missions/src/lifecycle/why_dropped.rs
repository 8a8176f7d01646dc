//! Why a target of an outreach is dropped before anything was scheduled for it.

use serde::{Deserialize, Serialize};

/// Why a target is not called or texted at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DropReason {
    /// They opted out.
    OptedOut,
    /// They are on the do-not-call list.
    DoNotCall,
    /// No allowed hour was left before the last time that was given.
    TooLate,
    /// The calls or minutes that were allowed are used up.
    Budget,
}

impl DropReason {
    /// Why, in words.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::OptedOut => "opted out",
            Self::DoNotCall => "on the do-not-call list",
            Self::TooLate => "no allowed hour was left",
            Self::Budget => "the calls or minutes that were allowed are used up",
        }
    }
}
