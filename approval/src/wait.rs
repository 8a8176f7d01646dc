//! `approval wait`: polls every two seconds, whatever the network does, until there is a decision or the time is up.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use state::api::{Client, Error, UrlPath, url_path};
use state::args::Common;
use state::clock::Clock;
use state::exit::Exit;
use state::out::{self, Printer};
use state::sleep_watch::SleepWatch;
use state::{interrupt, shell};

use crate::api;
use crate::args::require_a_second;
use crate::countdown::Countdown;
use crate::output::{checked, print, print_unknown, warn_unchecked};
use crate::stored_requests::StoredRequests;
use state::approval_status::{self, ApprovalStatus, ExpectedApproval};

const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// `approval wait ID`.
pub(crate) fn run(common: &Common, id: &str, timeout: Duration) -> anyhow::Result<Exit> {
    require_a_second(timeout)?;
    let printer = Printer::new(common);
    let (client, stored, request) = StoredRequests::earlier(common, id)?;
    for_decision(printer, client, &stored, &request, timeout)
}

/// Waits for the decision, prints it and gives its exit code. A signal ends the wait with exit 6; the id and
/// the command that resumes are printed either way.
pub(crate) fn for_decision(
    printer: Printer,
    client: Client,
    stored: &StoredRequests,
    request: &ExpectedApproval,
    timeout: Duration,
) -> anyhow::Result<Exit> {
    let clock = stored.clock();
    let countdown = Countdown::start(timeout);
    let sleep = SleepWatch::new();
    let (approval, polled) = (url_path(&["v1", "approvals", &request.id])?, request.clone());
    let ended = interrupt::run_until_signal(move || {
        let ended = poll(&client, clock, &approval, &polled, timeout);
        // A yes has to come in time, and time passes while the machine sleeps.
        ended.map(|(reply, verdict)| match verdict {
            ApprovalStatus::Denied => (reply, verdict),
            _ if sleep.has_slept() => {
                out::warning("the machine slept meanwhile, so nothing that was decided counts");
                (reply, ApprovalStatus::Expired)
            }
            _ => (reply, verdict),
        })
    })?;
    drop(countdown);
    let hint_resume =
        || out::hint(&format!("`approval wait {}` waits again", shell::quote(&request.id)));
    let Some(ended) = ended else {
        print(
            printer,
            &Value::Null,
            request,
            ApprovalStatus::Pending,
            ApprovalStatus::Pending.as_str(),
        )?;
        out::error(&format!("interrupted while request `{}` was not decided", request.id));
        hint_resume();
        return Ok(Exit::Undecided);
    };
    match ended {
        Ok((reply, verdict)) => {
            let verdict = checked(stored, &request.id, verdict);
            print(printer, &reply, request, verdict, verdict.as_str())?;
            match verdict {
                // Nobody can decide it any more.
                ApprovalStatus::Expired => out::hint("ask again with `approval request`"),
                ApprovalStatus::BiometricMissing => warn_unchecked(),
                _ if verdict.exit() == Exit::Undecided => hint_resume(),
                _ => {}
            }
            Ok(verdict.exit())
        }
        Err(err) => Err(print_unknown(printer, request, err)),
    }
}

/// Polls the service until there is a final decision or the time is up, and one last time then. Only an error that
/// cannot get better ends it early: a refused key, or a request that the service does not know.
fn poll(
    client: &Client,
    clock: Clock,
    approval: &UrlPath,
    request: &ExpectedApproval,
    timeout: Duration,
) -> Result<(Value, ApprovalStatus), Error> {
    let until = Instant::now() + timeout;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let is_last_poll = left.is_zero();
        match api::status(&client.for_poll(left), approval) {
            Ok(reply) => {
                let verdict = approval_status::polled(&reply, request, client.service_time());
                let reply = reply.into_json();
                if verdict.is_final() {
                    return Ok((reply, verdict));
                }
                if is_last_poll {
                    let verdict = if verdict == ApprovalStatus::Pending {
                        ApprovalStatus::TimedOut
                    } else {
                        verdict
                    };
                    return Ok((reply, verdict));
                }
            }
            Err(err) if err.exit() != Exit::Unavailable => return Err(err),
            Err(err) if is_last_poll => {
                out::warning(&format!("{err}"));
                return Ok((Value::Null, ApprovalStatus::TimedOut));
            }
            Err(err) => out::warning(&format!("{err}; trying again")),
        }
        let left = until.saturating_duration_since(Instant::now());
        thread::sleep(clock.scale_period(POLL_INTERVAL).min(left));
    }
}
