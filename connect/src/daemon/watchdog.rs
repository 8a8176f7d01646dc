//! `connect watchdog`, for cron: starts a client that died, and replaces one that hangs. Else it is silent.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use state::args::Common;
use state::config::Config;
use state::exit::Exit;
use state::{out, paths};

use super::holder::{self, Found};
use super::start::{self, Patience};
use crate::status::{State, Status};

/// A client writes its status at least once a minute; twice that without a word is a client that hangs.
const SILENCE: SignedDuration = SignedDuration::from_secs(120);

/// Runs the command.
pub(crate) fn run(common: &Common) -> anyhow::Result<Exit> {
    let config = Config::load(common)?;
    let skill = config.skill_dir();
    let Some(status) = Status::read(&paths::connect_status(skill))? else {
        // Never started here: that is for the owner to do.
        return Ok(Exit::Done);
    };
    match holder::find(skill) {
        Found::Nobody if must_be_left(&status) => return Ok(Exit::Done),
        Found::Nobody => out::warning("the client had died; starting it"),
        Found::Client(client) if is_silent(&status, Timestamp::now()) => {
            out::warning("the client has said nothing for two minutes; restarting it");
            client.end(skill, Duration::from_secs(13))?;
        }
        Found::Client(_) | Found::Unproved => return Ok(Exit::Done),
    }
    start::start(common, &config, Patience::GoOnTrying)
}

/// Starting again would help nobody: the key is refused, another client took over, or the owner stopped it.
fn must_be_left(status: &Status) -> bool {
    match status.state {
        State::Refused | State::Replaced => true,
        State::Stopped => status.by_command,
        State::Connecting | State::Connected | State::Waiting => false,
    }
}

fn is_silent(status: &Status, now: Timestamp) -> bool {
    // A time in the future is a clock that was set back: the next word will put it right.
    now.duration_since(status.heartbeat) > SILENCE
}

#[cfg(test)]
mod tests {
    use super::{is_silent, must_be_left};
    use crate::status::{State, Status};
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn what_ended_on_purpose_is_left_alone() {
        let status = |state, by_command| Status { state, by_command, ..Status::default() };
        for (state, by_command, left) in [
            (State::Refused, false, true),
            (State::Replaced, false, true),
            (State::Stopped, true, true),
            (State::Stopped, false, false),
            (State::Connected, false, false),
            (State::Waiting, false, false),
            (State::Connecting, false, false),
        ] {
            assert_eq!(must_be_left(&status(state, by_command)), left, "{state:?} {by_command}");
        }
    }

    #[test]
    fn two_minutes_without_a_word_is_silence() {
        let now = Timestamp::now();
        let heard =
            |ago| Status { heartbeat: now - SignedDuration::from_secs(ago), ..Status::default() };
        assert!(!is_silent(&heard(119), now) && is_silent(&heard(121), now));
        assert!(!is_silent(&heard(-3600), now));
    }
}
