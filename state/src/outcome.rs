//! What became of a call, read from the service's fields: one place for `call wait`, `missions` and `connect`.
//!
//! The service and the carrier behind it say it in several fields and spellings (facts/server.md 2.4, 4.9 and 5), and a
//! call that a machine took, or that rang out, ends as `completed` or `ended` all the same. Whoever was not reached is
//! never counted as reached: the field that says so wins, and a word that is not known here says it too.

use serde_json::Value;

use crate::words;

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody answered.
    Answered,
    /// A machine took it; a message may have been left.
    Voicemail,
    /// A machine took it, and no message could be left.
    VoicemailFailed,
    /// A fax machine took it.
    Fax,
    /// The line was busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// Whoever was called declined.
    Rejected,
    /// The number leads nowhere.
    NotFound,
    /// It was called off before anybody answered.
    Canceled,
    /// It could not be carried out.
    Failed,
    /// It ended with a word that is not known here, which is no answer.
    Unknown(String),
}

/// What one word of the service's says of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// What became of it.
    Ended(Outcome),
    /// Where it stands, or that nothing is known: no end.
    Nothing,
    /// A word that is not known here.
    Unknown,
}

/// Where the service says what became of a call, the most telling first.
pub const FIELDS: [&str; 6] =
    ["outcome", "call_outcome", "amd_result", "hangup_cause", "reason", "call_status"];

/// As much of a word that is not known is told.
const LONGEST: usize = 40;

impl Outcome {
    /// In a few words.
    pub fn words(&self) -> String {
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

/// What a word says, in whichever spelling: `No_Answer` is `no-answer`, and `CANCELLED` is `canceled`.
pub fn word(word: &str) -> Said {
    let letters = |c: char| !matches!(c, ' ' | '-' | '_' | '.');
    let plain: String = word.chars().filter(|c| letters(*c)).flat_map(char::to_lowercase).collect();
    Said::Ended(match plain.as_str() {
        "completed" | "answered" | "succeeded" | "human" | "humanresidence" | "humanbusiness"
        | "amdhuman" | "normalclearing" | "userhangup" | "userended" | "hangup"
        | "callerhangup" | "calleehangup" | "agenthangup" | "assistanthangup" | "timelimit" => {
            Outcome::Answered
        }
        "voicemailfailed" => Outcome::VoicemailFailed,
        "voicemail" | "machine" | "amdmachine" | "amdvoicemail" | "answeringmachine"
        | "machinedetected" | "voicemaildetected" | "voicemailleft" => Outcome::Voicemail,
        "fax" | "faxdetected" | "amdfax" => Outcome::Fax,
        "busy" | "userbusy" => Outcome::Busy,
        "noanswer" | "unanswered" | "notanswered" | "missed" | "timeout" | "silence"
        | "amdsilence" => Outcome::NoAnswer,
        "rejected" | "callrejected" | "declined" => Outcome::Rejected,
        "notfound" => Outcome::NotFound,
        "canceled" | "cancelled" | "originatorcancel" => Outcome::Canceled,
        "failed" | "error" => Outcome::Failed,
        "" | "unspecified" | "notsure" | "pending" | "scheduled" | "queued" | "initiating"
        | "initiated" | "dialing" | "ringing" | "inprogress" | "ending" | "ended" => {
            return Said::Nothing;
        }
        _ => return Said::Unknown,
    })
}

/// What the fields of a call, or of a row that stands for one, say of its end; `None` if none of them says anything.
///
/// That nobody was reached wins over any word that somebody was, and so does a word that is not known here.
pub fn of(call: &Value) -> Option<Outcome> {
    of_words(FIELDS.iter().map(|field| (*field, call[*field].as_str())))
}

/// The same of fields that stand somewhere else, in the order of [`FIELDS`].
pub fn of_words<'a>(fields: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Option<Outcome> {
    let (mut unknown, mut answered) = (None, None);
    for (field, text) in fields {
        let Some(text) = text else { continue };
        match word(text) {
            Said::Ended(Outcome::Answered) => answered = Some(Outcome::Answered),
            Said::Ended(outcome) => return Some(outcome),
            Said::Nothing => {}
            // A reason may be a sentence, which is no word.
            Said::Unknown if field == "reason" && text.trim().contains(char::is_whitespace) => {}
            Said::Unknown => {
                let word = || Outcome::Unknown(words::bounded(text, LONGEST));
                unknown.get_or_insert_with(word);
            }
        }
    }
    unknown.or(answered)
}

/// What became of a call as `GET /v1/calls/{id}` and `call.ended` tell it; `None` while it goes on. A status that is not
/// known here is no end.
pub fn of_call(call: &Value) -> Option<Outcome> {
    let status = call["status"].as_str().unwrap_or_default();
    let is_over = status.trim().eq_ignore_ascii_case("ended");
    match word(status) {
        // A call that was answered goes on.
        Said::Ended(Outcome::Answered) if !status.trim().eq_ignore_ascii_case("completed") => None,
        Said::Ended(Outcome::Answered) => Some(of(call).unwrap_or(Outcome::Answered)),
        // Why, where that is told too.
        Said::Ended(Outcome::Failed) => {
            let why = of(call).filter(|outcome| *outcome != Outcome::Answered);
            Some(why.unwrap_or(Outcome::Failed))
        }
        Said::Ended(outcome) => Some(outcome),
        Said::Nothing if is_over => Some(of(call).unwrap_or(Outcome::Answered)),
        Said::Nothing | Said::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{FIELDS, Outcome, Said, of, of_call, word};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Every word of the service's and the carrier's for the end of a call, and what it says.
    const ENDS: [(&str, Outcome); 31] = [
        ("completed", Outcome::Answered),
        ("answered", Outcome::Answered),
        ("human", Outcome::Answered),
        ("human_residence", Outcome::Answered),
        ("human_business", Outcome::Answered),
        ("normal_clearing", Outcome::Answered),
        ("user_hangup", Outcome::Answered),
        ("user_ended", Outcome::Answered),
        ("time_limit", Outcome::Answered),
        ("voicemail", Outcome::Voicemail),
        ("machine", Outcome::Voicemail),
        ("voicemail_failed", Outcome::VoicemailFailed),
        ("fax", Outcome::Fax),
        ("fax_detected", Outcome::Fax),
        ("busy", Outcome::Busy),
        ("user_busy", Outcome::Busy),
        ("no-answer", Outcome::NoAnswer),
        ("no_answer", Outcome::NoAnswer),
        ("unanswered", Outcome::NoAnswer),
        ("timeout", Outcome::NoAnswer),
        ("silence", Outcome::NoAnswer),
        ("amd_silence", Outcome::NoAnswer),
        ("rejected", Outcome::Rejected),
        ("call_rejected", Outcome::Rejected),
        ("declined", Outcome::Rejected),
        ("not_found", Outcome::NotFound),
        ("not-found", Outcome::NotFound),
        ("canceled", Outcome::Canceled),
        ("cancelled", Outcome::Canceled),
        ("originator_cancel", Outcome::Canceled),
        ("failed", Outcome::Failed),
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
                assert_eq!(word(&spelling), Said::Ended(wanted.clone()), "{spelling:?}");
            }
        }
        for text in ["", " ", "unspecified", "not_sure", "ringing", "in-progress", "ended"] {
            assert_eq!(word(text), Said::Nothing, "{text:?}");
        }
        for text in ["aliens", "splendid", "completely", "human?"] {
            assert_eq!(word(text), Said::Unknown, "{text:?}");
        }
    }

    /// Status × field × word: who was not reached is not counted as reached, whichever field says so.
    #[test]
    fn the_field_that_says_that_nobody_was_reached_wins() {
        for status in ["ended", "completed", "Ended", "COMPLETED"] {
            for field in FIELDS {
                for (text, wanted) in &ENDS {
                    for spelling in spellings(text) {
                        let call = json!({"status": status, field: spelling});
                        assert_eq!(of_call(&call).as_ref(), Some(wanted), "{call}");
                    }
                    for other in FIELDS.iter().filter(|other| **other != field) {
                        // What the others say of an answer changes nothing.
                        let call = json!({"status": status, field: text, *other: "completed"});
                        assert_eq!(of_call(&call).as_ref(), Some(wanted), "{call}");
                        let call = json!({"status": status, field: text, *other: "not_sure"});
                        assert_eq!(of_call(&call).as_ref(), Some(wanted), "{call}");
                        let call = json!({"status": status, field: text, *other: null});
                        assert_eq!(of_call(&call).as_ref(), Some(wanted), "{call}");
                    }
                }
                let call = json!({"status": status, field: "aliens", "call_status": "completed"});
                let call = if field == "call_status" {
                    json!({"status": status, field: "aliens"})
                } else {
                    call
                };
                assert_eq!(of_call(&call), Some(Outcome::Unknown("aliens".into())), "{call}");
            }
        }
    }

    #[track_caller]
    fn case(call: &Value, wanted: Option<&Outcome>) {
        assert_eq!(of_call(call).as_ref(), wanted, "{call}");
    }

    #[test]
    fn a_call_that_goes_on_has_no_end() {
        for status in ["initiating", "ringing", "answered", "in-progress", "ending", "levitating"] {
            case(&json!({"status": status}), None);
            case(&json!({"status": status, "amd_result": "machine"}), None);
        }
        for call in [json!({}), json!({"status": null}), json!({"status": 7}), json!(null)] {
            case(&call, None);
        }
    }

    #[test]
    fn the_status_says_it_where_no_field_does() {
        case(&json!({"status": "completed"}), Some(&Outcome::Answered));
        case(&json!({"status": "ended"}), Some(&Outcome::Answered));
        case(&json!({"status": "ended", "reason": "unspecified"}), Some(&Outcome::Answered));
        case(&json!({"status": "ended", "reason": "they had to go"}), Some(&Outcome::Answered));
        case(&json!({"status": "no-answer"}), Some(&Outcome::NoAnswer));
        case(&json!({"status": "User_Busy"}), Some(&Outcome::Busy));
        case(&json!({"status": "failed"}), Some(&Outcome::Failed));
        case(
            &json!({"status": "failed", "hangup_cause": "call_rejected"}),
            Some(&Outcome::Rejected),
        );
        case(&json!({"status": "failed", "call_status": "completed"}), Some(&Outcome::Failed));
    }

    #[test]
    fn the_most_telling_field_comes_first() {
        let both = json!({"outcome": "voicemail_failed", "amd_result": "machine"});
        assert_eq!(of(&both), Some(Outcome::VoicemailFailed));
        let both = json!({"amd_result": "machine", "hangup_cause": "originator_cancel"});
        assert_eq!(of(&both), Some(Outcome::Voicemail));
        let both = json!({"outcome": "splendid", "call_status": "busy"});
        assert_eq!(of(&both), Some(Outcome::Busy));
        assert_eq!(of(&json!({"amd_result": "not_sure"})), None);
    }

    proptest! {
        #[test]
        fn no_call_panics(status in "\\PC{0,20}", reason in "\\PC{0,80}") {
            let call = json!({"status": status, "reason": reason, "outcome": reason});
            let _ = of_call(&call).map(|outcome| outcome.words());
        }
    }
}
