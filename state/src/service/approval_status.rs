//! The status of an approval, from the service's responses. Only [`parse`] gives "approved", and only in one case.

use serde_json::Value;

use crate::exit::Exit;

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
    /// Anything else: a response about another approval, an error beside an approval, an unknown word.
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

/// Reads the service's response about an approval. It is approved if the status is that word, with no error beside it, and
/// the response does not contradict the id, the action or the fingerprint or face that is expected.
pub fn parse(response: &Value, expected: &ExpectedApproval) -> ApprovalStatus {
    let is_other = |key: &str, wanted: &str| matches!(response.get(key), Some(found) if !found.is_null() && found != wanted);
    if is_other("request_id", &expected.id)
        || expected.action.as_deref().is_some_and(|action| is_other("action", action))
    {
        return ApprovalStatus::Unrecognized;
    }
    match response["status"].as_str() {
        Some("approved") if has_error(response) => ApprovalStatus::Unrecognized,
        Some("approved") if lacks_biometric(response, expected) => ApprovalStatus::BiometricMissing,
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

fn lacks_biometric(response: &Value, expected: &ExpectedApproval) -> bool {
    let is_set = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
    let is_required = expected.biometric || response.get("require_biometric").is_some_and(is_set);
    // If the response does not have the fields at all, the service is trusted to have checked.
    let denies = |key: &str| response.get(key).is_some_and(|value| *value != Value::Bool(true));
    is_required && (denies("biometric_verified") || denies("require_biometric"))
}

/// Whether the response has an error beside the status.
fn has_error(response: &Value) -> bool {
    let is_one =
        |error: &Value| !error.is_null() && error.as_array().is_none_or(|list| !list.is_empty());
    ["error", "errors"].iter().any(|key| response.get(key).is_some_and(is_one))
        || response.get("success") == Some(&Value::Bool(false))
}

/// Reads the response to the creation of an approval. It also tells whether anybody could be asked, and is never taken for
/// an approval.
pub fn parse_created(response: &Value, expected: &ExpectedApproval) -> ApprovalStatus {
    let count = |key: &str| response[key].as_u64();
    let status = match parse(response, expected) {
        // Nobody can have decided yet: a later request will tell.
        ApprovalStatus::Approved | ApprovalStatus::BiometricMissing => ApprovalStatus::Unrecognized,
        status => status,
    };
    match (status.is_final(), count("devices_notified"), count("devices_failed")) {
        (false, Some(0), Some(failed)) if failed > 0 => ApprovalStatus::NoDevicesReached,
        (false, Some(0), _) => ApprovalStatus::NoDevices,
        _ => status,
    }
}

#[cfg(test)]
mod tests {
    use super::{ApprovalStatus, ExpectedApproval, parse, parse_created};
    use crate::exit::Exit;
    use serde_json::{Value, json};

    fn expected() -> ExpectedApproval {
        ExpectedApproval { id: "apr_1".into(), action: Some("delete x".into()), biometric: true }
    }

    #[track_caller]
    fn case(response: &Value, wanted: ApprovalStatus) {
        assert_eq!(parse(response, &expected()), wanted, "{response}");
        assert_eq!(wanted.exit() == Exit::Done, wanted == ApprovalStatus::Approved);
    }

    #[test]
    fn only_one_response_is_an_approval() {
        case(&json!({"status": "approved"}), ApprovalStatus::Approved);
        case(
            &json!({"request_id": "apr_1", "action": "delete x", "status": "approved", "biometric_verified": true}),
            ApprovalStatus::Approved,
        );
        case(&json!({"request_id": "apr_2", "status": "approved"}), ApprovalStatus::Unrecognized);
        case(&json!({"request_id": 1, "status": "approved"}), ApprovalStatus::Unrecognized);
        case(&json!({"action": "delete y", "status": "approved"}), ApprovalStatus::Unrecognized);
        for word in ["Approved", "approve", "yes", "", "approved ", "APPROVED"] {
            case(&json!({"status": word}), ApprovalStatus::Unrecognized);
        }
        for strange in
            [json!(null), json!([]), json!("approved"), json!({"status": ["approved"]}), json!({})]
        {
            case(&strange, ApprovalStatus::Unrecognized);
        }
        case(&json!({"status": "denied"}), ApprovalStatus::Denied);
    }

    #[test]
    fn a_required_biometric_must_not_be_denied() {
        let approved = |biometric, mut response: Value| {
            response["status"] = json!("approved");
            parse(&response, &ExpectedApproval { biometric, ..expected() })
        };
        for field in ["biometric_verified", "require_biometric"] {
            for no in [json!(null), json!(false), json!(0), json!(1), json!("true"), json!([true])]
            {
                let status = approved(true, json!({ field: no }));
                assert_eq!(status, ApprovalStatus::BiometricMissing, "{field} {no}");
                assert!(status.is_final() && status.exit() == Exit::Undecided);
            }
            assert_eq!(approved(true, json!({ field: true })), ApprovalStatus::Approved);
        }
        assert_eq!(approved(true, json!({})), ApprovalStatus::Approved);
        // If the approval was requested by another program, the response tells what is required.
        for (required, verified, wanted) in [
            (json!(true), json!(true), ApprovalStatus::Approved),
            (json!(true), json!(null), ApprovalStatus::BiometricMissing),
            (json!(true), json!(false), ApprovalStatus::BiometricMissing),
            (json!("yes"), json!(true), ApprovalStatus::BiometricMissing),
            (json!(false), json!(null), ApprovalStatus::Approved),
            (json!(null), json!(false), ApprovalStatus::Approved),
        ] {
            let response = json!({"require_biometric": required, "biometric_verified": verified});
            assert_eq!(approved(false, response.clone()), wanted, "{response}");
        }
    }

    #[test]
    fn an_error_beside_the_status_is_no_approval() {
        for (error, wanted) in [
            (json!({"error": {"message": "no"}}), ApprovalStatus::Unrecognized),
            (json!({"error": false}), ApprovalStatus::Unrecognized),
            (json!({"errors": [{}]}), ApprovalStatus::Unrecognized),
            (json!({"errors": []}), ApprovalStatus::Approved),
            (json!({"success": false}), ApprovalStatus::Unrecognized),
            (json!({"error": null, "success": true}), ApprovalStatus::Approved),
        ] {
            let mut response = error;
            response["status"] = json!("approved");
            case(&response, wanted);
            response["status"] = json!("denied");
            case(&response, ApprovalStatus::Denied);
        }
    }

    #[test]
    fn without_a_device_nobody_can_decide() {
        let created = |notified, failed| {
            parse_created(
                &json!({"request_id": "apr_1", "status": "pending", "devices_notified": notified, "devices_failed": failed}),
                &expected(),
            )
        };
        assert_eq!(created(json!(1), json!(0)), ApprovalStatus::Pending);
        assert_eq!(created(json!(1), json!(1)), ApprovalStatus::Pending);
        assert_eq!(created(json!(0), json!(0)), ApprovalStatus::NoDevices);
        assert_eq!(created(json!(0), json!(2)), ApprovalStatus::NoDevicesReached);
        assert_eq!(created(json!(null), json!(null)), ApprovalStatus::Pending);
        let approved = |notified| {
            parse_created(&json!({"status": "approved", "devices_notified": notified}), &expected())
        };
        assert_eq!(approved(json!(1)), ApprovalStatus::Unrecognized);
        assert_eq!(approved(json!(0)), ApprovalStatus::NoDevices);
    }
}
