//! Which targets a mission counts as reached: none of whom a field says otherwise, whatever word the event ended with.

#[path = "missions/fixture.rs"]
mod fixture;

use std::time::Duration;

use fixture::Fixture;
use harness::{ServiceTable, event};
use serde_json::{Value, json};

const EVENTS: &str = "/v1/assistants/:id/events";

fn outcomes(report: &Value) -> Vec<(String, String)> {
    let text = |end: &Value, key: &str| end[key].as_str().unwrap_or_default().to_owned();
    let ends = report["ended"].as_array().into_iter().flatten();
    let mut outcomes: Vec<_> =
        ends.map(|end| (text(end, "to")[10..].to_owned(), text(end, "outcome"))).collect();
    outcomes.sort();
    outcomes
}

#[test]
fn a_call_that_ended_has_not_reached_anybody_by_that() {
    let fixture = Fixture::new();
    let wanted = [
        ("91", "rejected"),
        ("92", "failed (the number was not found)"),
        ("93", "voicemail"),
        ("94", "no answer"),
        ("95", "failed (a fax machine answered)"),
        ("96", "no answer"),
    ];
    for (end, _) in wanted {
        fixture.call(end, &[]);
    }
    let report = fixture.tick_after(12);
    let wanted = wanted.map(|(end, outcome)| (end.to_owned(), outcome.to_owned()));
    assert_eq!(outcomes(&report), wanted, "{report:#}");
    assert_eq!(
        (fixture.step_status("calls"), fixture.run_status()),
        (json!("failed"), json!("failed"))
    );
    let reason = fixture.state()["memory"]["result"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("none of 6 calls answered: "), "{reason}");
}

/// A model's guess about a conversation is recorded, and changes neither the outcome of the call nor the retries.
#[test]
fn insights_that_mention_a_voicemail_are_no_answer_and_no_reason_for_a_retry() {
    let fixture = Fixture::new();
    let id = fixture.call("03", &["--recipient", "automated"]);
    fixture.call("07", &["--recipient", "automated"]);
    // Between the end of the calls and their insights the step is over, and its summary is not written yet.
    let insights = "/v1/missions/conversations/:c/insights";
    for _ in 0..2 {
        fixture.service.once("GET", insights, 200, json!({"data": []}));
    }
    let report = fixture.tick_after(8);
    assert_eq!((&report["retries"], &report["decision"]), (&json!([]), &json!("wait")));
    assert_eq!(fixture.step_status("calls"), "completed");
    assert!(!fixture.log().iter().any(|line| line.contains("answered")), "{:?}", fixture.log());
    assert_eq!(fixture.tick_after(1)["settled"], true);
    let state = fixture.state();
    assert_eq!(state["events"][&id]["maybe_voicemail"], true);
    assert_eq!(state["events"][&id]["end"]["outcome"], "succeeded");
    let others = state["events"].as_object().unwrap().values();
    assert_eq!(others.filter(|event| event.get("maybe_voicemail").is_some()).count(), 1);
    let summary = "1 of 2 calls answered, 1 perhaps by a voicemail";
    assert_eq!(state["memory"]["step_calls"]["summary"], summary);
    assert!(
        fixture.notified().iter().any(|notified| notified.contains(summary)),
        "{:?}",
        fixture.notified()
    );
    assert!(fixture.log().iter().any(|line| line.contains(summary)), "{:?}", fixture.log());
    let runs = fixture.service.rows(ServiceTable::Runs);
    let run = runs.iter().find(|run| run["run_id"] == state["run_id"]).unwrap();
    let payload = &run["result_payload"];
    assert_eq!((&payload["reached"], &run["status"]), (&json!(1), &json!("succeeded")));
    let maybe = |end: &&Value| end["maybe_voicemail"] == true;
    assert_eq!(payload["ends"].as_array().unwrap().iter().filter(maybe).count(), 1);
    assert_eq!(fixture.service.dialled().len(), 2);
}

/// A pushed event may say what the service's row does not, and may come before the row has ended.
#[test]
fn a_pushed_event_is_believed_where_the_row_does_not_say_who_was_reached() {
    let fixture = Fixture::new();
    fixture.call("07", &[]);
    fixture.service.advance(Duration::from_secs(5 * 60 + 20));
    let mission = fixture.state()["mission_id"].as_str().unwrap().to_owned();
    let to = format!("{}07", fixture::TO);
    let push = |what: &str, more: Value| {
        let mut frame = event::mission(what, &mission, Some("calls"), &more);
        frame["to"] = json!(to);
        let at = fixture.service.clock().now().to_string();
        let line = json!({"at": at, "event": frame["event"], "frame": frame});
        fixture.sandbox.write("skill/.mission_events.jsonl", &format!("{line}\n"));
    };
    push("call_failed", json!({"reason": "No_Answer"}));
    let report = fixture.tick();
    assert_eq!((&report["looked"], &report["ended"]), (&json!(1), &json!([])), "{report:#}");
    // What was pushed is stored until the row shows the end; a word that is not known is not taken over.
    push("call_completed", json!({"reason": "abducted"}));
    let mut row = fixture.row(ServiceTable::Scheduled, 0);
    row["status"] = "completed".into();
    row["call_status"] = "completed".into();
    fixture.service.once("GET", EVENTS, 200, json!({"events": [row]}));
    let report = fixture.tick_after(3);
    assert_eq!(outcomes(&report), [("07".to_owned(), "no answer".to_owned())], "{report:#}");
    let events = fixture.state()["events"].clone();
    assert!(events.as_object().unwrap().values().all(|event| event.get("heard").is_none()));
}

/// Two calls to one number: what is pushed is about the one that had begun.
#[test]
fn a_pushed_event_is_about_the_call_that_had_begun() {
    let fixture = Fixture::new();
    fixture.call("07", &[]);
    let to = format!("{}07", fixture::TO);
    let line = ["schedule-call", "--mission", "m", &to, "in 2h", "--step", "calls"];
    fixture.ok(&line);
    fixture.service.advance(Duration::from_secs(8 * 60));
    let mission = fixture.state()["mission_id"].as_str().unwrap().to_owned();
    let frame = event::mission("call_failed", &mission, None, &json!({"to": to, "reason": "busy"}));
    let at = fixture.service.clock().now().to_string();
    let line = json!({"at": at, "event": frame["event"], "frame": frame});
    fixture.sandbox.write("skill/.mission_events.jsonl", &format!("{line}\n"));
    let report = fixture.tick();
    assert_eq!(outcomes(&report), [("07".to_owned(), "busy".to_owned())], "{report:#}");
    let report = fixture.tick_after(2 * 60);
    assert_eq!(outcomes(&report), [("07".to_owned(), "succeeded".to_owned())], "{report:#}");
}
