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
use crate::classifier::{Classification, SensitiveReason, classify, classify_strangers};
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
    /// The gate holds what the agent is about to do.
    is_held: bool,
}

impl ClassifiedText {
    /// Classifies a text, with the owner's phrases.
    pub(crate) fn of(text: &str, speaker: Speaker, rules: &OwnerPhrases) -> Self {
        let classification = match speaker {
            Speaker::Owner => classify(text, rules),
            Speaker::Stranger => classify_strangers(text, rules),
        };
        Self { text: text.to_owned(), speaker, classification, is_held: false }
    }

    /// The same where the gate holds what the agent is about to do: only the owner's own phrases count.
    pub(crate) fn by_phrases_alone(self) -> Self {
        let classification = match self.classification {
            pattern @ Classification::Sensitive(SensitiveReason::Pattern(_)) => pattern,
            _ => Classification::Harmless,
        };
        Self { classification, is_held: true, ..self }
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
    let consent =
        if classified.is_held { Consent::AtTheDeed { has_main: true } } else { Consent::NotNeeded };
    match (classified.speaker, policy.approve) {
        // Strangers never trigger an approval, whatever the policy.
        (Speaker::Stranger, approve) if is_sensitive || approve == WhenToAsk::Always => {
            return GateResult::Refuse(RefusalReason::Stranger);
        }
        (Speaker::Owner, WhenToAsk::Always) => {}
        (Speaker::Owner, WhenToAsk::Sensitive) if is_sensitive => {}
        (Speaker::Owner, WhenToAsk::Never | WhenToAsk::Sensitive) | (Speaker::Stranger, _) => {
            return GateResult::Pass(Authorization::of(&text, consent));
        }
    }
    let action = sanitize::judgeable_line(&text);
    if action.chars().count() > LONGEST_ACTION {
        return GateResult::Refuse(RefusalReason::TooLong);
    }
    GateResult::AskOwner(ApprovalRequest { text, action, deadline, no_device: policy.no_device })
}

impl ApprovalRequest {
    /// The approval of one deed that the gate holds; what it authorizes is the gate's id of it.
    pub(crate) fn of_deed(
        (id, action): (&str, &str),
        deadline: Instant,
        no_device: NoDeviceAction,
    ) -> Self {
        Self { text: id.to_owned(), action: action.to_owned(), deadline, no_device }
    }

    /// It was created by an earlier process, under this id.
    pub(crate) fn resumed(self, id: &str) -> Transition {
        let action = Some(self.action.clone());
        let asked = ExpectedApproval { id: id.to_owned(), action, biometric: false };
        Transition::Pending(PendingApproval { request: self, asked })
    }

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
        let status = approval_status::created(answer, &asked);
        PendingApproval { request: self, asked }.advance(status, now)
    }
}

impl PendingApproval {
    /// When the owner's time to decide ends.
    pub(crate) fn deadline(&self) -> Instant {
        self.request.deadline
    }

    /// A decision came over the socket. One about another approval, or a word that we do not know, changes nothing.
    pub(crate) fn decided(self, event: &OwnersDecision, now: Instant) -> Transition {
        let status = approval_status::decided(&event.request_id, &event.decision, &self.asked);
        self.advance(status, now)
    }

    /// The service answered a poll, when its clock showed `service_time`.
    pub(crate) fn polled(
        self,
        answer: &JsonResponse,
        service_time: Timestamp,
        now: Instant,
    ) -> Transition {
        let status = approval_status::polled(answer, &self.asked, service_time);
        self.advance(status, now)
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

    fn advance(self, status: ApprovalStatus, now: Instant) -> Transition {
        let ApprovalRequest { text, deadline, no_device, .. } = &self.request;
        if now >= *deadline {
            return Transition::Refused(RefusalReason::TimedOut);
        }
        match status {
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
#[path = "state_tests.rs"]
mod tests;
