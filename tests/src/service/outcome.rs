//! How a call or text to a number ends, and by which stages: decided by the number's last two digits.

use jiff::SignedDuration;

/// How it ends; decided by the last two digits of the number that is called.
///
/// | number ends in | a call | a text |
/// |---|---|---|
/// | 01 | busy | delivered |
/// | 02 | rings out: no answer | delivered |
/// | 03 | voicemail takes it | delivered |
/// | 04 | fails | fails |
/// | 05 | stays in progress for ever | stays in progress for ever |
/// | 06 | is canceled by the carrier | delivered |
/// | 09 | is busy, and the next one scheduled is answered | delivered |
/// | 91 | is declined: ends with `call_rejected` | delivered |
/// | 92 | leads nowhere: ends with `not_found` | delivered |
/// | 93 | is taken by a machine, and a field says so (03: only the insights do) | delivered |
/// | 94 | is silent: ends with `amd_silence` | delivered |
/// | 95 | reaches a fax machine | delivered |
/// | 96 | rings until it ends with `timeout` | delivered |
/// | anything else | is answered, 30 s long; insights follow 7 s later | delivered |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimulatedOutcome {
    /// 01.
    Busy,
    /// 02.
    NoAnswer,
    /// 03.
    Voicemail,
    /// 04.
    Failed,
    /// 05.
    Stuck,
    /// 06.
    Canceled,
    /// 09.
    BusyOnce,
    /// 91.
    Declined,
    /// 92.
    NotFound,
    /// 93.
    Machine,
    /// 94.
    Silence,
    /// 95.
    Fax,
    /// 96.
    TimedOut,
    /// All others.
    Completed,
}

impl SimulatedOutcome {
    /// The outcome of a call or text to this number.
    pub fn of(number: &str) -> Self {
        match number.get(number.len().saturating_sub(2)..) {
            Some("01") => Self::Busy,
            Some("02") => Self::NoAnswer,
            Some("03") => Self::Voicemail,
            Some("04") => Self::Failed,
            Some("05") => Self::Stuck,
            Some("06") => Self::Canceled,
            Some("09") => Self::BusyOnce,
            Some("91") => Self::Declined,
            Some("92") => Self::NotFound,
            Some("93") => Self::Machine,
            Some("94") => Self::Silence,
            Some("95") => Self::Fax,
            Some("96") => Self::TimedOut,
            _ => Self::Completed,
        }
    }

    /// The outcome of this name; `None` for another word.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "answered" | "delivered" => Self::Completed,
            "busy" => Self::Busy,
            "no-answer" => Self::NoAnswer,
            "voicemail" => Self::Voicemail,
            "machine" => Self::Machine,
            "failed" => Self::Failed,
            "stuck" => Self::Stuck,
            "canceled" => Self::Canceled,
            "declined" => Self::Declined,
            "not-found" => Self::NotFound,
            _ => return None,
        })
    }

    /// The outcome of the next scheduled call to the same number.
    pub(crate) fn next(self) -> Self {
        if self == Self::BusyOnce { Self::Completed } else { self }
    }

    /// The stages of a call: seconds after the one before (the first: after dialling), and the call status from then on.
    pub(crate) fn call(self) -> &'static [(i64, &'static str)] {
        match self {
            Self::Busy | Self::BusyOnce => &[(1, "ringing"), (2, "busy")],
            Self::NoAnswer => &[(1, "ringing"), (24, "no-answer")],
            Self::Voicemail => &[(1, "ringing"), (7, "in-progress"), (12, "completed")],
            Self::Failed => &[(1, "ringing"), (2, "failed")],
            Self::Stuck => &[(1, "ringing"), (4, "in-progress")],
            Self::Canceled => &[(1, "ringing"), (3, "canceled")],
            Self::Declined => &[(1, "ringing"), (3, "ended")],
            Self::NotFound => &[(1, "ended")],
            Self::Machine => &[(1, "ringing"), (7, "in-progress"), (12, "ended")],
            Self::Silence | Self::Fax => &[(1, "ringing"), (4, "in-progress"), (5, "ended")],
            Self::TimedOut => &[(1, "ringing"), (30, "ended")],
            Self::Completed => &[(1, "ringing"), (4, "in-progress"), (30, "completed")],
        }
    }

    /// Why it ended, where it does not end as its status says.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Declined => "call_rejected",
            Self::NotFound => "not_found",
            Self::Silence => "amd_silence",
            Self::TimedOut => "timeout",
            _ => "normal_clearing",
        }
    }

    /// What answering-machine detection says of it, if anything.
    pub(crate) fn amd(self) -> Option<&'static str> {
        match self {
            Self::Machine => Some("machine"),
            Self::Silence => Some("silence"),
            Self::Fax => Some("fax_detected"),
            _ => None,
        }
    }

    /// The summary of the conversation that its insights give.
    pub(crate) fn insight(self, to: &str) -> String {
        match self {
            Self::Voicemail | Self::Machine => {
                format!("Reached the voicemail of {to} and left a message.")
            }
            _ => format!("Spoke with {to}; they quoted $40 per window."),
        }
    }
}

/// How long after a hang-up the insights are ready.
pub(crate) const INSIGHTS_AFTER: SignedDuration = SignedDuration::from_secs(7);
