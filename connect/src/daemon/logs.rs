//! `connect logs`: the end of the log, and with `--follow` what is added to it, across rotations.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use state::args::Common;
use state::config::Config;
use state::exit::{Exit, Fault};
use state::{out, paths};

use crate::args::LogsArgs;

/// The pause between two reads of the file.
const POLL: Duration = Duration::from_millis(200);

/// Runs the command. `--follow` ends with the reader or a signal.
pub(crate) fn run(common: &Common, args: &LogsArgs) -> anyhow::Result<Exit> {
    let config = Config::load(common)?;
    let path = paths::connect_log(config.skill_dir());
    let mut file = match File::open(&path) {
        Err(err) if err.kind() == ErrorKind::NotFound => {
            let text = format!("no log yet in `{}`", path.display());
            return Err(Fault::new(Exit::No, text).hint("run `connect start`").into());
        }
        other => other.with_context(|| format!("opening `{}`", path.display()))?,
    };
    let text = read(&mut file, &path)?;
    if !print(last_lines(&text, args.lines))? || !args.follow {
        return Ok(Exit::Done);
    }
    loop {
        thread::sleep(POLL);
        if !print(&read(&mut file, &path)?)? {
            return Ok(Exit::Done);
        }
        file = rotated(file, &path)?;
    }
}

fn read(file: &mut File, path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.read_to_end(&mut text).with_context(|| format!("reading `{}`", path.display()))?;
    Ok(text)
}

/// The file that has the name now, if the one that is open was renamed away; it is read from its start.
fn rotated(file: File, path: &Path) -> anyhow::Result<File> {
    let Ok(newer) = File::open(path) else { return Ok(file) };
    let same = file.metadata()?.ino() == newer.metadata()?.ino();
    if !same {
        return Ok(newer);
    }
    let mut file = file;
    // Cut short by hand: go on from its end.
    if file.metadata()?.len() < file.stream_position()? {
        file.seek(SeekFrom::End(0))?;
    }
    Ok(file)
}

fn last_lines(text: &[u8], n: usize) -> &[u8] {
    let ends = text.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    // The newline before the first line wanted; the last line has one of its own.
    let start = ends.map(|(place, _)| place + 1).nth(n).unwrap_or_default();
    if n == 0 { &[] } else { &text[start..] }
}

/// Prints, and gives whether anybody still reads.
fn print(text: &[u8]) -> anyhow::Result<bool> {
    if !text.is_empty() {
        out::print_text(String::from_utf8_lossy(text).into_owned())?;
    }
    Ok(!out::is_stdout_closed())
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn the_last_lines() {
        assert_eq!(last_lines(b"a\nb\nc\n", 2), b"b\nc\n");
        assert_eq!(last_lines(b"a\nb\n", 9), b"a\nb\n");
        assert_eq!(last_lines(b"a\n", 0), b"");
        assert_eq!(last_lines(b"", 3), b"");
    }
}
