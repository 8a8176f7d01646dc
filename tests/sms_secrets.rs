//! `sms` neither prints nor stores a key that the service echoes.

const SMS: &str = env!("CARGO_BIN_EXE_sms");

#[test]
fn an_echoed_key_is_shown_nowhere() {
    let lines: &[&[&str]] = &[&["send", "+15551234567", "hi"], &["list"], &["conversations"]];
    assert!(harness::leaks::assert_no_leak(SMS, lines) > 20);
}
