//! Rows of the service, and how the event of each stands or ended.

use super::{Outcome, STUCK_AFTER, Standing, conversation, essence, of};
use crate::lifecycle::look::Seen;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

fn at() -> Timestamp {
    "2027-12-01T15:00:00Z".parse().unwrap()
}

#[track_caller]
fn case(row: &Value, wanted: &Standing) {
    let now = at() + SignedDuration::from_mins(3);
    assert_eq!(of(row, at(), now), *wanted, "{row}");
    assert_eq!(of(&json!({ "event": row }), at(), now), *wanted, "wrapped");
    let essence = essence(row.clone());
    assert_eq!(of(&essence, at(), now), *wanted, "its essence");
    assert_eq!(conversation(&essence), conversation(row));
}

#[track_caller]
fn ends(row: &Value, wanted: Outcome) {
    case(row, &Standing::Ended(wanted));
}

#[test]
fn what_goes_on_is_told_apart() {
    case(&json!({"status": "pending"}), &Standing::Waiting);
    case(&json!({"status": "scheduled", "call_status": null}), &Standing::Waiting);
    case(&json!({}), &Standing::Waiting);
    case(&json!({"status": "in_progress"}), &Standing::Active(Seen::Nothing));
    case(&json!({"status": "dispatching"}), &Standing::Active(Seen::Nothing));
    let call = |call: &str| json!({"status": "in_progress", "call_status": call});
    case(&call("ringing"), &Standing::Active(Seen::Ringing));
    case(&call("in-progress"), &Standing::Active(Seen::Talking));
    case(&call("levitating"), &Standing::Active(Seen::Nothing));
    // The carrier may try again by itself.
    case(&call("busy"), &Standing::Active(Seen::Nothing));
    let odd = json!({"status": "completed", "call_status": "ringing"});
    case(&odd, &Standing::Active(Seen::Ringing));
}

#[test]
fn ends_come_in_two_ways() {
    ends(&json!({"status": "completed", "channel": "sms"}), Outcome::Succeeded);
    for (word, wanted) in [
        ("completed", Outcome::Succeeded),
        ("in-progress", Outcome::Succeeded),
        ("busy", Outcome::Busy),
        ("no-answer", Outcome::NoAnswer),
        ("No_Answer", Outcome::NoAnswer),
        ("canceled", Outcome::Canceled),
        ("cancelled", Outcome::Canceled),
        ("voicemail", Outcome::Voicemail),
        ("rejected", Outcome::Rejected),
        ("not-found", Outcome::Failed("the number was not found".to_owned())),
        ("unanswered", Outcome::NoAnswer),
        ("failed", Outcome::Failed(String::new())),
    ] {
        ends(&json!({"status": "completed", "call_status": word}), wanted.clone());
        if wanted != Outcome::Succeeded {
            ends(&json!({"status": "failed", "call_status": word}), wanted);
        }
    }
    let row = |outcome: &str| json!({"status": "completed", "call_status": "completed", "outcome": outcome});
    ends(&row("voicemail"), Outcome::Voicemail);
    ends(&row("voicemail_failed"), Outcome::NoAnswer);
    ends(&row("fax"), Outcome::Failed("a fax machine answered".to_owned()));
    ends(&row("splendid"), Outcome::Unknown("splendid".to_owned()));
    ends(&json!({"status": "in_progress", "call_status": "completed"}), Outcome::Succeeded);
    ends(&json!({"status": "cancelled"}), Outcome::Canceled);
    ends(&json!({"status": "deleted"}), Outcome::Gone);
}

#[test]
fn a_failure_says_why() {
    let failed = |why: &str| Outcome::Failed(why.to_owned());
    ends(&json!({"status": "failed"}), failed(""));
    ends(&json!({"status": "failed", "call_status": "completed"}), failed(""));
    ends(
        &json!({"status": "failed", "errors": ["40008: undeliverable"]}),
        failed("40008: undeliverable"),
    );
    ends(&json!({"status": "failed", "errors": [{"title": "a", "detail": "b\nc"}]}), failed("b c"));
    ends(&json!({"status": "failed", "error": {"message": "no route"}}), failed("no route"));
    ends(&json!({"status": "failed", "hangup_cause": "call_rejected"}), Outcome::Rejected);
    ends(&json!({"status": "failed", "reason": "no_route"}), failed("no_route"));
}

/// An event that is `completed` may have reached nobody: whichever field says so is believed.
#[test]
fn who_was_not_reached_is_not_counted_as_reached() {
    let gone = || Outcome::Failed("the number was not found".to_owned());
    let row = |more: Value| {
        let mut row = json!({"status": "completed", "call_status": "completed"});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    for (more, wanted) in [
        (json!({"amd_result": "machine"}), Outcome::Voicemail),
        (json!({"amd_result": "Silence"}), Outcome::NoAnswer),
        (json!({"amd_result": "human"}), Outcome::Succeeded),
        (json!({"amd_result": "not_sure"}), Outcome::Succeeded),
        (json!({"hangup_cause": "CALL_REJECTED"}), Outcome::Rejected),
        (json!({"hangup_cause": "not-found"}), gone()),
        (json!({"hangup_cause": "originator_cancel"}), Outcome::Canceled),
        (json!({"hangup_cause": "normal_clearing"}), Outcome::Succeeded),
        (json!({"hangup_cause": "timeout", "amd_result": "human"}), Outcome::NoAnswer),
        (json!({"reason": "user_busy"}), Outcome::Busy),
        (json!({"reason": "declined"}), Outcome::Rejected),
        (json!({"reason": "they had what was needed"}), Outcome::Succeeded),
        (json!({"reason": "aliens"}), Outcome::Unknown("aliens".to_owned())),
        // A text has no such words.
        (json!({"channel": "sms", "reason": "timeout"}), Outcome::Succeeded),
    ] {
        ends(&row(more), wanted);
    }
    // That a person picked up is no end of what goes on.
    let row = json!({"status": "in_progress", "call_status": "in-progress", "amd_result": "human"});
    case(&row, &Standing::Active(Seen::Talking));
}

#[test]
fn what_never_ends_is_stuck_after_a_while() {
    let row = json!({"status": "in_progress", "call_status": "in-progress"});
    let just_before = at() + STUCK_AFTER - SignedDuration::from_secs(1);
    assert_eq!(of(&row, at(), just_before), Standing::Active(Seen::Talking));
    assert_eq!(of(&row, at(), at() + STUCK_AFTER), Standing::Ended(Outcome::Stuck));
    // A failed call whose event never moved again is that failure, a while after its last change.
    let row = json!({"status": "in_progress", "call_status": "busy", "updated_at": "2027-12-01T15:10:00Z"});
    let minutes = |n| at() + SignedDuration::from_mins(n);
    assert_eq!(of(&row, at(), minutes(24)), Standing::Active(Seen::Nothing));
    assert_eq!(of(&row, at(), minutes(25)), Standing::Ended(Outcome::Busy));
}

proptest! {
    #[test]
    fn every_row_ends_in_the_end_and_none_panics(
        status in "\\PC{0,12}|pending|in_progress|completed|failed",
        call in "\\PC{0,12}|ringing|in-progress|busy",
    ) {
        let row = json!({"status": status, "call_status": call, "errors": [call]});
        prop_assert!(matches!(of(&row, at(), at() + STUCK_AFTER), Standing::Ended(_)));
    }
}
