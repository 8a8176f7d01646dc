//! What came of a part: how often what happened, and a line for everything that must not be.

use std::collections::BTreeMap;
use std::time::Duration;

use harness::Rng;
use serde_json::{Map, Value, json};

/// What must not be, and is counted. A deed without a decision "approved" in the service's book is unapproved.
pub(super) const KINDS: [&str; 4] = ["lost", "doubled", "unapproved", "unreadable"];

/// What the clock of a machine may show: the right time, an hour more, an hour less.
const CLOCKS: [&str; 3] = ["", "+1h", "-1h"];

/// The counts of a part, or of a piece of it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<&'static str, u64>,
    /// How often each command was killed, or met the bad disk.
    by_command: BTreeMap<String, u64>,
    faults: Vec<String>,
    /// What the machine's clock shows now.
    clock: &'static str,
}

impl Tally {
    /// One more of these.
    pub(super) fn count(&mut self, what: &'static str) {
        self.add_up(what, 1);
    }

    /// The clock of the next program's machine, which may have been set meanwhile.
    pub(super) fn clock(&mut self, rng: &mut Rng) -> &'static str {
        let clock = CLOCKS[rng.index(CLOCKS.len())];
        self.add_up("jumps", (clock != self.clock).into());
        self.clock = clock;
        clock
    }

    /// So many more of these.
    pub(super) fn add_up(&mut self, what: &'static str, n: u64) {
        *self.counts.entry(what).or_default() += n;
    }

    /// How many of these there are.
    pub(super) fn get(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }

    /// One more harm that this command met.
    pub(super) fn count_command(&mut self, command: &str) {
        *self.by_command.entry(command.to_owned()).or_default() += 1;
    }

    pub(super) fn lose(&mut self, what: &str) {
        self.wrong("lost", what);
    }

    pub(super) fn double(&mut self, what: &str) {
        self.wrong("doubled", what);
    }

    pub(super) fn unapproved(&mut self, what: &str) {
        self.wrong("unapproved", what);
    }

    pub(super) fn unreadable(&mut self, what: &str) {
        self.wrong("unreadable", what);
    }

    fn wrong(&mut self, kind: &'static str, what: &str) {
        self.count(kind);
        self.fault(format!("{kind}: {what}"));
    }

    /// Something else that must not be.
    pub(super) fn fault(&mut self, what: String) {
        self.faults.push(what);
    }

    /// All but what of this kind was noted.
    pub(super) fn without(mut self, kind: &str) -> Self {
        self.counts.remove(kind);
        self.faults.retain(|fault| !fault.starts_with(&format!("{kind}: ")));
        self
    }

    pub(super) fn add(&mut self, other: Self) {
        for (what, n) in other.counts {
            self.add_up(what, n);
        }
        for (command, n) in other.by_command {
            *self.by_command.entry(command).or_default() += n;
        }
        self.faults.extend(other.faults);
    }

    pub(super) fn json(self, took: Duration) -> Value {
        let zero = KINDS.iter().map(|kind| ((*kind).to_owned(), json!(0)));
        let counts = self.counts.iter().map(|(what, n)| ((*what).to_owned(), json!(n)));
        let mut summary: Map<String, Value> = zero.chain(counts).collect();
        if !self.by_command.is_empty() {
            summary.insert("by_command".to_owned(), json!(self.by_command));
        }
        summary.insert("seconds".to_owned(), took.as_secs().into());
        summary.insert("faults".to_owned(), json!(self.faults));
        summary.into()
    }
}
