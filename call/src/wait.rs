//! `call wait`: follows a call until it ends.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use state::api::{Client, Error, Path, path};
use state::args::Common;
use state::clock::Clock;
use state::config::Config;
use state::exit::Exit;
use state::interrupt;
use state::out::{self, Printer};
use state::outcome::{self, Outcome, Said};
use state::words::for_shell;

use crate::api;

/// The status of a call changes within seconds.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Follows a call: `call wait ID`.
pub(crate) fn run(common: &Common, id: &str, timeout: Duration) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let client = Client::new(&config.service()?, common.request_deadline());
    follow(printer, client, config.clock(), id, timeout)
}

/// Prints a line for each change of a call until it ends, the time is up or a signal comes. Always says
/// which call, and how to go on.
pub(crate) fn follow(
    printer: Printer,
    client: Client,
    clock: Clock,
    id: &str,
    timeout: Duration,
) -> anyhow::Result<Exit> {
    let until = Instant::now() + clock.wall(timeout);
    let last = Arc::new(Mutex::new(String::from("unknown")));
    let (call, polled) = (path(&["v1", "calls", id])?, Arc::clone(&last));
    let ended = interrupt::unless(move || poll(printer, &client, clock, &call, until, &polled))?;
    if let Some(result) = ended
        && let Some(exit) = result?
    {
        return Ok(exit);
    }
    let status = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let line = json!({ "call_id": id, "status": status });
    printer.line(&line, || status)?;
    out::hint(&format!("the call goes on; `call wait {}` follows it again", for_shell(id)));
    Ok(Exit::Undecided)
}

/// Prints each change of the call; gives the exit code that it ends with, or `None` when the time is up.
fn poll(
    printer: Printer,
    client: &Client,
    clock: Clock,
    call: &Path,
    until: Instant,
    last: &Mutex<String>,
) -> anyhow::Result<Option<Exit>> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match api::status(&client.for_a_look(left), call) {
            Ok(call) => {
                let status = call["status"].as_str().unwrap_or("unknown").to_owned();
                let changed = {
                    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                    std::mem::replace(&mut *last, status.clone()) != status
                };
                if changed {
                    printer.line(&call, || status)?;
                }
                if let Some(outcome) = outcome::of_call(&call) {
                    if let Some(reason) = unreached_reason(&call, &outcome) {
                        out::progress(&reason);
                    }
                    return Ok(Some(exit_code(&outcome)));
                }
            }
            Err(err) if is_temporary(&err) => out::warning(&format!("{err}; trying again")),
            Err(err) => return Err(err.into()),
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        std::thread::sleep(
            clock.period(POLL_INTERVAL).min(until.saturating_duration_since(Instant::now())),
        );
    }
}

fn is_temporary(err: &Error) -> bool {
    err.exit() == Exit::Unavailable
}

/// The exit code for the outcome of a call.
fn exit_code(outcome: &Outcome) -> Exit {
    if *outcome == Outcome::Answered { Exit::Done } else { Exit::No }
}

/// Why nobody was reached, where the call's status does not say so itself.
fn unreached_reason(call: &Value, outcome: &Outcome) -> Option<String> {
    let status = call["status"].as_str().unwrap_or_default();
    let is_silent =
        !matches!(outcome::word(status), Said::Ended(outcome) if outcome != Outcome::Answered);
    (*outcome != Outcome::Answered && is_silent)
        .then(|| format!("nobody was reached: {}", outcome.words()))
}

#[cfg(test)]
mod tests {
    use super::{exit_code, unreached_reason};
    use serde_json::{Value, json};
    use state::exit::Exit;
    use state::outcome::of_call;

    #[track_caller]
    fn case(call: &Value, exit: Option<Exit>, has_reason: bool) {
        let outcome = of_call(call);
        assert_eq!(outcome.as_ref().map(exit_code), exit, "{call}");
        let reason = outcome.and_then(|outcome| unreached_reason(call, &outcome));
        assert_eq!(reason.is_some(), has_reason, "{call} {reason:?}");
    }

    #[test]
    fn only_an_answered_call_is_done() {
        case(&json!({"status": "completed"}), Some(Exit::Done), false);
        case(&json!({"status": "ended", "reason": "user_hangup"}), Some(Exit::Done), false);
        case(&json!({"status": "ended", "reason": "no_answer"}), Some(Exit::No), true);
        case(&json!({"status": "completed", "outcome": "voicemail"}), Some(Exit::No), true);
        case(&json!({"status": "completed", "amd_result": "machine"}), Some(Exit::No), true);
        case(&json!({"status": "ended", "reason": "something new"}), Some(Exit::Done), false);
        case(&json!({"status": "ended", "reason": "new"}), Some(Exit::No), true);
        case(&json!({"status": "no-answer"}), Some(Exit::No), false);
        case(&json!({"status": "busy"}), Some(Exit::No), false);
        case(&json!({"status": "ringing"}), None, false);
        case(&json!({"status": "answered"}), None, false);
        case(&json!({"status": "something new"}), None, false);
        case(&json!({}), None, false);
    }
}
