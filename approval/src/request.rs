//! `approval request`: asks, and waits for the answer.

use serde_json::{Value, json};
use state::api::{Client, Error};
use state::args::{Common, free_text};
use state::config::Config;
use state::exit::{self, Exit, Fault};
use state::out::{self, Printer};
use state::words::for_shell;

use crate::api::{self, NewApproval};
use crate::args::Request;
use crate::biometric::Checks;
use crate::wait;
use state::verdict::{self, Asked, Verdict};

/// The service's own limit is not known; what a phone shows whole is not longer (spec 2).
const LONGEST_ACTION: usize = 500;

/// Asks the owner, and ends with the verdict.
pub(crate) fn run(common: &Common, request: &Request) -> anyhow::Result<Exit> {
    let action = checked(request)?;
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let client = Client::new(&config.service()?, common.request_deadline());
    let new = NewApproval {
        action,
        details: request.details.as_deref().filter(|details| !details.is_empty()),
        biometric: request.biometric,
        expires_in: request.timeout,
    };
    let (id, created) = match &request.biometric.then(|| Checks::of(&config)) {
        Some(checks) => made_with_check(checks, || api::create(&client, &new))?,
        None => api::create(&client, &new)?,
    };
    let asked = Asked { id, action: Some(action.to_owned()), biometric: request.biometric };
    let verdict = verdict::read_created(&created, &asked);
    if request.no_wait && !verdict.is_final() {
        say(printer, &created, &asked, verdict, &asked.id)?;
        out::hint(&format!("`approval wait {}` waits for the decision", for_shell(&asked.id)));
        return Ok(verdict.exit());
    }
    if verdict.is_final() {
        if verdict.exit() == Exit::Nobody {
            out::hint("open the ClawdTalk app on the owner's phone and allow its notifications");
        }
        say(printer, &created, &asked, verdict, verdict.word())?;
        return Ok(verdict.exit());
    }
    out::progress(&format!("Waiting for approval (timeout: {}s)...", request.timeout.as_secs()));
    wait::for_verdict(printer, client, config.clock(), &asked, request.timeout)
}

/// Makes a request that wants a fingerprint or face, of which the skill folder knows before it leaves.
fn made_with_check(
    checks: &Checks,
    create: impl FnOnce() -> Result<(String, Value), Error>,
) -> anyhow::Result<(String, Value)> {
    let key = checks.begin()?;
    let created = create();
    let kept = match &created {
        Ok((id, _)) => checks.made(&key, id),
        // It may have been made: whatever its id is, the check counts.
        Err(err) if err.exit() == Exit::Unknown => Ok(()),
        Err(_) => checks.withdraw(&key),
    };
    if let Err(err) = kept {
        let until = "every answer here is held to a fingerprint or face for a week";
        out::warning(&format!("{}; {until}", exit::told(&err)));
    }
    Ok(created?)
}

fn checked(request: &Request) -> Result<&str, Fault> {
    let [action] = request.action.as_slice() else {
        return Err(Fault::usage(format!("{} actions given, one wanted", request.action.len()))
            .hint(format!(
                "quote it: approval request -- {}",
                for_shell(&request.action.join(" "))
            )));
    };
    // An action that begins with a dash stands behind `--`: before, clap refuses it.
    if let Some(details) = &request.details {
        free_text("the details", details)?;
    }
    if action.trim().is_empty() {
        return Err(Fault::usage("the action is empty")
            .hint("say what is to be approved: approval request \"Delete the repo test-repo\""));
    }
    let length = action.chars().count();
    if length > LONGEST_ACTION {
        return Err(Fault::usage(format!(
            "the action has {length} characters, {LONGEST_ACTION} are allowed"
        ))
        .hint("say in short what is to be done, and the rest with --details"));
    }
    wait::at_least_a_second(request.timeout)?;
    Ok(action)
}

/// Prints what became of a request: the service's object, or in text mode `text`.
///
/// Fails with exit 8 if that cannot be printed of a request that we made: the owner was asked, and is not to be asked
/// again.
pub(crate) fn say(
    printer: Printer,
    answer: &Value,
    asked: &Asked,
    verdict: Verdict,
    text: &str,
) -> anyhow::Result<()> {
    let said = printer.document(&told(answer, asked, verdict), || text.to_owned());
    said.map_err(|err| match asked.action {
        Some(_) => out::unsaid(&err)
            .hint(format!("`approval wait {}` tells what the owner decides", for_shell(&asked.id)))
            .into(),
        None => err,
    })
}

/// Prints that nothing is known of a request, since asking about it came to this error, and gives the error to end with.
pub(crate) fn not_told(printer: Printer, asked: &Asked, err: Error) -> anyhow::Error {
    let unknown = Verdict::Unknown;
    if let Err(unsaid) = say(printer, &Value::Null, asked, unknown, unknown.word()) {
        out::warning(&exit::told(&unsaid));
    }
    anyhow::Error::new(err).context(format!("asking about request `{}`", asked.id))
}

/// The service's object with the status that it comes to, and the action where it does not name it.
fn told(answer: &Value, asked: &Asked, verdict: Verdict) -> Value {
    let mut told = answer.as_object().cloned().unwrap_or_default();
    told.insert("request_id".into(), json!(asked.id));
    told.insert("status".into(), json!(verdict.word()));
    if let Some(action) = &asked.action {
        told.entry("action").or_insert_with(|| json!(action));
    }
    Value::Object(told)
}
