//! A whole example, decided step by step: a text that is delivered ends its mission well, one that fails ends it badly.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::lifecycle::action::{Action, Directive, Effect, MissionDecision};
use crate::lifecycle::applied::AppliedEffects;
use crate::lifecycle::decide;
use crate::lifecycle::facts::{MissionFacts, PlanStep, RunState, StepStatus};
use crate::lifecycle::target::{CallInsights, MissionTarget, OutreachTargetFacts, TargetEvent};
use crate::service::Channel;
use crate::window::WindowOptions;

fn at() -> Timestamp {
    "2027-02-19T18:43:00Z".parse().unwrap()
}

fn steps() -> Vec<PlanStep> {
    use StepStatus::{Completed, InProgress};
    [("setup", Completed), ("sms", Completed), ("verify", InProgress)]
        .map(|(id, status)| PlanStep { id: id.to_owned(), description: format!("Do {id}"), status })
        .to_vec()
}

/// The text, polled with this row three minutes after its time.
fn text(row: &serde_json::Value) -> MissionTarget {
    let to = "+13322200013".parse().unwrap();
    let (window, _) = WindowOptions::default().for_recipient(&to, &jiff::tz::TimeZone::UTC);
    let event = "sev_1".to_owned();
    let mut attempt = TargetEvent {
        id: event,
        at: at(),
        polled_at: None,
        activity: None,
        end: None,
        insights: CallInsights::None,
        maybe_voicemail: false,
        is_first: true,
        seconds: 0,
    };
    attempt.record_poll(Some(row), at() + SignedDuration::from_mins(3));
    MissionTarget {
        id: "sev_1".to_owned(),
        assistant: "ast_1".to_owned(),
        channel: Channel::Sms,
        to: to.to_string(),
        step: Some("sms".to_owned()),
        recipient: None,
        window,
        forbidden: false,
        events: vec![attempt],
        unconfirmed: None,
        reply: None,
        n_withdrawn: 0,
        outreach: OutreachTargetFacts::default(),
    }
}

fn directive(applied: &AppliedEffects, targets: &[MissionTarget]) -> Directive {
    let now = at() + SignedDuration::from_mins(3);
    let steps = steps();
    decide(
        applied,
        MissionFacts {
            now,
            steps: &steps,
            run: RunState::Running,
            targets,
            verify_step: None,
            outreach: None,
        },
    )
}

fn keys(effects: &[Effect]) -> Vec<&str> {
    effects.iter().map(|effect| effect.key.as_str()).collect()
}

#[test]
fn a_text_that_waits_is_waited_for() {
    let found = directive(&AppliedEffects::default(), &[text(&json!({"status": "pending"}))]);
    let until = at() + SignedDuration::from_secs(210);
    assert_eq!(found.decision, MissionDecision::Wait { until });
    // That `verify` ends with it is kept while that is clear.
    assert_eq!(keys(&found.effects), ["verify"]);
}

#[test]
fn a_text_that_was_delivered_completes_the_step_and_the_mission() {
    let found = directive(&AppliedEffects::default(), &[text(&json!({"status": "completed"}))]);
    let summary = "all 3 steps are completed; 1 of 1 text delivered".to_owned();
    assert_eq!(found.decision, MissionDecision::Complete { summary });
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
    assert_eq!(found.effects[3].action, Action::UpdateStep("verify".to_owned(), "completed"));
}

#[test]
fn a_text_that_failed_takes_the_six_steps() {
    let found = directive(
        &AppliedEffects::default(),
        &[text(&json!({"status": "failed", "errors": ["40008"]}))],
    );
    let reason = "the text to +13322200013: failed (40008)".to_owned();
    assert_eq!(found.decision, MissionDecision::Fail { step: "verify".to_owned(), reason });
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
    assert_eq!(memory.action, Action::SaveMemory("error_verify".to_owned(), error));
}

#[test]
fn what_was_carried_out_is_not_decided_again() {
    for status in ["completed", "failed"] {
        let targets = [text(&json!({ "status": status }))];
        let whole = directive(&AppliedEffects::default(), &targets).effects;
        let mut applied = AppliedEffects::default();
        for (n, effect) in whole.iter().enumerate() {
            assert_eq!(directive(&applied, &targets).effects, whole[n..]);
            assert!(applied.apply(effect));
        }
        let rest = directive(&applied, &targets);
        assert!(
            rest.effects.is_empty() && matches!(rest.decision, MissionDecision::Over(_)),
            "{rest:?}"
        );
        assert!(applied.is_finished());
        // It survives the state file.
        let kept = serde_json::to_string(&applied).unwrap();
        assert_eq!(serde_json::from_str::<AppliedEffects>(&kept).unwrap(), applied);
    }
}
