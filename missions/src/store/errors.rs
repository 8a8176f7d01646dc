//! The errors of a state file that cannot be used: which file, what is wrong, and where.

use std::path::Path;

use state::exit::Fault;
use state::{paths, shell};

/// How many bytes are shown on each side of the place.
const CONTEXT: usize = 24;

/// The bytes without a byte order mark.
pub(super) fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// A file that is JSON, but no object.
pub(super) fn not_an_object(path: &Path) -> Fault {
    let text = format!("`{}` is JSON, but no object of missions by slug", path.display());
    Fault::usage(text).hint("move the file away, or give another with `--state FILE`")
}

/// A file with bytes that are no UTF-8, such as a disk leaves after a power cut.
pub(super) fn not_text(path: &Path, bytes: &[u8], at: usize) -> Fault {
    let recover_hint = recover_hint(path);
    let (path, n, near) = (path.display(), bytes.len(), near(bytes, at));
    Fault::usage(format!(
        "`{path}` is broken at byte {at} of {n}: it is no text there, near `{near}`"
    ))
    .hint(recover_hint)
}

/// A file that is no JSON.
pub(super) fn not_json(path: &Path, bytes: &[u8], err: &serde_json::Error) -> Fault {
    let recover_hint = recover_hint(path);
    let path = path.display();
    let text = if bytes.is_empty() {
        format!("`{path}` is broken: it is empty (0 bytes)")
    } else {
        let at = offset(bytes, err);
        format!(
            "`{path}` is broken at byte {at} of {}: {err}, near `{}`",
            bytes.len(),
            near(bytes, at)
        )
    };
    Fault::usage(text).hint(recover_hint)
}

/// The command names the file: without that it would recover the one that is usually used.
fn recover_hint(path: &Path) -> String {
    let file = shell::quote(&path.display().to_string());
    format!(
        "nothing was changed; `missions recover --state {file}` saves what can be read and leaves a copy of the broken file beside it"
    )
}

/// A folder where a state file is expected; `usage` is the command line up to the file.
pub(super) fn is_a_folder(path: &Path, usage: &str) -> Fault {
    let file = shell::quote(&paths::missions_state(path).display().to_string());
    Fault::usage(format!("`{}` is a folder, no state file", path.display()))
        .hint(format!("give the file in it, as in `missions {usage} {file}`"))
}

/// The byte at which a parse error is.
pub(super) fn offset(bytes: &[u8], err: &serde_json::Error) -> usize {
    let line_starts = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::len);
    let before: usize = line_starts.take(err.line().saturating_sub(1)).sum();
    (before + err.column()).min(bytes.len())
}

/// The text around a byte, on one line, control characters and broken characters left out.
fn near(bytes: &[u8], at: usize) -> String {
    let part = &bytes[at.saturating_sub(CONTEXT)..(at + CONTEXT).min(bytes.len())];
    let text = String::from_utf8_lossy(part);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control() && !matches!(c, '`' | '\u{fffd}')).collect()
}

#[cfg(test)]
mod tests {
    use super::not_json;
    use std::path::Path;

    #[track_caller]
    fn case(text: &str, wanted: &str) {
        let err = serde_json::from_str::<serde_json::Value>(text).unwrap_err();
        assert_eq!(not_json(Path::new("/s"), text.as_bytes(), &err).to_string(), wanted);
    }

    #[test]
    fn the_place_is_shown() {
        case("", "`/s` is broken: it is empty (0 bytes)");
        case(
            "{\n  \"a\": {\"x\": tru",
            "`/s` is broken at byte 18 of 18: EOF while parsing a value at line 2 column 16, near `{ \"a\": {\"x\": tru`",
        );
    }
}
