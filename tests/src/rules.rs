//! What a test lays over a simulated server: scripted answers, and faults on request or by chance.

use crate::fate::Fate;
use crate::foreign::Foreign;
use crate::log::{Seen, fits, matches};
use crate::wire::http::{Answer, Delivery, Request};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// One way for a request to go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status with the service's own JSON error; nothing is carried out.
    Status(u16),
    /// The same, with `Retry-After` in seconds.
    RetryAfter(u16, u64),
    /// This status with a proxy's HTML page; nothing is carried out.
    Html(u16),
    /// The connection ends before an answer; nothing is carried out.
    Cut,
    /// It is carried out, then the connection ends without an answer.
    Lost,
    /// It is carried out, and the connection ends in the middle of the answer's body.
    Torn,
    /// It is carried out, and the answer comes after this time.
    Slow(Duration),
    /// An answer of somebody on the way, or of a service in trouble.
    Foreign(Foreign),
    /// Nothing is carried out and no answer ever comes; the connection stays open.
    Hang,
}

impl Fault {
    /// The answer that replaces the real one, for faults that come before the effect.
    pub(crate) fn instead(&self, words: fn(u16) -> Answer) -> Option<Delivery> {
        match self {
            Self::Status(status) => Some(Delivery::Whole(words(*status))),
            Self::RetryAfter(status, seconds) => {
                Some(Delivery::Whole(words(*status).with("Retry-After", seconds)))
            }
            Self::Html(status) => Some(Delivery::Whole(Answer::html(*status))),
            Self::Cut => Some(Delivery::Cut),
            Self::Foreign(foreign) => (!foreign.carried_out).then(|| foreign.delivery()),
            Self::Lost | Self::Torn | Self::Slow(_) | Self::Hang => None,
        }
    }
}

/// Makes the answer to a request: status and JSON body.
pub(crate) type Script = Arc<dyn Fn(&Seen) -> (u16, Value) + Send + Sync>;

struct Rule<T> {
    method: String,
    pattern: String,
    left: Option<usize>,
    what: T,
}

impl<T: Clone> Rule<T> {
    /// Uses the newest rule that fits, and drops it after its last use.
    fn take(rules: &mut Vec<Self>, method: &str, path: &str) -> Option<T> {
        let fitting =
            |rule: &Self| fits(&rule.method, method) && matches(&rule.pattern, path).is_some();
        let place = rules.iter().rposition(fitting)?;
        let rule = &mut rules[place];
        let what = rule.what.clone();
        if let Some(left) = &mut rule.left {
            *left -= 1;
            if *left == 0 {
                rules.remove(place);
            }
        }
        Some(what)
    }
}

/// The same answer to every request.
pub(crate) fn always(status: u16, body: Value) -> Script {
    Arc::new(move |_| (status, body.clone()))
}

/// Plays a script; outside the rules' lock, since a script may wait for something.
pub(crate) fn play(script: &Script, request: &Request) -> Answer {
    let (status, body) = script(&Seen::new(request));
    if status == 204 { Answer::nothing() } else { Answer::json(status, &body) }
}

/// The rules in force.
#[derive(Default)]
pub(crate) struct Rules {
    scripted: Vec<Rule<Script>>,
    faults: Vec<Rule<Fault>>,
    chance: Vec<(String, String, u8, Fate)>,
}

impl Rules {
    pub(crate) fn script(&mut self, at: (&str, &str), times: Option<usize>, what: Script) {
        let (method, pattern) = (at.0.to_owned(), at.1.to_owned());
        self.scripted.push(Rule { method, pattern, left: times, what });
    }

    pub(crate) fn fail(&mut self, at: (&str, &str), fault: Fault, times: Option<usize>) {
        if times != Some(0) {
            let (method, pattern) = (at.0.to_owned(), at.1.to_owned());
            self.faults.push(Rule { method, pattern, left: times, what: fault });
        }
    }

    pub(crate) fn lose(&mut self, method: &str, pattern: &str, percent: u8, seed: u64) {
        self.chance.push((method.to_owned(), pattern.to_owned(), percent, Fate::new(seed)));
    }

    pub(crate) fn heal(&mut self) {
        self.faults.clear();
        self.chance.clear();
    }

    pub(crate) fn scripted(&mut self, method: &str, path: &str) -> Option<Script> {
        Rule::take(&mut self.scripted, method, path)
    }

    pub(crate) fn fault(&mut self, method: &str, path: &str) -> Option<Fault> {
        if let Some(fault) = Rule::take(&mut self.faults, method, path) {
            return Some(fault);
        }
        let mut lost = false;
        for (wanted, pattern, percent, fate) in &mut self.chance {
            if fits(wanted, method) && matches(pattern, path).is_some() {
                lost |= fate.strikes(*percent);
            }
        }
        lost.then_some(Fault::Lost)
    }
}
