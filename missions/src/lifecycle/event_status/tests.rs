//! Rows of the service, and the state of the event of each.

use super::{EventOutcome, EventState, STUCK_AFTER, conversation, state_of, trim_row};
use crate::lifecycle::poll_schedule::Activity;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

fn at() -> Timestamp {
    "2027-12-01T15:00:00Z".parse().unwrap()
}

#[track_caller]
fn case(row: &Value, wanted: &EventState) {
    let now = at() + SignedDuration::from_mins(3);
    assert_eq!(state_of(row, at(), now), *wanted, "{row}");
    assert_eq!(state_of(&json!({ "event": row }), at(), now), *wanted, "wrapped");
    let trimmed = trim_row(row.clone());
    assert_eq!(state_of(&trimmed, at(), now), *wanted, "trimmed");
    assert_eq!(conversation(&trimmed), conversation(row));
}

#[track_caller]
fn ends(row: &Value, wanted: EventOutcome) {
    case(row, &EventState::Ended(wanted));
}

#[test]
fn what_goes_on_is_told_apart() {
    case(&json!({"status": "pending"}), &EventState::Waiting);
    case(&json!({"status": "scheduled", "call_status": null}), &EventState::Waiting);
    case(&json!({}), &EventState::Waiting);
    case(&json!({"status": "in_progress"}), &EventState::Active(Activity::Unknown));
    case(&json!({"status": "dispatching"}), &EventState::Active(Activity::Unknown));
    let call = |call: &str| json!({"status": "in_progress", "call_status": call});
    case(&call("ringing"), &EventState::Active(Activity::Ringing));
    case(&call("in-progress"), &EventState::Active(Activity::Talking));
    case(&call("levitating"), &EventState::Active(Activity::Unknown));
    // The carrier may try again by itself.
    case(&call("busy"), &EventState::Active(Activity::Unknown));
    let odd = json!({"status": "completed", "call_status": "ringing"});
    case(&odd, &EventState::Active(Activity::Ringing));
}

#[test]
fn ends_come_in_two_ways() {
    ends(&json!({"status": "completed", "channel": "sms"}), EventOutcome::Succeeded);
    for (word, wanted) in [
        ("completed", EventOutcome::Succeeded),
        ("in-progress", EventOutcome::Succeeded),
        ("busy", EventOutcome::Busy),
        ("no-answer", EventOutcome::NoAnswer),
        ("No_Answer", EventOutcome::NoAnswer),
        ("canceled", EventOutcome::Canceled),
        ("cancelled", EventOutcome::Canceled),
        ("voicemail", EventOutcome::Voicemail),
        ("rejected", EventOutcome::Rejected),
        ("not-found", EventOutcome::Failed("the number was not found".to_owned())),
        ("unanswered", EventOutcome::NoAnswer),
        ("failed", EventOutcome::Failed(String::new())),
    ] {
        ends(&json!({"status": "completed", "call_status": word}), wanted.clone());
        if wanted != EventOutcome::Succeeded {
            ends(&json!({"status": "failed", "call_status": word}), wanted);
        }
    }
    let row = |outcome: &str| json!({"status": "completed", "call_status": "completed", "outcome": outcome});
    ends(&row("voicemail"), EventOutcome::Voicemail);
    ends(&row("voicemail_failed"), EventOutcome::NoAnswer);
    ends(&row("fax"), EventOutcome::Failed("a fax machine answered".to_owned()));
    ends(&row("splendid"), EventOutcome::Unknown("splendid".to_owned()));
    ends(&json!({"status": "in_progress", "call_status": "completed"}), EventOutcome::Succeeded);
    ends(&json!({"status": "cancelled"}), EventOutcome::Canceled);
    ends(&json!({"status": "deleted"}), EventOutcome::Gone);
}

#[test]
fn a_failure_says_why() {
    let failed = |why: &str| EventOutcome::Failed(why.to_owned());
    ends(&json!({"status": "failed"}), failed(""));
    ends(&json!({"status": "failed", "call_status": "completed"}), failed(""));
    ends(
        &json!({"status": "failed", "errors": ["40008: undeliverable"]}),
        failed("40008: undeliverable"),
    );
    ends(&json!({"status": "failed", "errors": [{"title": "a", "detail": "b\nc"}]}), failed("b c"));
    ends(&json!({"status": "failed", "error": {"message": "no route"}}), failed("no route"));
    ends(&json!({"status": "failed", "hangup_cause": "call_rejected"}), EventOutcome::Rejected);
    ends(&json!({"status": "failed", "reason": "no_route"}), failed("no_route"));
}

/// An event that is `completed` may have reached nobody: whichever field says so is believed.
#[test]
fn who_was_not_reached_is_not_counted_as_reached() {
    let gone = || EventOutcome::Failed("the number was not found".to_owned());
    let row = |more: Value| {
        let mut row = json!({"status": "completed", "call_status": "completed"});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    for (more, wanted) in [
        (json!({"amd_result": "machine"}), EventOutcome::Voicemail),
        (json!({"amd_result": "Silence"}), EventOutcome::NoAnswer),
        (json!({"amd_result": "human"}), EventOutcome::Succeeded),
        (json!({"amd_result": "not_sure"}), EventOutcome::Succeeded),
        (json!({"hangup_cause": "CALL_REJECTED"}), EventOutcome::Rejected),
        (json!({"hangup_cause": "not-found"}), gone()),
        (json!({"hangup_cause": "originator_cancel"}), EventOutcome::Canceled),
        (json!({"hangup_cause": "normal_clearing"}), EventOutcome::Succeeded),
        (json!({"hangup_cause": "timeout", "amd_result": "human"}), EventOutcome::NoAnswer),
        (json!({"reason": "user_busy"}), EventOutcome::Busy),
        (json!({"reason": "declined"}), EventOutcome::Rejected),
        (json!({"reason": "they had what was needed"}), EventOutcome::Succeeded),
        (json!({"reason": "aliens"}), EventOutcome::Unknown("aliens".to_owned())),
        // A text has no such words.
        (json!({"channel": "sms", "reason": "timeout"}), EventOutcome::Succeeded),
    ] {
        ends(&row(more), wanted);
    }
    // That a person picked up is no end of what goes on.
    let row = json!({"status": "in_progress", "call_status": "in-progress", "amd_result": "human"});
    case(&row, &EventState::Active(Activity::Talking));
}

#[test]
fn what_never_ends_is_stuck_after_a_while() {
    let row = json!({"status": "in_progress", "call_status": "in-progress"});
    let just_before = at() + STUCK_AFTER - SignedDuration::from_secs(1);
    assert_eq!(state_of(&row, at(), just_before), EventState::Active(Activity::Talking));
    assert_eq!(state_of(&row, at(), at() + STUCK_AFTER), EventState::Ended(EventOutcome::Stuck));
    // A failed call whose event never moved again is that failure, a while after its last change.
    let row = json!({"status": "in_progress", "call_status": "busy", "updated_at": "2027-12-01T15:10:00Z"});
    let minutes = |n| at() + SignedDuration::from_mins(n);
    assert_eq!(state_of(&row, at(), minutes(24)), EventState::Active(Activity::Unknown));
    assert_eq!(state_of(&row, at(), minutes(25)), EventState::Ended(EventOutcome::Busy));
}

proptest! {
    #[test]
    fn every_row_ends_in_the_end_and_none_panics(
        status in "\\PC{0,12}|pending|in_progress|completed|failed",
        call in "\\PC{0,12}|ringing|in-progress|busy",
    ) {
        let row = json!({"status": status, "call_status": call, "errors": [call]});
        prop_assert!(matches!(state_of(&row, at(), at() + STUCK_AFTER), EventState::Ended(_)));
    }
}
