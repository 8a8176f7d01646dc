//! A part of the torture as data.

use super::client::{Living, Way};
use super::harm::Conditions;
use super::plan::Plan;
use super::stage::Stage;
use super::tally::Tally;

/// One thing after the other, each with a number of its own, so that its effects can be found.
pub(super) type Round = fn(&mut Stage, usize);

/// What is tortured, how, and what is counted.
pub(super) struct Part {
    /// Its name on the command line and in the summary.
    pub(super) name: &'static str,
    /// What it does, for the help.
    pub(super) about: &'static str,
    /// What is run.
    pub(super) body: Body,
}

impl Part {
    /// Whether it runs when no part is named: a long life takes all the time that it is given.
    pub(super) fn is_usual(&self) -> bool {
        !matches!(self.body, Body::Client(Living { way: Way::Grows, .. }))
    }
}

/// What a part runs.
pub(super) enum Body {
    /// Rounds of commands.
    Commands(Commands),
    /// A client that lives beside a service, a gateway and callers.
    Client(Living),
    /// A client with requests one by one, whose deeds a gate holds.
    Line(fn(Plan) -> Tally),
}

/// Rounds of commands: what is run, and what is done to each command. Numbers say how often.
pub(super) struct Commands {
    pub(super) rounds: &'static [(u64, Round)],
    /// Rounds that come once, before all others.
    pub(super) first: &'static [Round],
    pub(super) conditions: Conditions,
    /// What of the tally ends it, and how much of that stands for one kill that is wanted.
    pub(super) until: (&'static str, u64),
    /// Rounds on one stage: the service's record grows with each, and so would the time that one takes.
    pub(super) batch: usize,
    /// Stages at once.
    pub(super) lanes: usize,
    /// Whether every command runs on a disk that fails, in place of the harms.
    pub(super) is_on_bad_disk: bool,
}

impl Commands {
    /// One stage after the other, on healthy disks.
    pub(super) const USUAL: Self = Self {
        rounds: &[],
        first: &[],
        conditions: Conditions { harms: &[], answers: &[], periods: 10 },
        until: ("kills", 1),
        batch: 25,
        lanes: 1,
        is_on_bad_disk: false,
    };
}
