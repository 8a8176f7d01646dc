//! What the service says of an approval. One function says "approved", and it says so of one case only (spec 2).

use crate::exit::Exit;
use serde_json::Value;

/// What was asked for, as far as an answer can be held against it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The id that the service gave the request.
    pub id: String,
    /// The action, where we asked ourselves.
    pub action: Option<String>,
    /// Whether a biometric check was asked for, as far as that is known here.
    pub biometric: bool,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The owner approved this request.
    Approved,
    /// The owner said no.
    Denied,
    /// No decision yet.
    Pending,
    /// Our wait ended without a decision.
    TimedOut,
    /// The request ended without a decision.
    Expired,
    /// No device is registered.
    NoDevices,
    /// There are devices, and the push reached none.
    NoDevicesReached,
    /// Approved, but without the check that was asked for: that is no approval, and no other decision comes.
    Unchecked,
    /// Anything else: another request's answer, an error beside an approval, a new word.
    Unknown,
}

impl Verdict {
    /// The reference's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Pending => "pending",
            Self::TimedOut => "timeout",
            Self::Expired => "expired",
            Self::NoDevices => "no_devices",
            Self::NoDevicesReached => "no_devices_reached",
            Self::Unchecked | Self::Unknown => "unknown",
        }
    }

    /// The exit code (spec 2): 0 for approved alone.
    pub fn exit(self) -> Exit {
        match self {
            Self::Approved => Exit::Done,
            Self::Denied => Exit::No,
            Self::Pending | Self::TimedOut | Self::Expired | Self::Unchecked | Self::Unknown => {
                Exit::Undecided
            }
            Self::NoDevices | Self::NoDevicesReached => Exit::Nobody,
        }
    }

    /// Whether waiting longer can change it.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Unknown)
    }
}

/// Reads the service's answer on the request that was asked. Approved means: that word and no error beside it, for this
/// id, and where the answer names them this action and the biometric check that was asked for.
pub fn read(answer: &Value, asked: &Asked) -> Verdict {
    let is_other = |key: &str, wanted: &str| matches!(answer.get(key), Some(found) if !found.is_null() && found != wanted);
    if is_other("request_id", &asked.id)
        || asked.action.as_deref().is_some_and(|action| is_other("action", action))
    {
        return Verdict::Unknown;
    }
    match answer["status"].as_str() {
        Some("approved") if tells_of_an_error(answer) => Verdict::Unknown,
        Some("approved") if lacks_biometric(answer, asked) => Verdict::Unchecked,
        Some("approved") => Verdict::Approved,
        Some("denied") => Verdict::Denied,
        Some("pending") => Verdict::Pending,
        Some("expired") => Verdict::Expired,
        Some("timeout") => Verdict::TimedOut,
        Some("no_devices") => Verdict::NoDevices,
        Some("no_devices_reached") => Verdict::NoDevicesReached,
        _ => Verdict::Unknown,
    }
}

fn lacks_biometric(answer: &Value, asked: &Asked) -> bool {
    let is_wanted_there = |wanted: &Value| !matches!(wanted, Value::Null | Value::Bool(false));
    let wanted = asked.biometric || answer.get("require_biometric").is_some_and(is_wanted_there);
    // An answer that does not speak of the check is the service's word that it was made.
    let denies = |key: &str| answer.get(key).is_some_and(|said| *said != Value::Bool(true));
    wanted && (denies("biometric_verified") || denies("require_biometric"))
}

/// Whether something beside the word says that it went wrong.
fn tells_of_an_error(answer: &Value) -> bool {
    let is_one =
        |error: &Value| !error.is_null() && error.as_array().is_none_or(|list| !list.is_empty());
    ["error", "errors"].iter().any(|key| answer.get(key).is_some_and(is_one))
        || answer.get("success") == Some(&Value::Bool(false))
}

/// Reads the answer to the creation: it also says whether anybody could be asked, and never that somebody approved.
pub fn read_created(answer: &Value, asked: &Asked) -> Verdict {
    let count = |key: &str| answer[key].as_u64();
    let verdict = match read(answer, asked) {
        // Nobody has had the time for it: a look at the request will tell.
        Verdict::Approved | Verdict::Unchecked => Verdict::Unknown,
        verdict => verdict,
    };
    match (verdict.is_final(), count("devices_notified"), count("devices_failed")) {
        (false, Some(0), Some(failed)) if failed > 0 => Verdict::NoDevicesReached,
        (false, Some(0), _) => Verdict::NoDevices,
        _ => verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Verdict, read, read_created};
    use crate::exit::Exit;
    use serde_json::{Value, json};

    fn asked() -> Asked {
        Asked { id: "apr_1".into(), action: Some("delete x".into()), biometric: true }
    }

    #[track_caller]
    fn case(answer: &Value, wanted: Verdict) {
        assert_eq!(read(answer, &asked()), wanted, "{answer}");
        assert_eq!(wanted.exit() == Exit::Done, wanted == Verdict::Approved);
    }

    #[test]
    fn approved_is_one_case() {
        case(&json!({"status": "approved"}), Verdict::Approved);
        case(
            &json!({"request_id": "apr_1", "action": "delete x", "status": "approved", "biometric_verified": true}),
            Verdict::Approved,
        );
        case(&json!({"request_id": "apr_2", "status": "approved"}), Verdict::Unknown);
        case(&json!({"request_id": 1, "status": "approved"}), Verdict::Unknown);
        case(&json!({"action": "delete y", "status": "approved"}), Verdict::Unknown);
        for word in ["Approved", "approve", "yes", "", "approved ", "APPROVED"] {
            case(&json!({"status": word}), Verdict::Unknown);
        }
        for strange in
            [json!(null), json!([]), json!("approved"), json!({"status": ["approved"]}), json!({})]
        {
            case(&strange, Verdict::Unknown);
        }
        case(&json!({"status": "denied"}), Verdict::Denied);
    }

    #[test]
    fn a_check_that_was_asked_for_must_not_be_denied() {
        let read = |wanted, mut answer: Value| {
            answer["status"] = json!("approved");
            read(&answer, &Asked { biometric: wanted, ..asked() })
        };
        for field in ["biometric_verified", "require_biometric"] {
            for no in [json!(null), json!(false), json!(0), json!(1), json!("true"), json!([true])]
            {
                let verdict = read(true, json!({ field: no }));
                assert_eq!(verdict, Verdict::Unchecked, "{field} {no}");
                assert!(verdict.is_final() && verdict.exit() == Exit::Undecided);
            }
            assert_eq!(read(true, json!({ field: true })), Verdict::Approved);
        }
        assert_eq!(read(true, json!({})), Verdict::Approved);
        // Without having asked ourselves, it counts what the answer says of the request.
        for (required, verified, wanted) in [
            (json!(true), json!(true), Verdict::Approved),
            (json!(true), json!(null), Verdict::Unchecked),
            (json!(true), json!(false), Verdict::Unchecked),
            (json!("yes"), json!(true), Verdict::Unchecked),
            (json!(false), json!(null), Verdict::Approved),
            (json!(null), json!(false), Verdict::Approved),
        ] {
            let answer = json!({"require_biometric": required, "biometric_verified": verified});
            assert_eq!(read(false, answer.clone()), wanted, "{answer}");
        }
    }

    #[test]
    fn an_error_beside_the_word_is_no_approval() {
        for (error, wanted) in [
            (json!({"error": {"message": "no"}}), Verdict::Unknown),
            (json!({"error": false}), Verdict::Unknown),
            (json!({"errors": [{}]}), Verdict::Unknown),
            (json!({"errors": []}), Verdict::Approved),
            (json!({"success": false}), Verdict::Unknown),
            (json!({"error": null, "success": true}), Verdict::Approved),
        ] {
            let mut answer = error;
            answer["status"] = json!("approved");
            case(&answer, wanted);
            answer["status"] = json!("denied");
            case(&answer, Verdict::Denied);
        }
    }

    #[test]
    fn nobody_to_ask() {
        let created = |notified, failed| {
            read_created(
                &json!({"request_id": "apr_1", "status": "pending", "devices_notified": notified, "devices_failed": failed}),
                &asked(),
            )
        };
        assert_eq!(created(json!(1), json!(0)), Verdict::Pending);
        assert_eq!(created(json!(1), json!(1)), Verdict::Pending);
        assert_eq!(created(json!(0), json!(0)), Verdict::NoDevices);
        assert_eq!(created(json!(0), json!(2)), Verdict::NoDevicesReached);
        assert_eq!(created(json!(null), json!(null)), Verdict::Pending);
        let approved = |notified| {
            read_created(&json!({"status": "approved", "devices_notified": notified}), &asked())
        };
        assert_eq!(approved(json!(1)), Verdict::Unknown);
        assert_eq!(approved(json!(0)), Verdict::NoDevices);
    }
}
