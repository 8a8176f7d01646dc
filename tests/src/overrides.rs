//! What a test puts in place of a simulated server's own behaviour: scripted responses, and faults on request or by chance.

use crate::faults::RequestFault;
use crate::recording::{RecordedRequest, fits, matches};
use crate::rng::Rng;
use crate::wire::http::{Delivery, ServerRequest, ServerResponse};
use crate::wire::stop::StopSignal;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Makes the response to a request: status and JSON body.
pub(crate) type Script = Arc<dyn Fn(&RecordedRequest) -> (u16, Value) + Send + Sync>;

/// The same response to every request.
pub(crate) fn always(status: u16, body: Value) -> Script {
    Arc::new(move |_| (status, body.clone()))
}

/// Runs a script; outside the lock of the overrides, since a script may wait for something.
fn play(script: &Script, request: &ServerRequest) -> ServerResponse {
    let (status, body) = script(&RecordedRequest::new(request));
    if status == 204 { ServerResponse::nothing() } else { ServerResponse::json(status, &body) }
}

/// What reaches the client, with the fault that its request met; without a script `own` carries it out. `None` at the end
/// of the server.
pub(crate) fn deliver(
    overrides: &Mutex<Overrides>,
    stop: &StopSignal,
    request: &ServerRequest,
    fault: Option<RequestFault>,
    error: fn(u16) -> ServerResponse,
    own: impl FnOnce() -> Option<Delivery>,
) -> Option<Delivery> {
    if fault == Some(RequestFault::Hang) {
        stop.pause(Duration::from_secs(3600));
        return None;
    }
    if let Some(instead) = fault.as_ref().and_then(|fault| fault.instead(error)) {
        return Some(instead);
    }
    let mut held = overrides.lock().unwrap_or_else(PoisonError::into_inner);
    let scripted = held.scripted(&request.method, &request.path());
    drop(held);
    let delivery = match scripted {
        Some(script) => Delivery::Whole(play(&script, request)),
        None => own()?,
    };
    Some(match (fault, delivery) {
        (Some(RequestFault::Lost), _) => Delivery::Cut,
        (Some(RequestFault::Response(replacement)), _) => replacement.delivery(),
        (Some(RequestFault::Torn), Delivery::Whole(response)) => Delivery::Torn(response),
        (Some(RequestFault::Slow(time)), delivery) if stop.pause(time) => delivery,
        (Some(RequestFault::Slow(_)), _) => return None,
        (_, delivery) => delivery,
    })
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

/// Lets `percent` of the requests of one method and pattern go wrong.
struct RandomFault {
    method: String,
    pattern: String,
    percent: u8,
    rng: Rng,
    draw: fn(&mut Rng) -> RequestFault,
}

/// The overrides in force.
#[derive(Default)]
pub(crate) struct Overrides {
    scripts: Vec<Override<Script>>,
    faults: Vec<Override<RequestFault>>,
    random: Vec<RandomFault>,
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

    /// Lets `percent` of the requests `at` a method and pattern go wrong from now on, as `draw` says; the seed decides which.
    pub(crate) fn by_chance(
        &mut self,
        at: (&str, &str),
        percent: u8,
        seed: u64,
        draw: fn(&mut Rng) -> RequestFault,
    ) {
        let (method, pattern) = (at.0.to_owned(), at.1.to_owned());
        self.random.push(RandomFault { method, pattern, percent, rng: Rng::new(seed), draw });
    }

    /// Ends all faults; scripts stay.
    pub(crate) fn heal(&mut self) {
        self.faults.clear();
        self.random.clear();
    }

    /// The script for this request, if there is one.
    fn scripted(&mut self, method: &str, path: &str) -> Option<Script> {
        Override::take(&mut self.scripts, method, path)
    }

    /// The fault that this request meets, if any.
    pub(crate) fn fault(&mut self, method: &str, path: &str) -> Option<RequestFault> {
        if let Some(fault) = Override::take(&mut self.faults, method, path) {
            return Some(fault);
        }
        let fitting = self
            .random
            .iter_mut()
            .filter(|one| fits(&one.method, method) && matches(&one.pattern, path).is_some());
        let mut met =
            fitting.filter_map(|one| one.rng.chance(one.percent).then(|| (one.draw)(&mut one.rng)));
        met.next()
    }
}
