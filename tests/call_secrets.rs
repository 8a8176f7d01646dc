//! `call` neither prints nor stores a key that the service echoes.

const CALL: &str = env!("CARGO_BIN_EXE_call");

#[test]
fn an_echoed_key_is_shown_nowhere() {
    let lines: &[&[&str]] = &[&["hello there"], &["status", "c1"], &["end", "c1"]];
    assert!(harness::leaks::assert_no_leak(CALL, lines) > 20);
}
