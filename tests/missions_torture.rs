//! `missions` under kill -9 and lost answers, shortly; `cargo xtask torture missions` does it at full length.

use std::time::Duration;

use harness::torture::{Missions, missions};

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_made_twice() {
    let plan = Missions { kills: 40, limit: Duration::from_secs(40), writers: (8, 5), seed: 7 };
    let summary = missions(env!("CARGO_BIN_EXE_missions"), plan);
    let faults = summary["faults"].as_array().map_or(1, Vec::len);
    assert_eq!(faults, 0, "{summary:#}");
    assert!(summary["kills"].as_u64().is_some_and(|kills| kills >= 10), "{summary:#}");
}
