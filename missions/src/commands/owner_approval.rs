//! Asks the owner's phone for an approval by the program `approval`, which alone judges what counts as one.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use state::exit::{Exit, Fault};
use state::{interrupt, out};

use crate::context::CommandContext;

/// Far more than the verdict has, in bytes.
const LONGEST_VERDICT: u64 = 1 << 20;

/// What `approval` ended with.
#[derive(Debug)]
pub(super) struct OwnerAnswer {
    /// Its exit code.
    pub(super) exit: Exit,
    /// The status that it printed; `unknown` if it printed none.
    pub(super) status: String,
    /// The id of the request, if one was made.
    pub(super) request_id: Option<String>,
}

impl OwnerAnswer {
    /// Whether the owner approved: by the exit code and by the word, which have to agree.
    pub(super) fn is_approved(&self) -> bool {
        self.exit == Exit::Done
    }
}

/// Has the owner decide about an action, and waits for it. What `approval` tells people goes to stderr.
///
/// Fails (exit 3) if the program is not beside this one, and with exit 6 if a signal ends the wait.
pub(super) fn request(
    context: &CommandContext,
    action: &str,
    timeout: Duration,
) -> anyhow::Result<OwnerAnswer> {
    let program = program()?;
    let mut command = Command::new(&program);
    command.args(["request", action, "--timeout", &format!("{}s", timeout.as_secs())]);
    command.arg("--skill-dir").arg(context.config.skill_dir());
    command.args(["--server", &context.config.server()?]);
    command.args(["--deadline", &format!("{}ms", context.deadline().as_millis())]);
    // Its JSON is wanted, whatever this program prints.
    command.env_remove("CLAWDTALK_OUTPUT").stdin(Stdio::null()).stdout(Stdio::piped());
    let starting = || format!("starting `{}`", program.display());
    let mut child = command.spawn().with_context(starting)?;
    let stdout = child.stdout.take().context("reading what `approval` prints")?;
    let read = interrupt::run_until_signal(move || {
        let mut printed = Vec::new();
        stdout.take(LONGEST_VERDICT).read_to_end(&mut printed).map(|_| printed)
    })?;
    let Some(printed) = read else {
        // It may have got the signal as well, and has ended then.
        let _ = child.kill();
        let _ = child.wait();
        return Err(Fault::new(Exit::Undecided, "interrupted; nothing was changed")
            .hint("run the same command again: it asks anew")
            .into());
    };
    let status = child.wait().context("waiting for `approval`")?;
    let printed = printed.context("reading what `approval` prints")?;
    Ok(judged(status.code(), &printed))
}

/// What an exit code and a verdict come to. A yes is one only if both say so.
fn judged(code: Option<i32>, printed: &[u8]) -> OwnerAnswer {
    let verdict: Value = serde_json::from_slice(printed).unwrap_or_default();
    let text = |key: &str| verdict[key].as_str().map(str::to_owned);
    let (status, request_id) = (text("status"), text("request_id"));
    let exit = match code.and_then(Exit::from_code) {
        Some(Exit::Done) if status.as_deref() != Some("approved") || request_id.is_none() => {
            out::warning("`approval` did not print the approval that its exit code says");
            Exit::Undecided
        }
        Some(exit) => exit,
        None => Exit::Undecided,
    };
    OwnerAnswer { exit, status: status.unwrap_or_else(|| "unknown".to_owned()), request_id }
}

/// The program `approval` of this installation.
fn program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("finding this program")?;
    let program = own.with_file_name("approval");
    if program.is_file() {
        return Ok(program);
    }
    let text = format!("nobody was asked: `{}` does not exist", program.display());
    Err(Fault::not_configured(text)
        .hint("install the tools again: `approval` belongs beside `missions`")
        .into())
}

#[cfg(test)]
mod tests {
    use super::judged;
    use state::exit::Exit;

    #[test]
    fn a_yes_is_one_only_if_code_and_word_say_so() {
        let yes = br#"{"request_id":"a","status":"approved"}"#;
        assert!(judged(Some(0), yes).is_approved());
        for (code, printed, wanted) in [
            (Some(0), &b""[..], Exit::Undecided),
            (Some(0), br#"{"request_id":"a","status":"Approved"}"#, Exit::Undecided),
            (Some(0), br#"{"status":"approved"}"#, Exit::Undecided),
            (Some(0), br#"{"request_id":"a","status":"approved"} x"#, Exit::Undecided),
            (Some(1), yes, Exit::No),
            (Some(7), yes, Exit::NoDevice),
            (Some(77), yes, Exit::Undecided),
            (None, yes, Exit::Undecided),
        ] {
            assert_eq!(judged(code, printed).exit, wanted, "{code:?}");
        }
    }
}
