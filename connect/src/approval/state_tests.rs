//! From a classified text to an authorization: what authorizes, and what never does.

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
    assert_eq!(gated(Sensitive, Speaker::Owner, &format!("delete {}", "x".repeat(500))), "refuse");
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
