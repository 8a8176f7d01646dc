//! The only way past the guard (spec 3): what is asked, what the answers mean, and the one place that makes
//! a [`Clearance`].
//!
//! Pure: no socket, no clock. A case is consumed by every answer, so the first decision counts and nothing
//! can be released twice.

use std::time::{Duration, Instant};

use serde_json::Value;
use state::verdict::{self, Asked, Verdict};

use super::classify::{self, classify, classify_strangers};
use super::policy::{Approve, NoDevice, Policy};
use super::rules::Rules;
use super::yes::is_plain_yes;
use crate::calls::Speaker;
use crate::words::turn::Consent;

/// What a phone shows whole; a longer action is refused, never cut (spec 3).
const LONGEST_ACTION: usize = 500;
/// How long a yes aloud counts (spec 3).
const ALOUD: Duration = Duration::from_secs(120);

/// Lets one request, with exactly these words, reach the agent once. It cannot be copied, and only this
/// file makes one.
#[derive(Debug)]
pub(crate) struct Clearance {
    words: String,
    consent: Consent,
}

impl Clearance {
    fn of(words: &str, consent: Consent) -> Self {
        Self { words: words.to_owned(), consent }
    }

    /// The words that may reach the agent.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }

    /// What the owner was asked before.
    pub(crate) fn consent(&self) -> Consent {
        self.consent
    }
}

/// Why a request does not reach the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Somebody who is not the owner asked for something sensitive.
    Stranger,
    /// The owner said no.
    Denied,
    /// No decision in time.
    TimedOut,
    /// No phone is registered.
    NoDevice,
    /// No phone was reached.
    NotDelivered,
    /// The approval could not be made, or nobody knows whether it was.
    CouldNotAsk,
    /// Longer than an approval can show.
    TooLong,
    /// What happens could not be written down.
    NoRecord,
}

/// What becomes of a request when it comes in.
#[derive(Debug)]
pub(crate) enum Opening {
    /// It may go to the agent.
    Clear(Clearance),
    /// It may not.
    Refuse(Refusal),
    /// The owner is to be asked.
    Ask(Case),
}

/// What an answer leads to.
#[derive(Debug)]
pub(crate) enum Step {
    /// No decision yet.
    Wait(Waiting),
    /// The owner approved.
    Release(Clearance),
    /// It is over, without the agent.
    Refuse(Refusal),
    /// No phone can be asked: ask aloud, on the call.
    AskAloud(Aloud),
}

/// A request that needs an approval which is yet to be made.
#[derive(Debug)]
pub(crate) struct Case {
    words: String,
    until: Instant,
    no_device: NoDevice,
}

/// A request whose approval was made.
#[derive(Debug)]
pub(crate) struct Waiting {
    case: Case,
    asked: Asked,
}

/// Words together with who said them and what the guard makes of them, so that no others can stand in their place.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    words: String,
    speaker: Speaker,
    verdict: classify::Verdict,
}

impl Judged {
    /// Judges words by the owner's rules.
    pub(crate) fn of(words: &str, speaker: Speaker, rules: &Rules) -> Self {
        let verdict = match speaker {
            Speaker::Owner => classify(words, rules),
            Speaker::Stranger => classify_strangers(words, rules),
        };
        Self { words: words.to_owned(), speaker, verdict }
    }

    /// Why the words are sensitive, if they are: the verb that acts, never the whole request.
    pub(crate) fn why(&self) -> Option<String> {
        match &self.verdict {
            classify::Verdict::Harmless => None,
            classify::Verdict::Sensitive(reason) => Some(reason.to_string()),
        }
    }
}

/// A report of our own to the agent: it carries nobody's wish.
pub(crate) fn report(words: &str) -> Clearance {
    Clearance::of(words, Consent::NotAsked)
}

/// Decides what becomes of a request. `until` is when the owner's time to decide ends.
pub(crate) fn open(policy: &Policy, judged: Judged, until: Instant) -> Opening {
    let is_sensitive = judged.verdict != classify::Verdict::Harmless;
    let words = judged.words;
    match (judged.speaker, policy.approve) {
        // Nobody but the owner gets an approval, and no policy gives a stranger the owner's hand.
        (Speaker::Stranger, approve) if is_sensitive || approve == Approve::Always => {
            return Opening::Refuse(Refusal::Stranger);
        }
        (Speaker::Owner, Approve::Always) => {}
        (Speaker::Owner, Approve::Sensitive) if is_sensitive => {}
        (Speaker::Owner, Approve::Never | Approve::Sensitive) | (Speaker::Stranger, _) => {
            return Opening::Clear(Clearance::of(&words, Consent::NotAsked));
        }
    }
    if words.chars().count() > LONGEST_ACTION {
        return Opening::Refuse(Refusal::TooLong);
    }
    Opening::Ask(Case { words, until, no_device: policy.no_device })
}

impl Case {
    /// What the phone shows: the request's own words.
    pub(crate) fn action(&self) -> &str {
        &self.words
    }

    /// When the owner's time to decide ends.
    pub(crate) fn until(&self) -> Instant {
        self.until
    }

    /// The service answered the creation; `None` if it did not, or nobody knows.
    pub(crate) fn created(self, answer: Option<(&str, &Value)>, now: Instant) -> Step {
        let Some((id, answer)) = answer else { return Step::Refuse(Refusal::CouldNotAsk) };
        let action = Some(self.words.clone());
        let asked = Asked { id: id.to_owned(), action, biometric: false };
        let verdict = verdict::read_created(answer, &asked);
        Waiting { case: self, asked }.judged(verdict, now)
    }
}

impl Waiting {
    /// When the owner's time to decide ends.
    pub(crate) fn until(&self) -> Instant {
        self.case.until
    }

    /// A decision came over the socket. One about another approval, or a word that we do not know, changes
    /// nothing.
    pub(crate) fn heard(self, id: &str, decision: &str, now: Instant) -> Step {
        let said = serde_json::json!({ "request_id": id, "status": decision });
        let verdict = verdict::read(&said, &self.asked);
        self.judged(verdict, now)
    }

    /// The service was asked where the approval stands.
    pub(crate) fn polled(self, answer: &Value, now: Instant) -> Step {
        let verdict = verdict::read(answer, &self.asked);
        self.judged(verdict, now)
    }

    /// Time passed.
    pub(crate) fn tick(self, now: Instant) -> Step {
        self.judged(Verdict::Pending, now)
    }

    fn judged(self, verdict: Verdict, now: Instant) -> Step {
        let Case { words, until, no_device } = &self.case;
        if now >= *until {
            return Step::Refuse(Refusal::TimedOut);
        }
        match verdict {
            Verdict::Approved => Step::Release(Clearance::of(words, Consent::Phone)),
            Verdict::Denied => Step::Refuse(Refusal::Denied),
            Verdict::TimedOut | Verdict::Expired => Step::Refuse(Refusal::TimedOut),
            Verdict::NoDevices | Verdict::NoDevicesReached if *no_device == NoDevice::Voice => {
                Step::AskAloud(Aloud { words: words.clone(), until: now + ALOUD })
            }
            Verdict::NoDevices => Step::Refuse(Refusal::NoDevice),
            Verdict::NoDevicesReached => Step::Refuse(Refusal::NotDelivered),
            Verdict::Pending | Verdict::Unchecked | Verdict::Unknown => Step::Wait(self),
        }
    }
}

/// A request that the owner was asked about aloud. The next request of the same call answers it.
#[derive(Debug)]
pub(crate) struct Aloud {
    words: String,
    until: Instant,
}

impl Aloud {
    /// The request in the owner's own words, to be repeated to them.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }

    /// The owner's next words. A plain yes in time releases the request; anything else ends it, and is a
    /// request of its own.
    pub(crate) fn answered(self, words: &str, now: Instant) -> Option<Clearance> {
        let is_yes = now < self.until && is_plain_yes(words);
        is_yes.then(|| Clearance::of(&self.words, Consent::Aloud))
    }
}

#[cfg(test)]
mod tests {
    use super::{Case, Judged, Opening, Refusal, Step, Waiting, open};
    use crate::calls::Speaker;
    use crate::guard::policy::Approve::{Always, Never, Sensitive};
    use crate::guard::policy::{NoDevice, Policy};
    use crate::words::turn::Consent;
    use serde_json::{Value, json};
    use std::time::{Duration, Instant};

    const DELETE: &str = "Delete my test repo on GitHub";
    const MINUTE: Duration = Duration::from_secs(60);

    fn judged(words: &str, speaker: Speaker) -> Judged {
        Judged::of(words, speaker, &Policy::default().rules)
    }

    fn case(policy: &Policy, now: Instant) -> Case {
        match open(policy, judged(DELETE, Speaker::Owner), now + MINUTE) {
            Opening::Ask(case) => case,
            other => panic!("{other:?}"),
        }
    }

    fn waiting(now: Instant) -> Waiting {
        let answer = json!({"request_id": "a", "status": "pending", "devices_notified": 1});
        match case(&Policy::default(), now).created(Some(("a", &answer)), now) {
            Step::Wait(waiting) => waiting,
            other => panic!("{other:?}"),
        }
    }

    fn refused(step: &Step) -> Refusal {
        let Step::Refuse(refusal) = step else { panic!("{step:?}") };
        *refusal
    }

    #[test]
    fn the_owner_is_asked_about_what_acts_and_a_stranger_is_refused() {
        let now = Instant::now();
        let opened = |approve, speaker, words: &str| match open(
            &Policy { approve, ..Policy::default() },
            judged(words, speaker),
            now,
        ) {
            Opening::Clear(_) => "clear",
            Opening::Refuse(_) => "refuse",
            Opening::Ask(_) => "ask",
        };
        let harmless = "What is on my calendar?";
        for (approve, speaker, words, wanted) in [
            (Sensitive, Speaker::Owner, DELETE, "ask"),
            (Sensitive, Speaker::Owner, harmless, "clear"),
            (Sensitive, Speaker::Stranger, DELETE, "refuse"),
            (Sensitive, Speaker::Stranger, harmless, "clear"),
            (Always, Speaker::Owner, harmless, "ask"),
            (Always, Speaker::Stranger, harmless, "refuse"),
            (Never, Speaker::Owner, DELETE, "clear"),
            (Never, Speaker::Stranger, DELETE, "refuse"),
            (Never, Speaker::Stranger, harmless, "clear"),
            (Sensitive, Speaker::Owner, "Text me the door code", "clear"),
            (Sensitive, Speaker::Stranger, "Text me the door code", "refuse"),
            (Never, Speaker::Stranger, "Text me the door code", "refuse"),
        ] {
            assert_eq!(opened(approve, speaker, words), wanted, "{approve:?} {speaker:?} {words}");
        }
        assert_eq!(
            opened(Sensitive, Speaker::Owner, &format!("delete {}", "x".repeat(500))),
            "refuse"
        );
    }

    #[test]
    fn only_approved_for_this_approval_in_time_releases() {
        let now = Instant::now();
        let Step::Release(clearance) = waiting(now).heard("a", "approved", now) else { panic!() };
        assert_eq!((clearance.words(), clearance.consent()), (DELETE, Consent::Phone));
        assert!(matches!(waiting(now).heard("b", "approved", now), Step::Wait(_)));
        assert!(matches!(waiting(now).heard("a", "maybe", now), Step::Wait(_)));
        assert_eq!(refused(&waiting(now).heard("a", "denied", now)), Refusal::Denied);
        assert_eq!(refused(&waiting(now).heard("a", "approved", now + MINUTE)), Refusal::TimedOut);
        let polled = |answer: Value| waiting(now).polled(&answer, now);
        assert!(matches!(polled(json!({"status": "approved"})), Step::Release(_)));
        assert!(matches!(polled(json!({"status": "approved", "action": "pay"})), Step::Wait(_)));
        assert!(matches!(polled(json!({"status": "approved", "request_id": "b"})), Step::Wait(_)));
        assert_eq!(refused(&polled(json!({"status": "expired"}))), Refusal::TimedOut);
    }

    #[test]
    fn where_nobody_can_be_asked_nothing_is_released() {
        let now = Instant::now();
        let created = |policy: &Policy, notified: u32, failed: u32| {
            let answer = json!({"request_id": "a", "status": "pending", "devices_notified": notified, "devices_failed": failed});
            case(policy, now).created(Some(("a", &answer)), now)
        };
        let deny = Policy::default();
        assert_eq!(refused(&created(&deny, 0, 0)), Refusal::NoDevice);
        assert_eq!(refused(&created(&deny, 0, 2)), Refusal::NotDelivered);
        assert_eq!(refused(&case(&deny, now).created(None, now)), Refusal::CouldNotAsk);
        let voice = Policy { no_device: NoDevice::Voice, ..deny };
        let aloud = || match created(&voice, 0, 1) {
            Step::AskAloud(aloud) => aloud,
            other => panic!("{other:?}"),
        };
        let clearance = aloud().answered("yes please", now).unwrap();
        assert_eq!((clearance.words(), clearance.consent()), (DELETE, Consent::Aloud));
        assert!(aloud().answered("yes but wait", now).is_none());
        assert!(aloud().answered("yes", now + Duration::from_secs(120)).is_none());
    }
}
