//! The log: one line per event, in a file only the owner can read, without phone numbers, secrets or people's words.

use std::fmt::{self, Write as _};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use state::clock::Clock;
use state::paths::is_at;
use state::phone::Phone;
use state::{env, invisible, out, sanitize, secret};

/// The log is renamed to `.connect.log.1` when it reaches this length, so two of these is the most it takes.
const ROTATE_AT: u64 = 1 << 20;
/// A line is cut after this many characters: an error can hold a whole web page.
const LONGEST: usize = 1_000;

/// The log of a running client. Any thread may write to it; writing never fails the writer.
#[derive(Debug)]
pub(crate) struct ClientLog {
    service_clock: Clock,
    is_debug: bool,
    /// Whether lines go to stderr as well: in the foreground.
    to_stderr: bool,
    file: Option<Mutex<RotatingFile>>,
}

#[derive(Debug)]
struct RotatingFile {
    path: PathBuf,
    file: Option<File>,
    length: u64,
}

impl ClientLog {
    /// Opens the log at `path`.
    pub(crate) fn open(path: &Path, service_clock: Clock, to_stderr: bool) -> Self {
        let file = RotatingFile { path: path.to_owned(), file: None, length: 0 };
        let is_debug = env::is_debug();
        Self { service_clock, is_debug, to_stderr, file: Some(Mutex::new(file)) }
    }

    /// Writes to stderr only: for `simulate`.
    pub(crate) fn to_stderr(service_clock: Clock) -> Self {
        Self { service_clock, is_debug: env::is_debug(), to_stderr: true, file: None }
    }

    /// Writes one line: what happened, never the words of a request or a reply.
    pub(crate) fn line(&self, text: impl fmt::Display) {
        self.lines([text]);
    }

    /// Writes several lines at once.
    pub(crate) fn lines(&self, texts: impl IntoIterator<Item = impl fmt::Display>) {
        let texts: Vec<String> = texts.into_iter().map(|text| redact(&text.to_string())).collect();
        if self.to_stderr {
            for text in &texts {
                out::progress(text);
            }
        }
        self.write(&texts);
    }

    /// Writes one line to the file only: why the program ends, which stands on stderr as its error.
    pub(crate) fn final_line(&self, text: &str) {
        self.write(&[redact(text)]);
    }

    fn write(&self, texts: &[String]) {
        let Some(file) = self.file.as_ref().filter(|_| !texts.is_empty()) else { return };
        let now = self.service_clock.now();
        let mut lines = String::new();
        for text in texts {
            // A String takes everything.
            let _ = writeln!(lines, "{now:.3} {text}");
        }
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written must not stop a call; `status` shows what matters.
        let _ = file.append(lines.as_bytes());
    }

    /// Writes one line that may hold people's words, with `DEBUG=1` only.
    pub(crate) fn debug(&self, text: impl FnOnce() -> String) {
        if self.is_debug {
            self.line(text());
        }
    }
}

/// A text as it may stand in the log: one line, bounded, without secrets and whole phone numbers.
fn redact(text: &str) -> String {
    let text = invisible::visible(text);
    let text = secret::redact(&text).replace(sanitize::is_break, " ");
    // Cut at last: what stands across the cut could not be recognised.
    let mut text = mask_numbers(&text);
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
    }
    text
}

/// Masks every phone number in a text: `+15551234567` becomes `+1555***67`.
fn mask_numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('+') {
        let digits = rest[start + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let number = &rest[start..=start + digits];
        masked.push_str(&rest[..start]);
        match number.parse::<Phone>() {
            Ok(phone) => masked.push_str(&phone.masked()),
            Err(_) if digits > 6 => masked.push_str("+***"),
            Err(_) => masked.push_str(number),
        }
        rest = &rest[start + 1 + digits..];
    }
    masked.push_str(rest);
    masked
}

impl RotatingFile {
    fn append(&mut self, line: &[u8]) -> std::io::Result<()> {
        // Somebody may have rotated, removed or emptied it.
        match &self.file {
            Some(file) if !is_at(file, &self.path) => self.file = None,
            Some(file) => self.length = file.metadata()?.len(),
            None => {}
        }
        if self.length + line.len() as u64 > ROTATE_AT && self.length > 0 {
            let mut old = self.path.clone().into_os_string();
            old.push(".1");
            fs::rename(&self.path, old)?;
            self.file = None;
        }
        if self.file.is_none() {
            self.file = Some(self.open()?);
        }
        if let Some(file) = &mut self.file {
            file.write_all(line)?;
            self.length += line.len() as u64;
        }
        Ok(())
    }

    fn open(&mut self) -> std::io::Result<File> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
        // An earlier program's log may be there, readable by everybody.
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        self.length = file.metadata()?.len();
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientLog, ROTATE_AT, mask_numbers, redact};
    use state::clock::Clock;
    use state::secret::Secret;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn numbers_are_masked_wherever_they_stand() {
        assert_eq!(
            mask_numbers("to +15551234567, then +442071234567."),
            "to +1555***67, then +4420***67."
        );
        assert_eq!(mask_numbers("1+1 = 2, +49"), "1+1 = 2, +49");
        assert_eq!(mask_numbers("+1234567890123456789"), "+***");
        assert_eq!(mask_numbers("Обед + 会議"), "Обед + 会議");
    }

    #[test]
    fn a_line_holds_no_secret_and_is_one_line() {
        let _ = Secret::new("cc_live_x");
        assert_eq!(redact("key cc_live_x\nnext"), "key *** next");
        assert_eq!(redact("a\u{1b}[2J\u{9b}b\u{202e}c\r\nd\u{2028}e"), "a[2Jbc  d e");
        assert_eq!(redact(&"ж".repeat(5_000)).chars().count(), super::LONGEST);
        let wide = "x".repeat(super::LONGEST - 5);
        assert_eq!(redact(&format!("{wide}cc_live_x")), format!("{wide}***"));
        assert_eq!(redact(&format!("{wide}+15551234567")), format!("{wide}+1555"));
    }

    #[test]
    fn rotates_while_running_and_stays_private() {
        let dir = std::env::temp_dir().join(format!("connect-log-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join(".connect.log");
        let log = ClientLog::open(&path, Clock::system(), false);
        for _ in 0..2_300 {
            log.line("x".repeat(900));
        }
        for file in [&path, &dir.join(".connect.log.1")] {
            let meta = std::fs::metadata(file).unwrap();
            assert!(meta.len() <= ROTATE_AT && meta.len() > 0);
            assert_eq!(meta.permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_dir_all(dir).unwrap();
    }
}
