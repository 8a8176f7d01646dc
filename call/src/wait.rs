//! `call wait`: follows a call until it ends.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use state::api::{Client, Error, UrlPath, url_path};
use state::args::Common;
use state::call_outcome::{self, CallOutcome, WordMeaning};
use state::clock::Clock;
use state::config::Config;
use state::exit::Exit;
use state::out::{self, Printer};
use state::{interrupt, shell};

use crate::api;

/// The status of a call changes within seconds.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Follows a call: `call wait ID`.
pub(crate) fn run(common: &Common, id: &str, timeout: Duration) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let client = Client::from_config(&config, common.request_deadline())?;
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
    let until = Instant::now() + clock.real_duration(timeout);
    let last = Arc::new(Mutex::new(String::from("unknown")));
    let (call, polled) = (url_path(&["v1", "calls", id])?, Arc::clone(&last));
    let ended =
        interrupt::run_until_signal(move || poll(printer, &client, clock, &call, until, &polled))?;
    if let Some(result) = ended
        && let Some(exit) = result?
    {
        return Ok(exit);
    }
    let status = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let line = json!({ "call_id": id, "status": status });
    printer.print_line(&line, || status)?;
    out::hint(&format!("the call goes on; `call wait {}` follows it again", shell::quote(id)));
    Ok(Exit::Undecided)
}

/// Prints each change of the call; gives the exit code that it ends with, or `None` when the time is up.
fn poll(
    printer: Printer,
    client: &Client,
    clock: Clock,
    call: &UrlPath,
    until: Instant,
    last: &Mutex<String>,
) -> anyhow::Result<Option<Exit>> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match api::status(&client.for_poll(left), call) {
            Ok(call) => {
                let status = call["status"].as_str().unwrap_or("unknown").to_owned();
                let changed = {
                    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                    std::mem::replace(&mut *last, status.clone()) != status
                };
                if changed {
                    printer.print_line(&call, || status)?;
                }
                if let Some(outcome) = call_outcome::from_call(&call) {
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
            clock.scale_period(POLL_INTERVAL).min(until.saturating_duration_since(Instant::now())),
        );
    }
}

fn is_temporary(err: &Error) -> bool {
    err.exit() == Exit::Unavailable
}

/// The exit code for the outcome of a call.
fn exit_code(outcome: &CallOutcome) -> Exit {
    if *outcome == CallOutcome::Answered { Exit::Done } else { Exit::No }
}

/// Why nobody was reached, where the call's status does not say so itself.
fn unreached_reason(call: &Value, outcome: &CallOutcome) -> Option<String> {
    let status = call["status"].as_str().unwrap_or_default();
    let is_silent = !matches!(call_outcome::meaning(status), WordMeaning::Ended(outcome) if outcome != CallOutcome::Answered);
    (*outcome != CallOutcome::Answered && is_silent)
        .then(|| format!("nobody was reached: {}", outcome.describe()))
}

#[cfg(test)]
mod tests {
    use super::{exit_code, unreached_reason};
    use serde_json::{Value, json};
    use state::call_outcome;
    use state::exit::Exit;

    #[track_caller]
    fn case(call: &Value, exit: Option<Exit>, has_reason: bool) {
        let outcome = call_outcome::from_call(call);
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
