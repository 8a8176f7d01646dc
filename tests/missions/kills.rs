//! `missions outreach` that is killed at any moment, with answers that are lost on the way: nobody is called twice, and
//! nobody is forgotten.

use std::time::Duration;

use crate::place::{Place, business_noon, rows};
use harness::{Output, Rng};
use serde_json::Value;

const TARGETS: usize = 9;

#[test]
fn kills_and_lost_answers_call_nobody_twice_and_forget_nobody() {
    // Each round has a machine of its own, so they need not wait for one another.
    std::thread::scope(|scope| {
        for seed in 0..6 {
            scope.spawn(move || round(seed));
        }
    });
}

fn round(seed: u64) {
    let place = Place::at(business_noon());
    let mut rng = Rng::new(seed);
    place.list(&format!("phone,name\n{}", rows(11..11 + TARGETS)));
    place.service.lose_responses("POST", "/v1/assistants/:id/events", 20, seed);
    let line = [
        "outreach",
        "Plumbers",
        "--ask",
        "Rate?",
        "--as",
        "Ada",
        "--targets",
        "list.csv",
        "--batch",
        "2",
        "--every",
        "1m",
    ];
    for _ in 0..5 {
        place.killed(&line, Duration::from_millis(rng.below(400)));
    }
    for n in 0..40 {
        if n % 3 == 0 {
            place.killed(&["tick"], Duration::from_millis(rng.below(150)));
        }
        let command = if n < 8 { &line[..] } else { &["tick"][..] };
        settle(&place, &place.run(command));
        place.service.advance(Duration::from_secs(if n < 30 { 90 } else { 3600 }));
    }
    let report = place.ok(&["report", "plumbers"]);
    let found = report["rows"].as_array().expect("a report has rows");
    let dialled = place.service.dialled();
    for row in found {
        let calls = dialled.iter().filter(|to| row["to"] == **to).count();
        assert!(calls <= 1, "{seed}: called {calls} times: {row}");
        // That somebody was not called is said, or at least that it is not known.
        assert!(calls == 1 || row["outcome"] != "answered", "{seed}: {row}");
    }
    assert_eq!((found.len(), open(found)), (TARGETS, 0), "{seed}: {report:#}");
    let is_reached = |row: &&Value| row["outcome"] == "answered";
    assert!(found.iter().filter(is_reached).count() > 0, "{seed}: {report:#}");
}

/// What was killed between its intent and its request is never repeated by itself: somebody has to look. Here it was not
/// created: of those requests no answer is lost, and what was created is found.
fn settle(place: &Place, output: &Output) {
    if output.code() == 8 && output.err().contains("missions resolve plumbers") {
        place.ok(&["resolve", "plumbers", "--nothing-happened"]);
    }
}

fn open(rows: &[Value]) -> usize {
    let is_open =
        |row: &&Value| ["planned", "trying", "waiting"].iter().any(|word| row["outcome"] == *word);
    rows.iter().filter(is_open).count()
}
