//! `missions` under kill -9 and lost answers, and `cancel` in races, shortly; `cargo xtask torture` does it at full length.

use std::time::Duration;

use harness::torture::{MissionsTorture, RacesTorture, TicksTorture, missions, races, ticks};

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_made_twice() {
    let plan =
        MissionsTorture { kills: 40, limit: Duration::from_secs(40), writers: (8, 5), seed: 7 };
    let summary = missions(env!("CARGO_BIN_EXE_missions"), plan);
    let faults = summary["faults"].as_array().map_or(1, Vec::len);
    assert_eq!(faults, 0, "{summary:#}");
    assert!(summary["kills"].as_u64().is_some_and(|kills| kills >= 10), "{summary:#}");
}

#[test]
fn what_a_cancel_says_cannot_happen_does_not_happen() {
    let plan = RacesTorture { count: 12, limit: Duration::from_secs(40), seed: 11 };
    let summary = races(env!("CARGO_BIN_EXE_missions"), plan);
    assert_eq!(summary["faults"], serde_json::json!([]), "{summary:#}");
    assert!(summary["races"].as_u64().is_some_and(|races| races >= 3), "{summary:#}");
}

#[test]
fn a_mission_ends_whatever_is_killed_on_the_way() {
    let plan = TicksTorture { kills: 25, limit: Duration::from_secs(40), seed: 5 };
    let summary = ticks(env!("CARGO_BIN_EXE_missions"), plan);
    assert_eq!(summary["faults"], serde_json::json!([]), "{summary:#}");
    assert!(summary["kills"].as_u64().is_some_and(|kills| kills >= 5), "{summary:#}");
}
