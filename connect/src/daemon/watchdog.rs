//! `connect watchdog`, for cron: starts a client that died, and replaces one that hangs. Else it is silent.

use std::fs;

use jiff::SignedDuration;
use state::args::Common;
use state::clock::{Clock, Moment};
use state::config::Config;
use state::exit::{self, Exit};
use state::{out, paths};

use super::running::{self, LockHolder};
use super::start::{self, OnTimeout};
use super::stop::TERM_TIMEOUT;
use crate::status::{ClientState, ClientStatus};

/// A client writes its status at least once a minute; one whose status is older than twice that hangs.
const HANGS_AFTER: SignedDuration = SignedDuration::from_secs(120);

/// Runs the command.
pub(crate) fn run(common: &Common) -> anyhow::Result<Exit> {
    let config = Config::load(common)?;
    let skill = config.skill_dir();
    let status = match ClientStatus::read(&paths::connect_status(skill)) {
        Ok(Some(status)) => status,
        // Never started here: that is for the owner to do.
        Ok(None) => return Ok(Exit::Done),
        // A power cut may leave it empty, and another program may garble it: one that was started here once is to run.
        Err(err) => return without_status(common, &config, &exit::one_line(&err)),
    };
    match running::find(skill) {
        LockHolder::Nobody if must_be_left(&status) => return Ok(Exit::Done),
        LockHolder::Nobody => out::warning("the client had died; starting it"),
        LockHolder::Client(client) if is_hanging(&status, Clock::system().moment()) => {
            out::warning("the client has not written its status for two minutes; restarting it");
            client.end(skill, TERM_TIMEOUT)?;
        }
        LockHolder::Client(_) | LockHolder::Unverified => return Ok(Exit::Done),
    }
    start::start(common, &config, OnTimeout::KeepTrying)
}

/// Starts a client where none runs. One that runs writes its status anew, and if it does not, it hangs.
fn without_status(common: &Common, config: &Config, why: &str) -> anyhow::Result<Exit> {
    let skill = config.skill_dir();
    let written = fs::metadata(paths::connect_status(skill)).and_then(|meta| meta.modified());
    let age = written.ok().and_then(|written| written.elapsed().ok()).unwrap_or_default();
    match running::find(skill) {
        LockHolder::Nobody => out::warning(&format!("{why}; starting the client")),
        LockHolder::Client(client) if age > HANGS_AFTER.unsigned_abs() => {
            out::warning(&format!("{why}, for more than two minutes; restarting the client"));
            client.end(skill, TERM_TIMEOUT)?;
        }
        LockHolder::Client(_) | LockHolder::Unverified => return Ok(Exit::Done),
    }
    start::start(common, config, OnTimeout::KeepTrying)
}

/// Starting again would help nobody: the key is refused, another client took over, or the owner stopped it.
fn must_be_left(status: &ClientStatus) -> bool {
    match status.state {
        ClientState::Refused | ClientState::Replaced => true,
        ClientState::Stopped => status.by_command,
        ClientState::Connecting | ClientState::Connected | ClientState::Waiting => false,
    }
}

fn is_hanging(status: &ClientStatus, now: Moment) -> bool {
    // Where no uptime is known, a time in the future is a clock that was set back: the next write will put it right.
    status.age(now) > HANGS_AFTER
}

#[cfg(test)]
mod tests {
    use super::{is_hanging, must_be_left};
    use crate::status::{ClientState, ClientStatus};
    use jiff::SignedDuration;
    use state::clock::{Clock, Moment};

    #[test]
    fn what_ended_on_purpose_is_left_alone() {
        let status =
            |state, by_command| ClientStatus { state, by_command, ..ClientStatus::default() };
        for (state, by_command, left) in [
            (ClientState::Refused, false, true),
            (ClientState::Replaced, false, true),
            (ClientState::Stopped, true, true),
            (ClientState::Stopped, false, false),
            (ClientState::Connected, false, false),
            (ClientState::Waiting, false, false),
            (ClientState::Connecting, false, false),
        ] {
            assert_eq!(must_be_left(&status(state, by_command)), left, "{state:?} {by_command}");
        }
    }

    #[test]
    fn two_minutes_without_a_write_is_a_hang() {
        let now = Moment { uptime: None, ..Clock::system().moment() };
        let written = |ago| ClientStatus {
            heartbeat: now.at - SignedDuration::from_secs(ago),
            ..ClientStatus::default()
        };
        assert!(!is_hanging(&written(119), now) && is_hanging(&written(121), now));
        assert!(!is_hanging(&written(-3600), now));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_clock_that_is_set_is_no_hang() {
        let now = Clock::system().moment();
        for hour in [SignedDuration::from_hours(1), SignedDuration::from_hours(-1)] {
            let status = ClientStatus {
                heartbeat: now.at - hour,
                up: now.uptime,
                ..ClientStatus::default()
            };
            assert!(!is_hanging(&status, now));
        }
    }
}
