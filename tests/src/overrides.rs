//! What a test puts in place of a simulated server's own behaviour: scripted responses, and faults on request or by chance.

use crate::faults::RequestFault;
use crate::recording::{RecordedRequest, fits, matches};
use crate::rng::Rng;
use crate::wire::http::{ServerRequest, ServerResponse};
use serde_json::Value;
use std::sync::Arc;

/// Makes the response to a request: status and JSON body.
pub(crate) type Script = Arc<dyn Fn(&RecordedRequest) -> (u16, Value) + Send + Sync>;

/// The same response to every request.
pub(crate) fn always(status: u16, body: Value) -> Script {
    Arc::new(move |_| (status, body.clone()))
}

/// Runs a script; outside the lock of the overrides, since a script may wait for something.
pub(crate) fn play(script: &Script, request: &ServerRequest) -> ServerResponse {
    let (status, body) = script(&RecordedRequest::new(request));
    if status == 204 { ServerResponse::nothing() } else { ServerResponse::json(status, &body) }
}

/// What happens to the requests of one method and pattern, for so many of them.
struct Override<T> {
    method: String,
    pattern: String,
    left: Option<usize>,
    effect: T,
}

impl<T: Clone> Override<T> {
    /// Uses the newest override that fits, and drops it after its last use.
    fn take(overrides: &mut Vec<Self>, method: &str, path: &str) -> Option<T> {
        let fitting =
            |one: &Self| fits(&one.method, method) && matches(&one.pattern, path).is_some();
        let index = overrides.iter().rposition(fitting)?;
        let newest = &mut overrides[index];
        let effect = newest.effect.clone();
        if let Some(left) = &mut newest.left {
            *left -= 1;
            if *left == 0 {
                overrides.remove(index);
            }
        }
        Some(effect)
    }
}

/// Loses the responses to `percent` of the requests of one method and pattern.
struct RandomLoss {
    method: String,
    pattern: String,
    percent: u8,
    rng: Rng,
}

/// The overrides in force.
#[derive(Default)]
pub(crate) struct Overrides {
    scripts: Vec<Override<Script>>,
    faults: Vec<Override<RequestFault>>,
    losses: Vec<RandomLoss>,
}

impl Overrides {
    /// Responds to the requests `at` a method and pattern by a script, `times` times or from now on.
    pub(crate) fn script(&mut self, at: (&str, &str), times: Option<usize>, effect: Script) {
        let (method, pattern) = (at.0.to_owned(), at.1.to_owned());
        self.scripts.push(Override { method, pattern, left: times, effect });
    }

    /// Lets the requests `at` a method and pattern go wrong, `times` times or from now on.
    pub(crate) fn fail(&mut self, at: (&str, &str), effect: RequestFault, times: Option<usize>) {
        if times != Some(0) {
            let (method, pattern) = (at.0.to_owned(), at.1.to_owned());
            self.faults.push(Override { method, pattern, left: times, effect });
        }
    }

    pub(crate) fn lose(&mut self, method: &str, pattern: &str, percent: u8, seed: u64) {
        let (method, pattern) = (method.to_owned(), pattern.to_owned());
        self.losses.push(RandomLoss { method, pattern, percent, rng: Rng::new(seed) });
    }

    /// Ends all faults; scripts stay.
    pub(crate) fn heal(&mut self) {
        self.faults.clear();
        self.losses.clear();
    }

    /// The script for this request, if there is one.
    pub(crate) fn scripted(&mut self, method: &str, path: &str) -> Option<Script> {
        Override::take(&mut self.scripts, method, path)
    }

    /// The fault that this request meets, if any.
    pub(crate) fn fault(&mut self, method: &str, path: &str) -> Option<RequestFault> {
        if let Some(fault) = Override::take(&mut self.faults, method, path) {
            return Some(fault);
        }
        let mut is_lost = false;
        for loss in &mut self.losses {
            if fits(&loss.method, method) && matches(&loss.pattern, path).is_some() {
                is_lost |= loss.rng.chance(loss.percent);
            }
        }
        is_lost.then_some(RequestFault::Lost)
    }
}
