//! Why a request does not reach the agent.

use std::fmt;

/// Why a request does not reach the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusalReason {
    /// Somebody who is not the owner ordered something sensitive.
    Stranger,
    /// The owner said no.
    Denied,
    /// No decision in time.
    TimedOut,
    /// No phone is registered.
    NoDevice,
    /// No phone was reached.
    NotDelivered,
    /// The approval could not be made, or that it was is unconfirmed.
    NotRequested,
    /// Longer than an approval can show.
    TooLong,
    /// The journal cannot be written.
    NoJournal,
    /// The machine slept while a yes was awaited.
    Slept,
    /// The owner texted STOP meanwhile.
    StoppedByOwner,
}

/// For the log.
impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stranger => "not ordered by the owner",
            Self::Denied => "denied by the owner",
            Self::TimedOut => "not approved in time",
            Self::NoDevice => "no phone is registered for approvals",
            Self::NotDelivered => "no phone was reached for approval",
            Self::NotRequested => "the approval could not be requested",
            Self::TooLong => "too long for an approval",
            Self::NoJournal => "the journal cannot be written",
            Self::Slept => "the machine slept while a yes was awaited",
            Self::StoppedByOwner => "the owner stopped everything",
        })
    }
}
