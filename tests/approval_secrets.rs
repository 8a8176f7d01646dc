//! `approval` neither prints nor stores a key that the service echoes.

const APPROVAL: &str = env!("CARGO_BIN_EXE_approval");

#[test]
fn an_echoed_key_is_shown_nowhere() {
    let lines: &[&[&str]] = &[&["request", "x", "--no-wait"], &["status", "a1"], &["list"]];
    assert!(harness::leaks::assert_no_leak(APPROVAL, lines) > 20);
}
