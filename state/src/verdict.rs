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
    /// Whether a biometric check was asked for, where we asked ourselves.
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
    /// Anything else: another request's answer, an approval without the check that was asked for, a new word.
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
            Self::Unknown => "unknown",
        }
    }

    /// The exit code (spec 2): 0 for approved alone.
    pub fn exit(self) -> Exit {
        match self {
            Self::Approved => Exit::Done,
            Self::Denied => Exit::No,
            Self::Pending | Self::TimedOut | Self::Expired | Self::Unknown => Exit::Undecided,
            Self::NoDevices | Self::NoDevicesReached => Exit::Nobody,
        }
    }

    /// Whether waiting longer can change it.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Unknown)
    }
}

/// Reads the service's answer on the request that was asked. Approved means: that word, for this id, and
/// where the answer names them this action and the biometric check that was asked for (spec 2).
pub fn read(answer: &Value, asked: &Asked) -> Verdict {
    let is_other = |key: &str, wanted: &str| matches!(answer.get(key), Some(found) if !found.is_null() && found != wanted);
    if is_other("request_id", &asked.id)
        || asked.action.as_deref().is_some_and(|action| is_other("action", action))
    {
        return Verdict::Unknown;
    }
    match answer["status"].as_str() {
        Some("approved") if lacks_biometric(answer, asked) => Verdict::Unknown,
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
    let wanted = asked.biometric || answer["require_biometric"] == Value::Bool(true);
    let verified = &answer["biometric_verified"];
    // An answer that does not speak of the check is the service's word that it was made.
    wanted && !verified.is_null() && *verified != Value::Bool(true)
}

/// Reads the answer to the creation: it also says whether anybody could be asked.
pub fn read_created(answer: &Value, asked: &Asked) -> Verdict {
    let count = |key: &str| answer[key].as_u64();
    match (read(answer, asked), count("devices_notified"), count("devices_failed")) {
        (Verdict::Pending, Some(0), Some(failed)) if failed > 0 => Verdict::NoDevicesReached,
        (Verdict::Pending, Some(0), _) => Verdict::NoDevices,
        (verdict, _, _) => verdict,
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
        case(&json!({"biometric_verified": false, "status": "approved"}), Verdict::Unknown);
        case(&json!({"biometric_verified": "yes", "status": "approved"}), Verdict::Unknown);
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
    }
}
