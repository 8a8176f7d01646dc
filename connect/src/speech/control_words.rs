//! OpenClaw's words for "say nothing", which agents also write before and behind what they say.

const CONTROL_WORDS: &[&str] = &["NO_REPLY", "HEARTBEAT_OK", "ANNOUNCE_SKIP", "REPLY_SKIP"];

/// A block without the control words that it begins or ends with. "The word is NO_REPLY." tells of one, and stays.
pub(super) fn removed(words: &str) -> &str {
    if CONTROL_WORDS.iter().any(|control| is_nothing_but(control, words)) {
        return "";
    }
    let start = words.trim_start_matches(|c: char| !c.is_alphanumeric());
    for control in CONTROL_WORDS {
        if let Some(rest) = start.strip_prefix(control).filter(|rest| !rest.starts_with('_')) {
            return removed(rest.trim_start_matches(|c: char| " \n.,:;!-".contains(c)));
        }
        let end = words.trim_end_matches(|c: char| !c.is_alphanumeric());
        if let Some(before) = end.strip_suffix(control).filter(|before| ends_what_is_said(before)) {
            return removed(before.trim_end());
        }
    }
    words
}

/// Whether a control word behind `before` is none of its sentence: it is glued to it, or the sentence is over.
fn ends_what_is_said(before: &str) -> bool {
    let last = before.trim_end().chars().next_back();
    let is_glued = !before.ends_with(' ');
    !last.is_some_and(|c| "_-\"'“‘`(/".contains(c))
        && (is_glued || !last.is_some_and(char::is_alphanumeric))
}

fn is_nothing_but(control: &str, words: &str) -> bool {
    let word = words.trim_matches(|c: char| !c.is_alphanumeric());
    // Without its underscore it counts only in capitals: "No reply." is an answer.
    let between = || {
        let (first, last) = control.split_once('_')?;
        word.strip_prefix(first)?.strip_suffix(last)
    };
    word.eq_ignore_ascii_case(control) || matches!(between(), Some("" | " "))
}
