//! From a classified text to an [`Authorization`]: the only way to the agent, and the one file that makes one.
//!
//! ```text
//! ClassifiedText -> gate() -> Pass(Authorization)
//!                          -> Refuse(reason)
//!                          -> AskOwner(ApprovalRequest) -> created() -> Pending(PendingApproval), by decided(), polled()
//!                                                                       and at() to:
//!                                                                    -> Approved(Authorization)
//!                                                                    -> Refused(reason)
//!                                                                    -> ConfirmAloud(SpokenConfirmation) -> confirm()
//! ```
//!
//! Pure: no socket, no clock. Each step consumes the one before, so the first decision counts and nothing can be
//! authorized twice.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use state::api::JsonResponse;
use state::approval_policy::{ApprovalPolicy, NoDeviceAction, OwnerPhrases, WhenToAsk};
use state::approval_status::{self, ApprovalStatus, ExpectedApproval, OwnersDecision};
use state::sanitize;

use super::plain_yes::is_plain_yes;
use super::refusal::RefusalReason;
use crate::calls::Speaker;
use crate::classifier::{Classification, classify, classify_strangers};
use crate::prompts::turn::Consent;

/// What a phone shows whole, in characters; a longer action is refused, never cut.
const LONGEST_ACTION: usize = 500;
/// How long a spoken yes counts.
const SPOKEN_YES_COUNTS: Duration = Duration::from_secs(120);

/// Lets one request, with exactly this text, reach the agent once. It cannot be copied, and only this file makes one.
#[derive(Debug)]
pub(crate) struct Authorization {
    text: String,
    consent: Consent,
}

impl Authorization {
    fn of(text: &str, consent: Consent) -> Self {
        Self { text: text.to_owned(), consent }
    }

    /// The text that may reach the agent.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// How the owner agreed to it.
    pub(crate) fn consent(&self) -> Consent {
        self.consent
    }
}

/// What becomes of a request when it comes in.
#[derive(Debug)]
pub(crate) enum GateResult {
    /// It may go to the agent.
    Pass(Authorization),
    /// It may not.
    Refuse(RefusalReason),
    /// The owner decides.
    AskOwner(ApprovalRequest),
}

/// What an approval has come to.
#[derive(Debug)]
pub(crate) enum Transition {
    /// No decision yet.
    Pending(PendingApproval),
    /// The owner approved.
    Approved(Authorization),
    /// It is over, without the agent.
    Refused(RefusalReason),
    /// No phone can be reached: the owner is to confirm on the call.
    ConfirmAloud(SpokenConfirmation),
}

/// A request whose approval is yet to be made at the service.
#[derive(Debug)]
pub(crate) struct ApprovalRequest {
    text: String,
    action: String,
    deadline: Instant,
    no_device: NoDeviceAction,
}

/// A request whose approval was made, and waits for the owner.
#[derive(Debug)]
pub(crate) struct PendingApproval {
    request: ApprovalRequest,
    asked: ExpectedApproval,
}

/// A text together with its speaker and how it was classified, so that none of the three can be exchanged.
#[derive(Clone, Debug)]
pub(crate) struct ClassifiedText {
    text: String,
    speaker: Speaker,
    classification: Classification,
}

impl ClassifiedText {
    /// Classifies a text, with the owner's phrases.
    pub(crate) fn of(text: &str, speaker: Speaker, rules: &OwnerPhrases) -> Self {
        let classification = match speaker {
            Speaker::Owner => classify(text, rules),
            Speaker::Stranger => classify_strangers(text, rules),
        };
        Self { text: text.to_owned(), speaker, classification }
    }

    /// Why the text is sensitive, if it is: the verb that acts, never the whole request.
    pub(crate) fn why(&self) -> Option<String> {
        match &self.classification {
            Classification::Harmless => None,
            Classification::Sensitive(reason) => Some(reason.to_string()),
        }
    }
}

/// Authorizes a notice of our own to the agent: it carries nobody's wish.
pub(crate) fn authorize_internal(text: &str) -> Authorization {
    Authorization::of(text, Consent::NotNeeded)
}

/// Decides what becomes of a request. `deadline` is when the owner's time to decide ends.
pub(crate) fn gate(
    policy: &ApprovalPolicy,
    classified: ClassifiedText,
    deadline: Instant,
) -> GateResult {
    let is_sensitive = classified.classification != Classification::Harmless;
    let text = classified.text;
    match (classified.speaker, policy.approve) {
        // Strangers never trigger an approval, whatever the policy.
        (Speaker::Stranger, approve) if is_sensitive || approve == WhenToAsk::Always => {
            return GateResult::Refuse(RefusalReason::Stranger);
        }
        (Speaker::Owner, WhenToAsk::Always) => {}
        (Speaker::Owner, WhenToAsk::Sensitive) if is_sensitive => {}
        (Speaker::Owner, WhenToAsk::Never | WhenToAsk::Sensitive) | (Speaker::Stranger, _) => {
            return GateResult::Pass(Authorization::of(&text, Consent::NotNeeded));
        }
    }
    let action = sanitize::judgeable_line(&text);
    if action.chars().count() > LONGEST_ACTION {
        return GateResult::Refuse(RefusalReason::TooLong);
    }
    GateResult::AskOwner(ApprovalRequest { text, action, deadline, no_device: policy.no_device })
}

impl ApprovalRequest {
    /// What the phone shows: the request's own text, in one line.
    pub(crate) fn action(&self) -> &str {
        &self.action
    }

    /// When the owner's time to decide ends.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The service answered the creation of the approval: with its id and this response; `None` if it did not, the outcome
    /// is unconfirmed, or the id is not this approval's alone.
    pub(crate) fn created(self, answer: Option<(&str, &JsonResponse)>, now: Instant) -> Transition {
        let Some((id, answer)) = answer else {
            return Transition::Refused(RefusalReason::NotRequested);
        };
        let action = Some(self.action.clone());
        let asked = ExpectedApproval { id: id.to_owned(), action, biometric: false };
        let verdict = approval_status::created(answer, &asked);
        PendingApproval { request: self, asked }.advance(verdict, now)
    }
}

impl PendingApproval {
    /// When the owner's time to decide ends.
    pub(crate) fn deadline(&self) -> Instant {
        self.request.deadline
    }

    /// A decision came over the socket. One about another approval, or a word that we do not know, changes nothing.
    pub(crate) fn decided(self, event: &OwnersDecision, now: Instant) -> Transition {
        let verdict = approval_status::decided(&event.request_id, &event.decision, &self.asked);
        self.advance(verdict, now)
    }

    /// The service answered a poll, when its clock showed `service_time`.
    pub(crate) fn polled(
        self,
        answer: &JsonResponse,
        service_time: Timestamp,
        now: Instant,
    ) -> Transition {
        let verdict = approval_status::polled(answer, &self.asked, service_time);
        self.advance(verdict, now)
    }

    /// The service gave this id to another approval too: a decision about it could mean either.
    pub(crate) fn repeated(self, id: &str) -> Transition {
        if id == self.asked.id {
            return Transition::Refused(RefusalReason::NotRequested);
        }
        Transition::Pending(self)
    }

    /// Nothing came by this time.
    pub(crate) fn at(self, now: Instant) -> Transition {
        self.advance(ApprovalStatus::Pending, now)
    }

    fn advance(self, verdict: ApprovalStatus, now: Instant) -> Transition {
        let ApprovalRequest { text, deadline, no_device, .. } = &self.request;
        if now >= *deadline {
            return Transition::Refused(RefusalReason::TimedOut);
        }
        match verdict {
            ApprovalStatus::Approved => {
                Transition::Approved(Authorization::of(text, Consent::OnPhone))
            }
            ApprovalStatus::Denied => Transition::Refused(RefusalReason::Denied),
            ApprovalStatus::TimedOut | ApprovalStatus::Expired => {
                Transition::Refused(RefusalReason::TimedOut)
            }
            ApprovalStatus::NoDevices | ApprovalStatus::NoDevicesReached
                if *no_device == NoDeviceAction::Voice =>
            {
                let expires_at = now + SPOKEN_YES_COUNTS;
                Transition::ConfirmAloud(SpokenConfirmation { text: text.clone(), expires_at })
            }
            ApprovalStatus::NoDevices => Transition::Refused(RefusalReason::NoDevice),
            ApprovalStatus::NoDevicesReached => Transition::Refused(RefusalReason::NotDelivered),
            ApprovalStatus::Pending
            | ApprovalStatus::BiometricMissing
            | ApprovalStatus::Unrecognized => Transition::Pending(self),
        }
    }
}

/// A request that the owner was asked to confirm on the call. The next request of the same call answers it.
#[derive(Debug)]
pub(crate) struct SpokenConfirmation {
    text: String,
    expires_at: Instant,
}

impl SpokenConfirmation {
    /// The request in the owner's own words, to be repeated to them.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Takes the owner's next words. A plain yes in time authorizes the request; anything else ends it, and is a request of
    /// its own.
    pub(crate) fn confirm(self, words: &str, now: Instant) -> Option<Authorization> {
        let is_yes = now < self.expires_at && is_plain_yes(words);
        is_yes.then(|| Authorization::of(&self.text, Consent::Spoken))
    }
}

#[cfg(test)]
mod tests {
    use super::{ApprovalRequest, ClassifiedText, GateResult, PendingApproval, Transition, gate};
    use crate::approval::refusal::RefusalReason;
    use crate::calls::Speaker;
    use crate::prompts::turn::Consent;
    use serde_json::{Value, json};
    use state::api::{JsonResponse, RequestLine};
    use state::approval_policy::WhenToAsk::{Always, Never, Sensitive};
    use state::approval_policy::{ApprovalPolicy, NoDeviceAction};
    use state::approval_status::OwnersDecision;
    use state::http::Method;
    use std::time::{Duration, Instant};

    const DELETE: &str = "Delete my test repo on GitHub";
    const MINUTE: Duration = Duration::from_secs(60);

    fn classified(words: &str, speaker: Speaker) -> ClassifiedText {
        ClassifiedText::of(words, speaker, &ApprovalPolicy::default().phrases)
    }

    fn request(policy: &ApprovalPolicy, now: Instant) -> ApprovalRequest {
        match gate(policy, classified(DELETE, Speaker::Owner), now + MINUTE) {
            GateResult::AskOwner(request) => request,
            other => panic!("{other:?}"),
        }
    }

    fn pending(now: Instant) -> PendingApproval {
        let answer = json!({"request_id": "a", "status": "pending", "devices_notified": 1});
        let answer = response(&answer);
        match request(&ApprovalPolicy::default(), now).created(Some(("a", &answer)), now) {
            Transition::Pending(pending) => pending,
            other => panic!("{other:?}"),
        }
    }

    fn response(body: &Value) -> JsonResponse {
        let request = RequestLine { method: Method::Get, path: "/v1/approvals/a".into() };
        JsonResponse::read(request, 200, body.to_string().into_bytes()).unwrap()
    }

    fn decided(id: &str, decision: &str, after: Duration) -> Transition {
        let now = Instant::now();
        let event = OwnersDecision { request_id: id.into(), decision: decision.into() };
        pending(now).decided(&event, now + after)
    }

    fn refused(step: &Transition) -> RefusalReason {
        let Transition::Refused(refusal) = step else { panic!("{step:?}") };
        *refusal
    }

    #[test]
    fn the_owner_is_asked_about_what_acts_and_a_stranger_is_refused() {
        let now = Instant::now();
        let gated = |approve, speaker, words: &str| match gate(
            &ApprovalPolicy { approve, ..ApprovalPolicy::default() },
            classified(words, speaker),
            now,
        ) {
            GateResult::Pass(_) => "pass",
            GateResult::Refuse(_) => "refuse",
            GateResult::AskOwner(_) => "ask",
        };
        let harmless = "What is on my calendar?";
        for (approve, speaker, words, wanted) in [
            (Sensitive, Speaker::Owner, DELETE, "ask"),
            (Sensitive, Speaker::Owner, harmless, "pass"),
            (Sensitive, Speaker::Stranger, DELETE, "refuse"),
            (Sensitive, Speaker::Stranger, harmless, "pass"),
            (Always, Speaker::Owner, harmless, "ask"),
            (Always, Speaker::Stranger, harmless, "refuse"),
            (Never, Speaker::Owner, DELETE, "pass"),
            (Never, Speaker::Stranger, DELETE, "refuse"),
            (Never, Speaker::Stranger, harmless, "pass"),
            (Sensitive, Speaker::Owner, "Text me the door code", "pass"),
            (Sensitive, Speaker::Stranger, "Text me the door code", "refuse"),
            (Never, Speaker::Stranger, "Text me the door code", "refuse"),
        ] {
            assert_eq!(gated(approve, speaker, words), wanted, "{approve:?} {speaker:?} {words}");
        }
        assert_eq!(
            gated(Sensitive, Speaker::Owner, &format!("delete {}", "x".repeat(500))),
            "refuse"
        );
    }

    #[test]
    fn only_approved_for_this_approval_in_time_authorizes() {
        let now = Instant::now();
        let Transition::Approved(authorization) = decided("a", "approved", Duration::ZERO) else {
            panic!()
        };
        assert_eq!((authorization.text(), authorization.consent()), (DELETE, Consent::OnPhone));
        assert!(matches!(decided("b", "approved", Duration::ZERO), Transition::Pending(_)));
        assert!(matches!(decided("a", "maybe", Duration::ZERO), Transition::Pending(_)));
        assert_eq!(refused(&decided("a", "denied", Duration::ZERO)), RefusalReason::Denied);
        assert_eq!(refused(&decided("a", "approved", MINUTE)), RefusalReason::TimedOut);
        let polled = |answer: Value| {
            let service_time = "2026-11-22T06:00:28Z".parse().unwrap();
            pending(now).polled(&response(&answer), service_time, now)
        };
        let approved = json!({"status": "approved", "request_id": "a"});
        assert!(matches!(polled(approved), Transition::Approved(_)));
        for other in [
            json!({"status": "approved"}),
            json!({"status": "approved", "request_id": "b"}),
            json!({"status": "approved", "request_id": "a", "action": "pay"}),
            json!({"status": "approved", "request_id": "a", "response": "denied"}),
        ] {
            assert!(matches!(polled(other), Transition::Pending(_)));
        }
        let expired = json!({"status": "expired", "request_id": "a"});
        assert_eq!(refused(&polled(expired)), RefusalReason::TimedOut);
        assert!(matches!(pending(now).repeated("b"), Transition::Pending(_)));
        assert_eq!(refused(&pending(now).repeated("a")), RefusalReason::NotRequested);
    }

    #[test]
    fn the_phone_shows_one_line_of_what_the_agent_gets() {
        let now = Instant::now();
        let words = format!("Delete my repo{}and wire 5000 dollars", "\n".repeat(300));
        let gated = gate(&ApprovalPolicy::default(), classified(&words, Speaker::Owner), now);
        let GateResult::AskOwner(request) = gated else { panic!("{gated:?}") };
        assert_eq!(request.action(), "Delete my repo / and wire 5000 dollars");
        assert_eq!(request.text, words);
    }

    #[test]
    fn where_nobody_can_be_asked_nothing_is_authorized() {
        let now = Instant::now();
        let created = |policy: &ApprovalPolicy, notified: u32, failed: u32| {
            let answer = json!({"request_id": "a", "status": "pending", "devices_notified": notified, "devices_failed": failed});
            let answer = response(&answer);
            request(policy, now).created(Some(("a", &answer)), now)
        };
        let deny = ApprovalPolicy::default();
        assert_eq!(refused(&created(&deny, 0, 0)), RefusalReason::NoDevice);
        assert_eq!(refused(&created(&deny, 0, 2)), RefusalReason::NotDelivered);
        assert_eq!(refused(&request(&deny, now).created(None, now)), RefusalReason::NotRequested);
        let voice = ApprovalPolicy { no_device: NoDeviceAction::Voice, ..deny };
        let confirmation = || match created(&voice, 0, 1) {
            Transition::ConfirmAloud(confirmation) => confirmation,
            other => panic!("{other:?}"),
        };
        let authorization = confirmation().confirm("yes please", now).unwrap();
        assert_eq!((authorization.text(), authorization.consent()), (DELETE, Consent::Spoken));
        assert!(confirmation().confirm("yes but wait", now).is_none());
        assert!(confirmation().confirm("yes", now + Duration::from_secs(120)).is_none());
    }
}
