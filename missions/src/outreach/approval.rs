//! The owner's approval of a plan, by the program `approval` beside this one: a document may have asked for it all, and so
//! may a mistake.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde_json::Value;
use state::config::Config;
use state::exit::{Exit, Fault};

use crate::context::CommandContext;

/// Over so many targets the owner is asked.
const ASK_OVER: u64 = 10;

/// How long one command waits for the decision, in seconds.
const WAIT: &str = "120";

/// What the owner said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OwnerDecision {
    /// Yes.
    Approved,
    /// No.
    Denied,
    /// Nothing yet; the request is open.
    Open,
    /// Nothing, and the request is over: another may be made.
    Expired,
    /// Nobody could be asked.
    NoDevice,
}

/// Over how many targets the owner is asked: `outreach.approve_over`. Fails (exit 3) if that is no whole number.
pub(crate) fn threshold(config: &Config) -> anyhow::Result<usize> {
    let section = config.section("outreach")?;
    let number = match section.get("approve_over") {
        None | Some(Value::Null) => ASK_OVER,
        Some(value) => value.as_u64().ok_or_else(|| {
            Fault::not_configured(format!("`outreach.approve_over` is no whole number: {value}"))
                .hint("mend the configuration")
        })?,
    };
    Ok(usize::try_from(number).unwrap_or(usize::MAX))
}

/// Makes a request. Returns its id, or that nobody could be asked.
pub(crate) fn request(
    context: &CommandContext,
    action: &str,
    details: &str,
) -> anyhow::Result<Result<String, OwnerDecision>> {
    let (code, answer) =
        run(context, &["request", action, "--details", details, "--no-wait", "--timeout", "3600"])?;
    match (code, answer["request_id"].as_str()) {
        (Exit::Undecided, Some(id)) => Ok(Ok(id.to_owned())),
        (Exit::NoDevice, _) => Ok(Err(OwnerDecision::NoDevice)),
        (Exit::No, _) => Ok(Err(OwnerDecision::Denied)),
        (code, _) => Err(Fault::new(code, "the owner could not be asked").into()),
    }
}

/// Waits for the decision about a request.
pub(crate) fn wait(context: &CommandContext, id: &str) -> anyhow::Result<OwnerDecision> {
    let (code, answer) = run(context, &["wait", "--timeout", WAIT, "--", id])?;
    Ok(match code {
        // It alone means yes, and only about this very request.
        Exit::Done if answer["request_id"] == id => OwnerDecision::Approved,
        Exit::No => OwnerDecision::Denied,
        Exit::NoDevice => OwnerDecision::NoDevice,
        Exit::Undecided if answer["status"] == "expired" => OwnerDecision::Expired,
        Exit::Undecided => OwnerDecision::Open,
        code => return Err(Fault::new(code, "what the owner decided is not known").into()),
    })
}

/// Runs the sibling: its exit code, and the document that it printed.
fn run(context: &CommandContext, args: &[&str]) -> anyhow::Result<(Exit, Value)> {
    let program = program(context)?;
    let mut command = Command::new(&program);
    let skill = context.config.skill_dir();
    command.arg(args[0]).arg("--skill-dir").arg(skill).args(&args[1..]);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("running `{}`", program.display()))?;
    let code = output.status.code().and_then(exit_of).unwrap_or(Exit::Unconfirmed);
    let text = String::from_utf8_lossy(&output.stdout);
    let document = text.lines().last().and_then(|line| serde_json::from_str(line).ok());
    Ok((code, document.unwrap_or_default()))
}

/// The folder's own program, else the one beside this one.
fn program(context: &CommandContext) -> anyhow::Result<PathBuf> {
    let own = context.config.skill_dir().join("bin").join("approval");
    let beside = || Some(std::env::current_exe().ok()?.with_file_name("approval"));
    let found = Some(own).filter(|path| path.is_file());
    let found = found.or_else(|| beside().filter(|path| path.is_file()));
    found.ok_or_else(|| {
        Fault::new(
            Exit::NoDevice,
            "the owner must be asked, and the program `approval` is not here",
        )
        .hint("install the whole skill folder: run `setup`")
        .into()
    })
}

/// The exit code that all programs share.
fn exit_of(code: i32) -> Option<Exit> {
    let all = [
        Exit::Done,
        Exit::No,
        Exit::Usage,
        Exit::NotConfigured,
        Exit::Unavailable,
        Exit::Busy,
        Exit::Undecided,
        Exit::NoDevice,
        Exit::Unconfirmed,
    ];
    all.into_iter().find(|exit| *exit as i32 == code)
}
