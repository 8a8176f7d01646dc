//! Many programs append to one list at the same time.

use std::collections::BTreeSet;
use std::time::Duration;

use harness::Output;

use crate::torture::stage::Stage;

/// Programs, and how often each appends: at full length, and shortly.
const FULL: (usize, usize) = (64, 100);
const BRIEF: (usize, usize) = (8, 10);

/// What was acknowledged is there once.
pub(in crate::torture) fn crowd(stage: &mut Stage, _: usize) {
    let (writers, each) = if stage.is_full() { FULL } else { BRIEF };
    stage.sandbox.write("skill/.missions_state.json", r#"{"crowd": {}}"#);
    // Busy (5) means that nothing was done and it can be tried again: counted, not lost.
    let script = format!(
        "i=0; while [ $i -lt {each} ]; do \"$0\" -q append-memory crowd l \"$1-$i\" >/dev/null && i=$((i+1)) || {{ \
         c=$?; [ $c -eq 5 ] && echo busy || exit $c; }}; done"
    );
    let program = stage.program("missions");
    let write =
        |n: usize| stage.sandbox.spawn("/bin/sh", ["-c", &script, &program, &n.to_string()]);
    let crowd: Vec<_> = (0..writers).map(write).collect();
    let ends: Vec<Output> =
        crowd.into_iter().map(|writer| writer.finish(Duration::from_secs(600))).collect();
    for end in ends {
        stage.tally.add_up("busy", end.out().lines().count() as u64);
        if end.code() != 0 {
            stage.tally.fault(format!("a writer broke off: {end}"));
        }
    }
    stage.tally.add_up("acknowledged", (writers * each) as u64);
    let stored = stage.state();
    let list = stored["crowd"]["memory"]["l"].as_array().cloned().unwrap_or_default();
    let items: BTreeSet<&str> = list.iter().filter_map(serde_json::Value::as_str).collect();
    if items.len() < writers * each {
        stage.tally.lose(&format!("{} appends of the crowd", writers * each - items.len()));
    }
    if items.len() < list.len() {
        stage.tally.double(&format!("{} appends of the crowd", list.len() - items.len()));
    }
}
