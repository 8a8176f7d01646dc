//! How a call ended, from the fields of the service.
//!
//! The service and the carrier behind it tell that in several fields ([`FIELDS`]) with several words and spellings: of
//! their own, of Telnyx's hang-up causes (`user_busy`, `call_rejected`, `originator_cancel`, …) and of its answering machine
//! detection (`human`, `machine`, `not_sure`, `fax_detected`, …). A call that a machine answered, or nobody, ends with the
//! status `completed` or `ended` too. So nobody counts as reached if any field says otherwise, or has an unknown word.

use serde_json::Value;

use crate::text::sanitize;

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// Somebody answered.
    Answered,
    /// A machine answered; a message may have been left.
    Voicemail,
    /// A machine answered, and no message could be left.
    VoicemailFailed,
    /// A fax machine answered.
    Fax,
    /// The line was busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// The person called declined.
    Rejected,
    /// The number does not exist.
    NotFound,
    /// It was canceled before anybody answered.
    Canceled,
    /// It could not be placed.
    Failed,
    /// It ended with an unknown word. Nobody counts as reached.
    Unknown(String),
}

/// What a word of the service's means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordMeaning {
    /// The call ended so.
    Ended(CallOutcome),
    /// Nothing about how it ended: it goes on, or the word means that nothing is known.
    NoOutcome,
    /// The word is unknown.
    Unknown,
}

/// The fields that tell how a call ended, the most precise first.
pub const FIELDS: [&str; 6] =
    ["outcome", "call_outcome", "amd_result", "hangup_cause", "reason", "call_status"];

/// How much of an unknown word is shown, in characters.
const MAX_WORD: usize = 40;

impl CallOutcome {
    /// A few words for people.
    pub fn describe(&self) -> String {
        match self {
            Self::Answered => "answered".to_owned(),
            Self::Voicemail => "voicemail".to_owned(),
            Self::VoicemailFailed => "voicemail, and no message could be left".to_owned(),
            Self::Fax => "a fax machine answered".to_owned(),
            Self::Busy => "busy".to_owned(),
            Self::NoAnswer => "no answer".to_owned(),
            Self::Rejected => "rejected".to_owned(),
            Self::NotFound => "the number was not found".to_owned(),
            Self::Canceled => "canceled".to_owned(),
            Self::Failed => "failed".to_owned(),
            Self::Unknown(word) => format!("ended as `{word}`, which is not known here"),
        }
    }
}

/// What a word means, in any spelling: `No_Answer` is `no-answer`, and `CANCELLED` is `canceled`.
pub fn meaning(word: &str) -> WordMeaning {
    let letters = |c: char| !matches!(c, ' ' | '-' | '_' | '.');
    let plain: String = word.chars().filter(|c| letters(*c)).flat_map(char::to_lowercase).collect();
    WordMeaning::Ended(match plain.as_str() {
        "completed" | "answered" | "succeeded" | "human" | "humanresidence" | "humanbusiness"
        | "amdhuman" | "normalclearing" | "userhangup" | "userended" | "hangup"
        | "callerhangup" | "calleehangup" | "agenthangup" | "assistanthangup" | "timelimit" => {
            CallOutcome::Answered
        }
        "voicemailfailed" => CallOutcome::VoicemailFailed,
        "voicemail" | "machine" | "amdmachine" | "amdvoicemail" | "answeringmachine"
        | "machinedetected" | "voicemaildetected" | "voicemailleft" => CallOutcome::Voicemail,
        "fax" | "faxdetected" | "amdfax" => CallOutcome::Fax,
        "busy" | "userbusy" => CallOutcome::Busy,
        "noanswer" | "unanswered" | "notanswered" | "missed" | "timeout" | "ringtimeout"
        | "nouserresponse" | "unreachable" | "notreachable" | "silence" | "amdsilence" => {
            CallOutcome::NoAnswer
        }
        "rejected" | "callrejected" | "declined" => CallOutcome::Rejected,
        "notfound" | "numbernotfound" | "unallocatednumber" | "invalidnumber" => {
            CallOutcome::NotFound
        }
        "canceled" | "cancelled" | "callcanceled" | "callcancelled" | "originatorcancel" => {
            CallOutcome::Canceled
        }
        "failed" | "error" => CallOutcome::Failed,
        "" | "unspecified" | "notsure" | "pending" | "scheduled" | "queued" | "initiating"
        | "initiated" | "dialing" | "ringing" | "inprogress" | "ending" | "ended" => {
            return WordMeaning::NoOutcome;
        }
        _ => return WordMeaning::Unknown,
    })
}

/// How a call ended by the [`FIELDS`] of its object, or of another one that has them; `None` if they do not tell.
///
/// A word for not being reached wins over one for being reached, and so does an unknown word.
pub fn from_fields(call: &Value) -> Option<CallOutcome> {
    from_words(FIELDS.iter().map(|field| (*field, call[*field].as_str())))
}

/// [`from_fields`] for names and values that stand elsewhere, in the order of [`FIELDS`].
pub fn from_words<'a>(
    fields: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Option<CallOutcome> {
    let (mut unknown, mut answered) = (None, None);
    for (field, text) in fields {
        let Some(text) = text else { continue };
        match meaning(text) {
            WordMeaning::Ended(CallOutcome::Answered) => answered = Some(CallOutcome::Answered),
            WordMeaning::Ended(outcome) => return Some(outcome),
            WordMeaning::NoOutcome => {}
            // A reason may also be a sentence.
            WordMeaning::Unknown
                if field == "reason" && text.trim().contains(char::is_whitespace) => {}
            WordMeaning::Unknown => {
                let word = || CallOutcome::Unknown(sanitize::line_up_to(text, MAX_WORD));
                unknown.get_or_insert_with(word);
            }
        }
    }
    unknown.or(answered)
}

/// How the call of `GET /v1/calls/{id}` or of a `call.ended` event ended; `None` while it goes on. With an unknown status it
/// goes on.
pub fn from_call(call: &Value) -> Option<CallOutcome> {
    let status = call["status"].as_str().unwrap_or_default();
    let is_over = status.trim().eq_ignore_ascii_case("ended");
    match meaning(status) {
        // `answered` is a call that goes on.
        WordMeaning::Ended(CallOutcome::Answered)
            if !status.trim().eq_ignore_ascii_case("completed") =>
        {
            None
        }
        WordMeaning::Ended(CallOutcome::Answered) => {
            Some(from_fields(call).unwrap_or(CallOutcome::Answered))
        }
        // The other fields may tell why.
        WordMeaning::Ended(CallOutcome::Failed) => {
            let why = from_fields(call).filter(|outcome| *outcome != CallOutcome::Answered);
            Some(why.unwrap_or(CallOutcome::Failed))
        }
        WordMeaning::Ended(outcome) => Some(outcome),
        WordMeaning::NoOutcome if is_over => {
            Some(from_fields(call).unwrap_or(CallOutcome::Answered))
        }
        WordMeaning::NoOutcome | WordMeaning::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{CallOutcome, FIELDS, WordMeaning, from_call, from_fields, meaning};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Every word of the service and the carrier for the end of a call, and its meaning.
    const ENDS: [(&str, CallOutcome); 34] = [
        ("completed", CallOutcome::Answered),
        ("answered", CallOutcome::Answered),
        ("human", CallOutcome::Answered),
        ("human_residence", CallOutcome::Answered),
        ("human_business", CallOutcome::Answered),
        ("normal_clearing", CallOutcome::Answered),
        ("user_hangup", CallOutcome::Answered),
        ("user_ended", CallOutcome::Answered),
        ("time_limit", CallOutcome::Answered),
        ("voicemail", CallOutcome::Voicemail),
        ("machine", CallOutcome::Voicemail),
        ("voicemail_failed", CallOutcome::VoicemailFailed),
        ("fax", CallOutcome::Fax),
        ("fax_detected", CallOutcome::Fax),
        ("busy", CallOutcome::Busy),
        ("user_busy", CallOutcome::Busy),
        ("no-answer", CallOutcome::NoAnswer),
        ("no_answer", CallOutcome::NoAnswer),
        ("unanswered", CallOutcome::NoAnswer),
        ("timeout", CallOutcome::NoAnswer),
        ("silence", CallOutcome::NoAnswer),
        ("amd_silence", CallOutcome::NoAnswer),
        ("no_user_response", CallOutcome::NoAnswer),
        ("unreachable", CallOutcome::NoAnswer),
        ("unallocated_number", CallOutcome::NotFound),
        ("rejected", CallOutcome::Rejected),
        ("call_rejected", CallOutcome::Rejected),
        ("declined", CallOutcome::Rejected),
        ("not_found", CallOutcome::NotFound),
        ("not-found", CallOutcome::NotFound),
        ("canceled", CallOutcome::Canceled),
        ("cancelled", CallOutcome::Canceled),
        ("originator_cancel", CallOutcome::Canceled),
        ("failed", CallOutcome::Failed),
    ];

    /// The spellings of a word.
    fn spellings(word: &str) -> Vec<String> {
        let hyphens = word.replace('_', "-");
        let camel: String = {
            let mut parts = hyphens.split('-');
            let first = parts.next().unwrap_or_default().to_owned();
            parts.fold(first, |camel, part| camel + &part[..1].to_uppercase() + &part[1..])
        };
        let loud = word.to_uppercase();
        vec![
            word.to_owned(),
            word.replace('-', "_"),
            hyphens.replace('-', " "),
            hyphens.to_uppercase(),
            format!(" {word} "),
            hyphens,
            camel,
            loud,
        ]
    }

    #[test]
    fn every_word_in_every_spelling() {
        for (text, wanted) in ENDS {
            for spelling in spellings(text) {
                assert_eq!(meaning(&spelling), WordMeaning::Ended(wanted.clone()), "{spelling:?}");
            }
        }
        for text in ["", " ", "unspecified", "not_sure", "ringing", "in-progress", "ended"] {
            assert_eq!(meaning(text), WordMeaning::NoOutcome, "{text:?}");
        }
        for text in ["aliens", "splendid", "completely", "human?"] {
            assert_eq!(meaning(text), WordMeaning::Unknown, "{text:?}");
        }
    }

    /// Every status with every word in every field: nobody counts as reached if a field says otherwise.
    #[test]
    fn the_field_that_says_that_nobody_was_reached_wins() {
        for status in ["ended", "completed", "Ended", "COMPLETED"] {
            for field in FIELDS {
                for (text, wanted) in &ENDS {
                    for spelling in spellings(text) {
                        let call = json!({"status": status, field: spelling});
                        assert_eq!(from_call(&call).as_ref(), Some(wanted), "{call}");
                    }
                    for other in FIELDS.iter().filter(|other| **other != field) {
                        // Another field that says "answered" changes nothing.
                        let call = json!({"status": status, field: text, *other: "completed"});
                        assert_eq!(from_call(&call).as_ref(), Some(wanted), "{call}");
                        let call = json!({"status": status, field: text, *other: "not_sure"});
                        assert_eq!(from_call(&call).as_ref(), Some(wanted), "{call}");
                        let call = json!({"status": status, field: text, *other: null});
                        assert_eq!(from_call(&call).as_ref(), Some(wanted), "{call}");
                    }
                }
                let call = json!({"status": status, field: "aliens", "call_status": "completed"});
                let call = if field == "call_status" {
                    json!({"status": status, field: "aliens"})
                } else {
                    call
                };
                assert_eq!(from_call(&call), Some(CallOutcome::Unknown("aliens".into())), "{call}");
            }
        }
    }

    #[track_caller]
    fn case(call: &Value, wanted: Option<&CallOutcome>) {
        assert_eq!(from_call(call).as_ref(), wanted, "{call}");
    }

    #[test]
    fn a_call_that_goes_on_has_no_outcome() {
        for status in ["initiating", "ringing", "answered", "in-progress", "ending", "levitating"] {
            case(&json!({"status": status}), None);
            case(&json!({"status": status, "amd_result": "machine"}), None);
        }
        for call in [json!({}), json!({"status": null}), json!({"status": 7}), json!(null)] {
            case(&call, None);
        }
    }

    #[test]
    fn the_status_decides_where_no_field_does() {
        case(&json!({"status": "completed"}), Some(&CallOutcome::Answered));
        case(&json!({"status": "ended"}), Some(&CallOutcome::Answered));
        case(&json!({"status": "ended", "reason": "unspecified"}), Some(&CallOutcome::Answered));
        case(&json!({"status": "ended", "reason": "they had to go"}), Some(&CallOutcome::Answered));
        case(&json!({"status": "no-answer"}), Some(&CallOutcome::NoAnswer));
        case(&json!({"status": "User_Busy"}), Some(&CallOutcome::Busy));
        case(&json!({"status": "failed"}), Some(&CallOutcome::Failed));
        case(
            &json!({"status": "failed", "hangup_cause": "call_rejected"}),
            Some(&CallOutcome::Rejected),
        );
        case(&json!({"status": "failed", "call_status": "completed"}), Some(&CallOutcome::Failed));
    }

    #[test]
    fn the_most_precise_field_comes_first() {
        let both = json!({"outcome": "voicemail_failed", "amd_result": "machine"});
        assert_eq!(from_fields(&both), Some(CallOutcome::VoicemailFailed));
        let both = json!({"amd_result": "machine", "hangup_cause": "originator_cancel"});
        assert_eq!(from_fields(&both), Some(CallOutcome::Voicemail));
        let both = json!({"outcome": "splendid", "call_status": "busy"});
        assert_eq!(from_fields(&both), Some(CallOutcome::Busy));
        assert_eq!(from_fields(&json!({"amd_result": "not_sure"})), None);
    }

    proptest! {
        #[test]
        fn no_call_panics(status in "\\PC{0,20}", reason in "\\PC{0,80}") {
            let call = json!({"status": status, "reason": reason, "outcome": reason});
            let _ = from_call(&call).map(|outcome| outcome.describe());
        }
    }
}
