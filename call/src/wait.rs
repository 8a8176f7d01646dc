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

use crate::api;

/// A call changes within seconds; the service's limits allow this (facts/server.md 4.4 polls as often).
const PAUSE: Duration = Duration::from_secs(2);

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
    let (call, seen) = (path(&["v1", "calls", id])?, Arc::clone(&last));
    let ended = interrupt::unless(move || watch(printer, &client, clock, &call, until, &seen))?;
    if let Some(result) = ended
        && let Some(exit) = result?
    {
        return Ok(exit);
    }
    let status = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let line = json!({ "call_id": id, "status": status });
    printer.line(&line, || status)?;
    out::hint(&format!("the call goes on; `call wait {id}` follows it again"));
    Ok(Exit::Undecided)
}

/// `None` when the time is up.
fn watch(
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
                if let Some(exit) = end_of(&call) {
                    return Ok(Some(exit));
                }
            }
            Err(err) if is_passing(&err) => out::warning(&format!("{err}; trying again")),
            Err(err) => return Err(err.into()),
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        std::thread::sleep(
            clock.period(PAUSE).min(until.saturating_duration_since(Instant::now())),
        );
    }
}

fn is_passing(err: &Error) -> bool {
    err.exit() == Exit::Unavailable
}

/// The words of both the service and Telnyx for a call that nobody took (facts/server.md 5).
const MISSED: [&str; 8] = [
    "busy",
    "no_answer",
    "failed",
    "canceled",
    "cancelled",
    "rejected",
    "user_busy",
    "call_rejected",
];

/// How an ended call ends this program; `None` while it goes on. A word we do not know is no end.
fn end_of(call: &Value) -> Option<Exit> {
    let word =
        |key: &str| call[key].as_str().unwrap_or_default().to_ascii_lowercase().replace('-', "_");
    let missed = |word: &str| MISSED.contains(&word);
    match word("status").as_str() {
        "ended" if missed(&word("reason")) => Some(Exit::No),
        "completed" | "ended" => Some(Exit::Done),
        status if missed(status) => Some(Exit::No),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::end_of;
    use serde_json::json;
    use state::exit::Exit;

    #[test]
    fn ends() {
        for (call, wanted) in [
            (json!({"status": "completed"}), Some(Exit::Done)),
            (json!({"status": "ended", "reason": "user_hangup"}), Some(Exit::Done)),
            (json!({"status": "ended", "reason": "no_answer"}), Some(Exit::No)),
            (json!({"status": "no-answer"}), Some(Exit::No)),
            (json!({"status": "busy"}), Some(Exit::No)),
            (json!({"status": "ringing"}), None),
            (json!({"status": "in-progress"}), None),
            (json!({"status": "something new"}), None),
            (json!({}), None),
        ] {
            assert_eq!(end_of(&call), wanted, "{call}");
        }
    }
}
