//! Waiting for a verdict: asked again every two seconds, whatever the network does, until the time is up.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;
use state::api::{Client, Error, Path, path};
use state::args::Common;
use state::clock::Clock;
use state::config::Config;
use state::exit::{Exit, Fault};
use state::interrupt;
use state::out::{self, Printer};
use state::words::for_shell;

use crate::api;
use crate::biometric::Checks;
use crate::request::{not_told, say};
use state::verdict::{self, Asked, Verdict};

const PAUSE: Duration = Duration::from_secs(2);

/// `approval wait ID`.
pub(crate) fn run(common: &Common, id: &str, timeout: Duration) -> anyhow::Result<Exit> {
    at_least_a_second(timeout)?;
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let client = Client::new(&config.service()?, common.request_deadline());
    let asked =
        Asked { id: id.to_owned(), action: None, biometric: Checks::of(&config).wanted_for(id)? };
    for_verdict(printer, client, config.clock(), &asked, timeout)
}

/// Refuses (exit 2) a time in which nobody can answer; the service counts in whole seconds.
pub(crate) fn at_least_a_second(timeout: Duration) -> Result<(), Fault> {
    if timeout < Duration::from_secs(1) {
        return Err(Fault::usage("`--timeout` must be at least 1 second")
            .hint("leave it out for 5 minutes, or give a time such as 2m"));
    }
    Ok(())
}

/// Waits for the verdict, prints it and gives its exit code. A signal ends the wait with exit 6; the id and
/// the command that resumes are always told.
pub(crate) fn for_verdict(
    printer: Printer,
    client: Client,
    clock: Clock,
    asked: &Asked,
    timeout: Duration,
) -> anyhow::Result<Exit> {
    let countdown = Countdown::start(timeout);
    let (approval, question) = (path(&["v1", "approvals", &asked.id])?, asked.clone());
    let ended = interrupt::unless(move || poll(&client, clock, &approval, &question, timeout))?;
    drop(countdown);
    let resume = || out::hint(&format!("`approval wait {}` waits again", for_shell(&asked.id)));
    let Some(ended) = ended else {
        say(printer, &Value::Null, asked, Verdict::Pending, Verdict::Pending.word())?;
        out::error(&format!("interrupted while request `{}` was not decided", asked.id));
        resume();
        return Ok(Exit::Undecided);
    };
    match ended {
        Ok((answer, verdict)) => {
            say(printer, &answer, asked, verdict, verdict.word())?;
            match verdict {
                // Nobody can decide it any more.
                Verdict::Expired => out::hint("ask again with `approval request`"),
                Verdict::Unchecked => tell_unchecked(),
                _ if verdict.exit() == Exit::Undecided => resume(),
                _ => {}
            }
            Ok(verdict.exit())
        }
        Err(err) => Err(not_told(printer, asked, err)),
    }
}

/// Says why an approval is none.
pub(crate) fn tell_unchecked() {
    out::warning("it was approved, but without the fingerprint or face that was asked for");
    out::hint("ask again with `approval request`");
}

/// Asks until a final verdict or the deadline, with one last look at the deadline. Only an answer that
/// cannot get better ends it early: a refused key, or a request that the service does not know.
fn poll(
    client: &Client,
    clock: Clock,
    approval: &Path,
    asked: &Asked,
    timeout: Duration,
) -> Result<(Value, Verdict), Error> {
    let until = Instant::now() + timeout;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let is_last_look = left.is_zero();
        match api::status(&client.for_a_look(left), approval) {
            Ok(answer) => {
                let verdict = verdict::read(&answer, asked);
                if verdict.is_final() {
                    return Ok((answer, verdict));
                }
                if is_last_look {
                    let verdict =
                        if verdict == Verdict::Pending { Verdict::TimedOut } else { verdict };
                    return Ok((answer, verdict));
                }
            }
            Err(err) if err.exit() != Exit::Unavailable => return Err(err),
            Err(err) if is_last_look => {
                out::warning(&format!("{err}"));
                return Ok((Value::Null, Verdict::TimedOut));
            }
            Err(err) => out::warning(&format!("{err}; asking again")),
        }
        let left = until.saturating_duration_since(Instant::now());
        thread::sleep(clock.period(PAUSE).min(left));
    }
}

/// Seconds left, on a terminal only; ends when dropped, its line cleared.
struct Countdown(Option<(mpsc::Sender<()>, JoinHandle<()>)>);

impl Countdown {
    fn start(timeout: Duration) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let (ended, is_ended) = mpsc::channel::<()>();
        let until = Instant::now() + timeout;
        let counting = thread::spawn(move || {
            loop {
                let left = until.saturating_duration_since(Instant::now()).as_secs();
                // A terminal that is gone needs no countdown.
                let _ = write!(io::stderr(), "\rcheck your phone: {left} s left \x1b[K");
                let pause = is_ended.recv_timeout(Duration::from_secs(1));
                if left == 0 || pause != Err(mpsc::RecvTimeoutError::Timeout) {
                    let _ = write!(io::stderr(), "\r\x1b[K");
                    return;
                }
            }
        });
        Self(Some((ended, counting)))
    }
}

impl Drop for Countdown {
    fn drop(&mut self) {
        if let Some((ended, counting)) = self.0.take() {
            drop(ended);
            // It clears its line before anything is written below it. Were it to panic, there is no line to clear.
            let _ = counting.join();
        }
    }
}
