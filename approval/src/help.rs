//! Help is no yes: an action that is `-h`, out of a variable say, must not let a shell go on behind `&&`.

use std::ffi::OsString;
use std::process::ExitCode;

use state::exit::Exit;

/// What to leave with where no command was run: `told` comes from the reader of the command line, and is 0 after a help
/// or a version was printed. That stays for what cannot stand in a verdict's place: `--help` alone, and `list`, whose 0
/// is no verdict. Everything else is a mistake in the command (exit 2).
pub(crate) fn code(told: ExitCode, line: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = line.into_iter().skip(1).collect();
    let is_no_verdict = words == ["--help"] || words.first().is_some_and(|first| first == "list");
    if told == ExitCode::SUCCESS && !is_no_verdict { Exit::Usage.into() } else { told }
}

#[cfg(test)]
mod tests {
    use super::code;
    use std::process::ExitCode;

    #[track_caller]
    fn case(line: &str, left: ExitCode) {
        let line = std::iter::once("approval").chain(line.split_terminator(' ')).map(Into::into);
        assert_eq!(code(ExitCode::SUCCESS, line), left);
    }

    #[test]
    fn only_a_page_that_was_asked_for_by_itself_is_done() {
        case("--help", ExitCode::SUCCESS);
        case("list --help", ExitCode::SUCCESS);
        for line in [
            "-h",
            "--help --help",
            "-V",
            "request --help",
            "-q list -h",
            "--server list request -h",
            "",
        ] {
            case(line, ExitCode::from(2));
        }
    }

    #[test]
    fn a_fault_keeps_its_code() {
        for line in ["--help", "list", "request"] {
            let line = ["approval", line].map(Into::into);
            assert_eq!(code(ExitCode::from(3), line), ExitCode::from(3));
        }
    }
}
