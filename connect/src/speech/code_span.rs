//! Code spans inside a line: text between runs of backticks of the same length.

/// The inside and the length of the code span that `text` begins with.
pub(super) fn code_span(text: &str) -> Option<(&str, usize)> {
    let rest = text.trim_start_matches('`');
    let length = text.len() - rest.len();
    let mut at = 0;
    while let Some(next) = rest[at..].find(['`', '\n']) {
        at += next;
        if rest[at..].starts_with("\n\n") {
            return None;
        }
        let run = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        if run == length {
            return Some((&rest[..at], at + 2 * length));
        }
        at += run.max(1);
    }
    None
}
