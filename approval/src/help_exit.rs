//! The exit code of a help page: not 0 where a decision is expected, so that `approval request "$ACTION" && do-it` does not
//! go on when the action, out of a variable say, is `-h`.

use std::ffi::OsString;
use std::process::ExitCode;

use state::exit::Exit;

/// The exit code where no command was run: `parsed` comes from the parser of the command line, and is 0 after a help
/// or a version was printed. That stays for what cannot be mistaken for an approval: `--help` alone, and `list`, whose 0
/// is no approval. Everything else is a mistake in the command (exit 2).
pub(crate) fn code(parsed: ExitCode, line: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = line.into_iter().skip(1).collect();
    let is_no_approval = words == ["--help"] || words.first().is_some_and(|first| first == "list");
    if parsed == ExitCode::SUCCESS && !is_no_approval { Exit::Usage.into() } else { parsed }
}

#[cfg(test)]
mod tests {
    use super::code;
    use std::process::ExitCode;

    #[track_caller]
    fn case(line: &str, expected: ExitCode) {
        let line = std::iter::once("approval").chain(line.split_terminator(' ')).map(Into::into);
        assert_eq!(code(ExitCode::SUCCESS, line), expected);
    }

    #[test]
    fn a_help_page_exits_0_only_where_it_cannot_pass_for_an_approval() {
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
    fn another_error_keeps_its_exit_code() {
        for line in ["--help", "list", "request"] {
            let line = ["approval", line].map(Into::into);
            assert_eq!(code(ExitCode::from(3), line), ExitCode::from(3));
        }
    }
}
