//! Hints, followed as a user would: a real shell reads the command in one, and must read what was meant.

use crate::Output;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Ids and names that run something when a shell reads them unquoted.
pub const HOSTILE: [&str; 9] = [
    "x`; touch PWNED #",
    "apr_1; touch PWNED|sh",
    "$(touch PWNED)",
    "it's \"so\" && touch PWNED",
    "' ; touch PWNED ; '",
    "a  b",
    "*",
    "~root&<x>PWNED",
    "a\\b$HOME!!&",
];

impl Output {
    /// The words behind `command` in the hint (or warning) that names it as `` `command WORDS` ``, or with the path by which
    /// the program was called in front, as a shell reads them. `after` is what stands behind the words. Nothing else must have been run on the way.
    #[track_caller]
    pub fn hinted(&self, command: &str, after: &str) -> Vec<String> {
        let named = |line: &str| {
            let (before, words) = line.split_once(&format!("{command} "))?;
            let (_, path) = before.rsplit_once('`')?;
            (path.is_empty() || path.ends_with('/')).then_some(())?;
            Some(words.rsplit_once(after)?.0.to_owned())
        };
        match self.err().lines().find_map(named) {
            Some(words) => shell_words(&words),
            None => panic!("wanted a hint with `{command} …{after}\n{self}"),
        }
    }
}

/// The words that a shell makes of a piece of a command line, which must not run anything.
#[track_caller]
pub fn shell_words(words: &str) -> Vec<String> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    let dir = std::env::temp_dir().join(format!("hint-{}-{n}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("the temporary folder is writable");
    let script = format!("for word in {words}\ndo printf '%s\\0' \"$word\"; done");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nowhere");
    let out = shell.current_dir(&dir).output().expect("there is a shell");
    let left = std::fs::read_dir(&dir).expect("it was made just now").count();
    std::fs::remove_dir_all(&dir).expect("it is ours");
    assert_eq!(left, 0, "a shell ran something in: {words}");
    assert!(out.status.success(), "a shell cannot read: {words}");
    let read = String::from_utf8(out.stdout).expect("hints are UTF-8");
    read.split_terminator('\0').map(str::to_owned).collect()
}

/// A text of a hostile service: it names the window, clears the screen, colours, reorders, hides and begins a line.
pub const ESCAPES: &str = "\u{1b}]0;PWNED\u{7}\u{1b}[2J\u{1b}[31mred\u{202e}gnits\u{2066}\u{9b}31m\u{200b}z\r\nfake: line";

/// Whether a text could move a cursor or hide something: a control character that is no line end, or an invisible mark.
pub fn is_raw(text: &str) -> bool {
    let hides = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars().any(|c| (c.is_control() && c != '\n') || hides(c))
}
