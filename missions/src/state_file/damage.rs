//! How a broken state file is told: which file, what is wrong, and the place where it is.

use std::path::Path;

use state::exit::Fault;
use state::{paths, words};

/// The bytes of text shown on each side of the place.
const AROUND: usize = 24;

/// The bytes without a byte order mark.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// A file that is JSON and holds no missions.
pub(super) fn not_an_object(path: &Path) -> Fault {
    let text = format!("`{}` is JSON, but no object of missions by slug", path.display());
    Fault::usage(text).hint("move the file away, or give another with `--state FILE`")
}

/// A file with bytes that are no text, such as a disk leaves after a power cut.
pub(super) fn not_text(path: &Path, bytes: &[u8], at: usize) -> Fault {
    let recover = recover(path);
    let (path, n, near) = (path.display(), bytes.len(), near(bytes, at));
    Fault::usage(format!(
        "`{path}` is broken at byte {at} of {n}: it is no text there, near `{near}`"
    ))
    .hint(recover)
}

/// A file that is no JSON.
pub(super) fn told(path: &Path, bytes: &[u8], err: &serde_json::Error) -> Fault {
    let recover = recover(path);
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
    Fault::usage(text).hint(recover)
}

/// Names the file: without that, the one that is usually used would be looked at.
fn recover(path: &Path) -> String {
    let file = words::for_shell(&path.display().to_string());
    format!(
        "nothing was changed; `missions recover --state {file}` saves what can be read and keeps the broken file beside it"
    )
}

/// A folder where a state file is meant.
pub(super) fn a_folder(path: &Path, usage: &str) -> Fault {
    let file = words::for_shell(&paths::missions_state(path).display().to_string());
    Fault::usage(format!("`{}` is a folder, no state file", path.display()))
        .hint(format!("give the file in it, as in `missions {usage} {file}`"))
}

/// The byte that a parse error stands at.
fn offset(bytes: &[u8], err: &serde_json::Error) -> usize {
    let line_starts = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::len);
    let before: usize = line_starts.take(err.line().saturating_sub(1)).sum();
    (before + err.column()).min(bytes.len())
}

/// The text around a byte, on one line, control characters and broken characters left out.
fn near(bytes: &[u8], at: usize) -> String {
    let around = &bytes[at.saturating_sub(AROUND)..(at + AROUND).min(bytes.len())];
    let text = String::from_utf8_lossy(around);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control() && !matches!(c, '`' | '\u{fffd}')).collect()
}

#[cfg(test)]
mod tests {
    use super::told;
    use std::path::Path;

    #[track_caller]
    fn case(text: &str, wanted: &str) {
        let err = serde_json::from_str::<serde_json::Value>(text).unwrap_err();
        assert_eq!(told(Path::new("/s"), text.as_bytes(), &err).to_string(), wanted);
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
