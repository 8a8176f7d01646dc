//! The key that the service echoes is nowhere to be seen in what `sms` says and keeps.

const SMS: &str = env!("CARGO_BIN_EXE_sms");

#[test]
fn an_echoed_key_is_told_nowhere() {
    let lines: &[&[&str]] = &[&["send", "+15551234567", "hi"], &["list"], &["conversations"]];
    assert!(harness::leaks::assert_no_leak(SMS, lines) > 20);
}
