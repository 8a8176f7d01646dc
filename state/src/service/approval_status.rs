//! What a response of the service says of an approval: the one place that judges a decision, for `approval` and `connect`.
//!
//! Approved is one case among all: that word to the letter, about that very request, in a response that came whole and
//! denies it nowhere. Whatever else a response is, it approves nothing.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::api::{Error, JsonResponse};
use crate::exit::Exit;
use crate::text::{invisible, json};

/// A decision of the last second is read a little later than the approval's end.
const GRACE: SignedDuration = SignedDuration::from_secs(10);

/// Fields that have to be true beside an approval, if they are there.
const TRUE_IF_APPROVED: [&str; 5] = ["approved", "ok", "responded", "success", "valid"];
/// Fields that have to be false beside an approval, if they are there.
const FALSE_IF_APPROVED: [&str; 6] =
    ["canceled", "cancelled", "denied", "expired", "rejected", "revoked"];
/// Fields that have to name the same decision, if they are there.
const DECISIONS: [&str; 5] = ["decision", "outcome", "response", "result", "verdict"];

/// The approval that a response has to be about.
#[derive(Clone, Debug, Default)]
pub struct ExpectedApproval {
    /// The id that the service gave the request.
    pub id: String,
    /// The action, if this program requested the approval.
    pub action: Option<String>,
    /// Whether a fingerprint or face is known to be required.
    pub biometric: bool,
}

/// The status of an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalStatus {
    /// The owner approved.
    Approved,
    /// The owner denied.
    Denied,
    /// No decision yet.
    Pending,
    /// The wait for it ended without a decision.
    TimedOut,
    /// It expired without a decision.
    Expired,
    /// No device is registered.
    NoDevices,
    /// There are devices, and the push notification reached none.
    NoDevicesReached,
    /// Approved without the fingerprint or face that was required: that is no approval, and there will be no other decision.
    BiometricMissing,
    /// Anything else: a response about another approval, one that denies what it says, an unknown word.
    Unrecognized,
}

impl ApprovalStatus {
    /// The word for it on stdout.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Pending => "pending",
            Self::TimedOut => "timeout",
            Self::Expired => "expired",
            Self::NoDevices => "no_devices",
            Self::NoDevicesReached => "no_devices_reached",
            Self::BiometricMissing | Self::Unrecognized => "unknown",
        }
    }

    /// The exit code: 0 for approved alone.
    pub fn exit(self) -> Exit {
        match self {
            Self::Approved => Exit::Done,
            Self::Denied => Exit::No,
            Self::Pending
            | Self::TimedOut
            | Self::Expired
            | Self::BiometricMissing
            | Self::Unrecognized => Exit::Undecided,
            Self::NoDevices | Self::NoDevicesReached => Exit::NoDevice,
        }
    }

    /// Whether it can no longer change.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Unrecognized)
    }
}

/// The id that the service gave the approval which it just created.
///
/// Fails with [`Error::InvalidResponse`] if there is none, or one with blanks around it or invisible characters in it: another
/// id could be taken for it.
pub fn created_id(response: &JsonResponse) -> Result<&str, Error> {
    let id = response.text("request_id")?;
    let is_exact = response.json()["request_id"].as_str() == Some(id);
    if !is_exact || id.chars().any(|c| c.is_control() || invisible::is_unseen(c)) {
        return Err(response.missing("a `request_id` that can be read"));
    }
    Ok(id)
}

/// The status by the response to the creation of an approval. It tells whether anybody could be asked, and is never taken
/// for an approval: nobody can have decided yet.
pub fn created(response: &JsonResponse, expected: &ExpectedApproval) -> ApprovalStatus {
    let body = response.json();
    let status = match word(&body["status"]) {
        _ if !is_about(body, expected) => ApprovalStatus::Unrecognized,
        ApprovalStatus::Approved => ApprovalStatus::Unrecognized,
        status => status,
    };
    let is_zero = |key: &str| body[key].as_f64() == Some(0.0);
    if status.is_final() || !is_zero("devices_notified") {
        return status;
    }
    match body["devices_failed"].as_u64() {
        Some(1..) => ApprovalStatus::NoDevicesReached,
        _ => ApprovalStatus::NoDevices,
    }
}

/// The status by the response to a poll. `now` is the time by the service's clock, which the response's own `Date` beats.
pub fn polled(
    response: &JsonResponse,
    expected: &ExpectedApproval,
    now: Timestamp,
) -> ApprovalStatus {
    let body = response.json();
    if !is_about(body, expected) {
        return ApprovalStatus::Unrecognized;
    }
    match word(&body["status"]) {
        ApprovalStatus::Approved if response.status() != 200 || !response.is_unambiguous() => {
            ApprovalStatus::Unrecognized
        }
        ApprovalStatus::Approved if !has_id(body, expected) || denies_itself(body) => {
            ApprovalStatus::Unrecognized
        }
        ApprovalStatus::Approved if lacks_biometric(body, expected) => {
            ApprovalStatus::BiometricMissing
        }
        ApprovalStatus::Approved => in_time(body, response.date().unwrap_or(now)),
        status => status,
    }
}

/// A decision that came over the socket, its words as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnersDecision {
    /// Which approval.
    pub request_id: String,
    /// `approved`, `denied`, or what approves nothing: empty if the event contradicts itself.
    pub decision: String,
}

impl OwnersDecision {
    /// Reads an `approval.responded` event; `None` if it does not say which approval it is about.
    pub fn read(event: &str) -> Option<Self> {
        let fields = json::parse(event.as_bytes()).ok()?;
        let request_id = fields["request_id"].as_str()?.to_owned();
        let decision = fields["decision"].as_str().unwrap_or_default();
        let is_other = |status: &Value| !status.is_null() && status != decision;
        let is_doubtful = denies_itself(&fields)
            || is_other(&fields["status"])
            || lacks_biometric(&fields, &ExpectedApproval::default())
            || json::has_repeated_key(event.as_bytes());
        let decision = if decision == "approved" && is_doubtful { "" } else { decision };
        Some(Self { request_id, decision: decision.to_owned() })
    }
}

/// The status by a decision that came over the socket.
pub fn decided(request_id: &str, decision: &str, expected: &ExpectedApproval) -> ApprovalStatus {
    match word(&Value::from(decision)) {
        _ if request_id != expected.id => ApprovalStatus::Unrecognized,
        // The event does not tell whether there was a fingerprint or face.
        ApprovalStatus::Approved if expected.biometric => ApprovalStatus::Unrecognized,
        status => status,
    }
}

fn word(status: &Value) -> ApprovalStatus {
    match status.as_str() {
        Some("approved") => ApprovalStatus::Approved,
        Some("denied") => ApprovalStatus::Denied,
        Some("pending") => ApprovalStatus::Pending,
        Some("expired") => ApprovalStatus::Expired,
        Some("timeout") => ApprovalStatus::TimedOut,
        Some("no_devices") => ApprovalStatus::NoDevices,
        Some("no_devices_reached") => ApprovalStatus::NoDevicesReached,
        _ => ApprovalStatus::Unrecognized,
    }
}

/// Whether nothing in the response names another approval.
fn is_about(response: &Value, expected: &ExpectedApproval) -> bool {
    let is_other = |key: &str, wanted: &str| {
        response.get(key).is_some_and(|found| !found.is_null() && found != wanted)
    };
    let action = expected.action.as_deref();
    !is_other("request_id", &expected.id)
        && !action.is_some_and(|action| is_other("action", action))
}

fn has_id(response: &Value, expected: &ExpectedApproval) -> bool {
    response["request_id"].as_str() == Some(&expected.id)
}

/// Whether something beside the status says that this is no approval.
fn denies_itself(response: &Value) -> bool {
    let field = |key: &&str| response.get(key).filter(|value| !value.is_null());
    let is_error = |error: &Value| error.as_array().is_none_or(|list| !list.is_empty());
    let is_approval = |word: &Value| word == "approved" || word == "approve";
    ["error", "errors"].iter().filter_map(field).any(is_error)
        || TRUE_IF_APPROVED.iter().filter_map(field).any(|value| *value != Value::Bool(true))
        || FALSE_IF_APPROVED.iter().filter_map(field).any(|value| *value != Value::Bool(false))
        || DECISIONS.iter().filter_map(field).any(|word| !is_approval(word))
        || response["devices_notified"].as_f64() == Some(0.0)
}

fn lacks_biometric(response: &Value, expected: &ExpectedApproval) -> bool {
    let is_set = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
    let is_required = expected.biometric || response.get("require_biometric").is_some_and(is_set);
    // If the response does not have the fields at all, the service is trusted to have checked.
    let denies = |key: &str| response.get(key).is_some_and(|value| *value != Value::Bool(true));
    is_required && (denies("biometric_verified") || denies("require_biometric"))
}

/// An approval that is over approves nothing any more, and neither does one that ends at no time.
fn in_time(response: &Value, now: Timestamp) -> ApprovalStatus {
    let ends = match &response["expires_at"] {
        Value::Null => return ApprovalStatus::Approved,
        Value::String(text) => text.parse::<Timestamp>().ok(),
        _ => None,
    };
    match ends {
        None => ApprovalStatus::Unrecognized,
        Some(ends) if now.duration_since(ends) > GRACE => ApprovalStatus::Expired,
        Some(_) => ApprovalStatus::Approved,
    }
}

#[cfg(test)]
#[path = "approval_status_tests.rs"]
mod tests;
