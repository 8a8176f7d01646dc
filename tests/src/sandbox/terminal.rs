//! A terminal for a program that asks questions: what it shows is its stderr, and the test types.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

/// The owner's side of a terminal.
pub struct Keyboard(File);

impl Keyboard {
    /// Opens a terminal and makes it the command's stdin and stderr.
    pub(super) fn plug_into(command: &mut Command) -> Self {
        let owners = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .and_then(|owners| grantpt(&owners).map(|()| owners))
            .and_then(|owners| unlockpt(&owners).map(|()| owners))
            .expect("this system has terminals");
        let keyboard = Self(File::from(owners));
        command.stdin(keyboard.programs_end()).stderr(keyboard.programs_end());
        keyboard
    }

    /// The end that a program reads and writes.
    pub(super) fn programs_end(&self) -> File {
        let name = ptsname(&self.0, Vec::new()).expect("an unlocked terminal has a name");
        let path = Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()));
        let programs = OpenOptions::new().read(true).write(true).open(path);
        programs.expect("the other end can be opened")
    }

    /// What the program writes there.
    pub(super) fn screen(&self) -> File {
        self.0.try_clone().expect("a file can be shared")
    }

    /// Types these keys, `\r` for Enter and `\u{3}` for Ctrl-C.
    pub fn types(&mut self, keys: &str) {
        self.0.write_all(keys.as_bytes()).expect("the terminal is open");
    }

    /// Makes the terminal this many columns wide.
    pub(super) fn resize(&self, columns: u16) {
        let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.0, size).expect("a terminal has a size");
    }

    /// Whether what is typed is shown by the terminal itself, as it is when nobody has changed that.
    pub fn echoes(&self) -> bool {
        let settings = tcgetattr(&self.0).expect("a terminal has settings");
        settings.local_modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }
}
