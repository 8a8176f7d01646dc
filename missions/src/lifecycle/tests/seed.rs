//! The seed's complete example, decided step by step, and its six steps of "fail mission now".

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::lifecycle::ledger::Ledger;
use crate::lifecycle::plan::{Act, Decision, Effect, Plan};
use crate::lifecycle::target::{Attempt, Insights, Target};
use crate::lifecycle::tree::{Facts, Run, Step, StepStatus, decide};
use crate::service::Channel;
use crate::window::Wanted;

fn at() -> Timestamp {
    "2027-02-19T18:43:00Z".parse().unwrap()
}

fn steps() -> Vec<Step> {
    use StepStatus::{Completed, InProgress};
    [("setup", Completed), ("sms", Completed), ("verify", InProgress)]
        .map(|(id, status)| Step { id: id.to_owned(), description: format!("Do {id}"), status })
        .to_vec()
}

/// The text, seen as this row three minutes after its time.
fn text(row: &serde_json::Value) -> Target {
    let to = "+13322200013".parse().unwrap();
    let (window, _) = Wanted::default().for_recipient(&to, &jiff::tz::TimeZone::UTC);
    let event = "sev_1".to_owned();
    let mut attempt = Attempt {
        event,
        at: at(),
        looked: None,
        seen: None,
        end: None,
        insights: Insights::None,
        maybe_voicemail: false,
    };
    attempt.see(Some(row), at() + SignedDuration::from_mins(3));
    Target {
        id: "sev_1".to_owned(),
        assistant: "ast_1".to_owned(),
        channel: Channel::Sms,
        to: to.to_string(),
        step: Some("sms".to_owned()),
        recipient: None,
        window,
        forbidden: false,
        attempts: vec![attempt],
        begun: None,
    }
}

fn plan(ledger: &Ledger, targets: &[Target]) -> Plan {
    let now = at() + SignedDuration::from_mins(3);
    let steps = steps();
    decide(ledger, Facts { now, steps: &steps, run: Run::Running, targets, verify_step: None })
}

fn keys(effects: &[Effect]) -> Vec<&str> {
    effects.iter().map(|effect| effect.key.as_str()).collect()
}

#[test]
fn a_text_that_waits_is_waited_for() {
    let found = plan(&Ledger::default(), &[text(&json!({"status": "pending"}))]);
    let until = at() + SignedDuration::from_secs(210);
    assert_eq!(found.decision, Decision::Wait { until });
    // That `verify` ends with it is kept while that is clear.
    assert_eq!(keys(&found.effects), ["verify"]);
}

#[test]
fn a_text_that_was_delivered_completes_the_step_and_the_mission() {
    let found = plan(&Ledger::default(), &[text(&json!({"status": "completed"}))]);
    let summary = "all 3 steps are completed; 1 of 1 text delivered".to_owned();
    assert_eq!(found.decision, Decision::Complete { summary });
    let wanted = [
        "verify",
        "end/sev_1/log",
        "step/verify",
        "step/verify/update",
        "step/verify/log",
        "step/verify/memory",
        "mission/end",
        "mission/run",
        "mission/result",
        "mission/archive",
        "mission/tell",
        "mission/cron",
    ];
    assert_eq!(keys(&found.effects), wanted);
    assert_eq!(found.effects[3].act, Act::UpdateStep("verify".to_owned(), "completed"));
}

#[test]
fn a_text_that_failed_takes_the_six_steps() {
    let found =
        plan(&Ledger::default(), &[text(&json!({"status": "failed", "errors": ["40008"]}))]);
    let reason = "the text to +13322200013: failed (40008)".to_owned();
    assert_eq!(found.decision, Decision::FailMission { step: "verify".to_owned(), reason });
    let six = [
        "step/verify/update",
        "step/verify/log",
        "step/verify/memory",
        "mission/run",
        "mission/result",
        "mission/cron",
    ];
    let order: Vec<_> = keys(&found.effects).into_iter().filter(|key| six.contains(key)).collect();
    assert_eq!(order, six);
    let memory = found.effects.iter().find(|effect| effect.key == "step/verify/memory").unwrap();
    let error = json!({"error": "the text to +13322200013: failed (40008)", "recoverable": false});
    assert_eq!(memory.act, Act::Remember("error_verify".to_owned(), error));
}

#[test]
fn what_was_carried_out_is_not_decided_again() {
    for status in ["completed", "failed"] {
        let targets = [text(&json!({ "status": status }))];
        let whole = plan(&Ledger::default(), &targets).effects;
        let mut ledger = Ledger::default();
        for (n, effect) in whole.iter().enumerate() {
            assert_eq!(plan(&ledger, &targets).effects, whole[n..]);
            assert!(ledger.keep(effect));
        }
        let rest = plan(&ledger, &targets);
        assert!(rest.effects.is_empty() && matches!(rest.decision, Decision::Over(_)), "{rest:?}");
        assert!(ledger.is_settled());
        // It survives the state file.
        let kept = serde_json::to_string(&ledger).unwrap();
        assert_eq!(serde_json::from_str::<Ledger>(&kept).unwrap(), ledger);
    }
}
