//! What somebody ended stays ended.

#[path = "missions/stage.rs"]
#[expect(dead_code, reason = "other tests need the rest of it")]
mod stage;

use stage::Stage;

#[test]
fn what_failed_or_was_called_off_is_not_completed() {
    for (end, how) in [(&["fail", "m", "No use"][..], "failed"), (&["cancel", "m"], "cancelled")] {
        let stage = Stage::new();
        stage.ok(end);
        let asked = stage.service.seen().len();
        let out = stage.run(&["complete", "m", "All done"]);
        let wanted = format!("mission `m` has ended already: {how}\n");
        out.fails(2).silent().stderr_has(&wanted).stderr_has("missions get-state m");
        assert_eq!(stage.service.seen().len(), asked);
        assert_eq!((stage.run_status(), stage.state()["status"].clone()), (how.into(), how.into()));
    }
}

#[test]
fn completing_again_is_harmless_and_does_not_count_what_was_withdrawn() {
    let stage = Stage::new();
    let id = stage.call("07", &[]);
    let assistant = stage.state()["assistant_id"].clone();
    stage.ok(&["cancel-scheduled-event", assistant.as_str().unwrap_or_default(), &id]);
    for _ in 0..2 {
        stage.run(&["complete", "m", "Done"]).ok().quiet();
        assert_eq!(stage.run_status(), "succeeded");
    }
    stage.run(&["fail", "m", "x"]).fails(2).stderr_has("has ended already: succeeded");
}
