//! A key that the service echoes is neither printed nor stored by `missions`.

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");

#[test]
fn an_echoed_key_is_printed_nowhere() {
    let lines: &[&[&str]] = &[
        &["check-key"],
        &["list-missions"],
        &["get-mission", "m1"],
        &["init", "N", "I", "R"],
        &["log-event", "m1", "r1", "call", "said", "-"],
    ];
    assert!(harness::leaks::assert_no_leak(MISSIONS, lines) > 20);
}
